# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label doctor's computations, against values worked out by hand or in the plainest way."""

import math

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets.doctor import alignment
from paddleseg.datasets.doctor.alignment import Chance, Fit, judge
from paddleseg.datasets.doctor.duplicates import bits_apart, difference_hash
from paddleseg.datasets.doctor.exhibits import move
from paddleseg.datasets.doctor.label_maps import Classes, Values, propose
from paddleseg.datasets.doctor.raw_labels import count_values, read_raw_label
from paddleseg.datasets.doctor.sequences import mann_whitney, parse_name


def classes(num_classes, palette=None, table=None):
    return Classes(num_classes, 255, palette, np.arange(256, dtype=np.uint8) if table is None else table)


def values(counts, smoothed=False, interior=None):
    pixels, inside = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for value, count in counts.items():
        pixels[value] = count
        inside[value] = count if interior is None else interior[value]
    return Values(pixels, inside, smoothed)


@pytest.mark.parametrize(
    ("found", "num_classes", "label_map"),
    [
        ({0: 50, 255: 9}, 2, {255: 1}),
        ({0: 50, 7: 9}, 2, {7: 1}),
        ({1: 5, 2: 5, 3: 5, 255: 1}, 3, {1: 0, 2: 1, 3: 2}),
        ({0: 3, 1: 5, 2: 5, 3: 5}, 3, {0: 255, 1: 0, 2: 1, 3: 2}),
        ({0: 5, 85: 5, 170: 5, 255: 5}, 4, {85: 1, 170: 2, 255: 3}),
        ({0: 5, 40: 5, 120: 5, 255: 5}, 5, {40: 1, 120: 3}),
        ({0: 90, 38: 5, 75: 5, 113: 9}, 5, {38: 1, 75: 2, 113: 3}),  # the reds and greens of VOC as grey
        ({7: 5, 11: 5, 33: 5}, 3, {7: 0, 11: 1, 33: 2}),
        ({0: 900, 1: 90, 17: 1}, 2, {17: 255}),
    ],
)
def test_values_lead_to_the_map_that_made_them(found, num_classes, label_map):
    proposal = propose(values(found), classes(num_classes))
    changed = {value: target for value, target in proposal.label_map.items() if value in found}
    assert changed == label_map
    table = np.arange(256)
    table[list(proposal.label_map)] = list(proposal.label_map.values())
    assert all(table[value] < num_classes or table[value] == 255 for value in found)


def test_allowed_values_need_no_map():
    assert propose(values({0: 5, 1: 5, 2: 1, 255: 3}), classes(3)) is None


def test_values_that_nothing_explains_are_left_to_the_user():
    assert propose(values({3: 40, 90: 50, 91: 30, 200: 20}), classes(3)) is None


def test_edges_of_a_smoothed_mask_go_to_the_nearer_side():
    found = values({0: 500, 60: 4, 200: 4, 255: 500}, True, {0: 480, 60: 0, 200: 0, 255: 480})
    assert dict(propose(found, classes(2)).label_map) == {60: 0, 200: 1, 255: 1}


def test_a_data_set_that_is_renumbered_gets_a_map_of_what_its_files_hold():
    table = np.arange(256, dtype=np.uint8)
    table[255] = 1
    assert propose(values({0: 5, 255: 5}), classes(2, table=table)) is None


def plain_counts(array):
    """Borders, ramps and monotone ramps by a loop."""
    borders = ramps = monotone = 0
    for rows in (array, array.T):
        for row in rows.tolist():
            borders += sum(a != b for a, b in zip(row, row[1:]))
            for a, b, c in zip(row, row[1:], row[2:]):
                if len({a, b, c}) == 3:
                    ramps += 1
                    monotone += a < b < c or a > b > c
    return borders, ramps, monotone


def test_counts_of_values_are_those_of_a_loop():
    array = np.random.default_rng(0).integers(0, 4, (13, 17)).astype(np.int32)
    counts = count_values(array)
    assert (counts.borders, counts.ramps, counts.monotone) == plain_counts(array)
    assert counts.pixels.tolist() == np.bincount(array.ravel()).tolist()
    inside = sum(
        all(
            array[y, x] == array[v, u]
            for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
            if 0 <= v < 13 and 0 <= u < 17
        )
        for y in range(13)
        for x in range(17)
    )
    assert counts.interior.sum() == inside
    packed = count_values(array + (7 << 16))  # colours go another way
    assert packed.pixels.tolist() == counts.pixels.tolist() and packed.interior.tolist() == counts.interior.tolist()


def test_three_equal_channels_are_class_ids_and_colours_are_colours(tmp_path):
    ids = np.array([[0, 3], [2, 255]], np.uint8)
    Image.fromarray(np.repeat(ids[..., None], 3, axis=2)).save(tmp_path / "grey.png")
    found = read_raw_label(str(tmp_path / "grey.png"))
    assert found.values.tolist() == ids.tolist() and not found.is_coloured
    Image.fromarray(np.array([[[1, 2, 3]]], np.uint8)).save(tmp_path / "colour.png")
    found = read_raw_label(str(tmp_path / "colour.png"))
    assert found.values.tolist() == [[0x010203]] and found.is_coloured
    Image.fromarray(np.repeat(ids[..., None], 3, axis=2)).save(tmp_path / "lossy.jpg")
    assert read_raw_label(str(tmp_path / "lossy.jpg")).is_compressed


def picture_and_label():
    """Discs of several classes, and a noisy picture of them."""
    rng = np.random.default_rng(1)
    label = np.zeros((120, 160), np.uint8)
    for class_id in range(1, 9):
        centre = (int(rng.integers(20, 140)), int(rng.integers(20, 100)))
        cv2.circle(label, centre, int(rng.integers(8, 22)), class_id, -1)
    picture = rng.integers(0, 256, 9)[label] + rng.normal(0, 10, label.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), label.astype(np.int32)


@pytest.mark.parametrize("shift", [(0, 0), (7, -4), (-11, 3)])
@pytest.mark.parametrize("how", [0, 1, 2, 3])
def test_turn_and_shift_of_a_label_are_found(shift, how):
    picture, label = picture_and_label()
    spoilt = alignment.turn(move(label, *shift, 0), how)
    found = alignment.fit(alignment.find_edges(picture, spoilt), alignment.find_edges(picture, spoilt))
    assert found.turn == how and found.best > 10
    assert np.abs(np.subtract(found.shift_xy, shift)).max() <= 1
    assert found.lies_elsewhere == (how != 0 or shift != (0, 0))


def test_labels_without_borders_say_nothing():
    picture, label = picture_and_label()
    assert alignment.find_edges(picture, np.zeros_like(label)) is None


def test_of_so_many_wrong_pairs_one_exceeds_the_limit_with_the_stated_chance():
    chance = Chance(3.0, 0.5, 100)
    for tests in (1, 40, 5000):
        below = math.exp(-math.exp(-(chance.threshold(tests) - chance.location) / chance.width))
        assert below**tests == pytest.approx(1 - alignment.ERROR_RATE, rel=1e-3)


def fits(*pairs):
    return [Fit(own, best, turn, shift, shift) for own, best, turn, shift in pairs]


def test_a_shift_of_most_labels_is_one_of_the_data_set_and_of_few_is_theirs():
    right, off = (12.0, 12.0, 0, (0.0, 0.0)), (2.0, 12.0, 0, (9.0, 1.0))
    verdict = judge(fits(*[off] * 18, *[right] * 2), Chance(3.0, 0.5, 100))
    assert verdict.shared_shift_xy == (9.0, 1.0)
    verdict = judge(fits(*[off] * 2, *[right] * 18), Chance(3.0, 0.5, 100))
    assert verdict.shared_shift_xy is None and verdict.elsewhere == [0, 1]
    weak = (3.1, 3.6, 1, (20.0, 4.0))
    verdict = judge(fits(weak, *[right] * 18), Chance(3.0, 0.5, 100))
    assert verdict.elsewhere == [] and verdict.unclear == [0]


def test_bits_apart_are_those_of_python(monkeypatch):
    rng = np.random.default_rng(2)
    one, other = (rng.integers(0, 2**64, size, dtype=np.uint64) for size in (5, 7))
    plain = [[bin(a ^ b).count("1") for b in other.tolist()] for a in one.tolist()]
    assert bits_apart(one, other).tolist() == plain
    monkeypatch.delattr(np, "bitwise_count", raising=False)  # NumPy 1
    assert bits_apart(one, other).tolist() == plain


def test_the_hash_says_where_a_picture_gets_brighter():
    ramp = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    assert difference_hash(ramp) == 2**64 - 1 and difference_hash(ramp[:, ::-1]) == 0


def test_names_are_a_sequence_and_a_number():
    assert parse_name("a/0016E5_f07959.jpg") == (("0016E5_f", ""), 7959)
    assert parse_name("frame-12_leftImg8bit.png") == (("frame-", "_leftImg8bit"), 12)
    assert parse_name("a/street.jpg")[1] is None


def test_the_rank_test_gives_the_chance_of_two_separate_samples():
    # All 64 pairs are won: (64 - 32 - 0.5) / sqrt(8 * 8 * 17 / 12) = 3.308 standard deviations, 0.00047.
    assert mann_whitney(range(10, 18), range(8)) == pytest.approx(0.00047, abs=1e-5)
    assert mann_whitney(range(8), range(8)) > 0.4
