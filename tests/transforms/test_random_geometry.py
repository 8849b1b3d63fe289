# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Rotation, affine maps and cut-outs: the random draws, against plain numpy and measured on pictures of ramps."""

import math

import numpy as np
import pytest

from paddleseg import transforms as T
from paddleseg.transforms import functional


def run(transform, sample, seed=0):
    return transform(sample, np.random.default_rng(seed))


def measure(transform, ramps, height, width, seed):
    """Scale (source pixels per pixel), angle in degrees and the map (2, 3) of one transformed picture."""
    image = run(transform, ramps.make(height, width, dtype=np.float32), seed)["img"]
    matrix = ramps.measure_map(image)
    scale = math.sqrt(np.linalg.det(matrix[:, :2]))
    # x before = cos x - sin y, y before = sin x + cos y when turned counterclockwise, y being downwards.
    return scale, math.degrees(math.atan2(matrix[1, 0], matrix[0, 0])), matrix


def sample_nearest(label, size_wh, degrees, scale, offset, padding):
    """Plain numpy: turn by complex numbers about the middles of the pictures and take the nearest pixel."""
    (height, width), (out_width, out_height) = label.shape, size_wh
    y, x = np.mgrid[:out_height, :out_width]
    source, target = complex(width - 1, height - 1) / 2, complex(out_width - 1, out_height - 1) / 2
    pivot = target + complex(*offset)
    # The y axis points down: multiplying by exp(i a) turns clockwise, and back is counterclockwise.
    before = pivot + (x + 1j * y - pivot) * np.exp(1j * np.deg2rad(degrees)) / scale - target + source
    column, row = np.rint(before.real).astype(int), np.rint(before.imag).astype(int)
    is_inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    result = np.full((out_height, out_width), padding)
    result[is_inside] = label[row[is_inside], column[is_inside]]
    return result


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(("height", "width", "channels"), [(7, 11, 3), (8, 5, 4), (1, 6, 1), (5, 1, 9), (1, 1, 2)])
def test_quarter_turns_are_exactly_those_of_numpy(height, width, channels, dtype):
    image = np.random.default_rng(0).integers(0, 255, (height, width, channels)).astype(dtype)
    for turns in range(-4, 5):
        size_wh = (width, height) if turns % 2 == 0 else (height, width)
        matrix = functional.similarity_matrix((width, height), size_wh, 90 * turns)
        for interpolation in (0, 1):  # nearest, linear
            turned = functional.warp(image, matrix, size_wh, interpolation, 99)
            assert turned.dtype == dtype
            np.testing.assert_allclose(turned, np.rot90(image, turns), atol=1e-6)


@pytest.mark.parametrize(
    ("size_wh", "degrees", "scale", "offset"),
    [((40, 30), 20, 1.0, (0, 0)), ((33, 51), -70, 1.37, (4, -7)), ((60, 20), 175, 0.6, (-11.5, 3))],
)
def test_labels_are_warped_as_in_plain_numpy(size_wh, degrees, scale, offset):
    label = np.random.default_rng(1).integers(0, 200, (31, 45)).astype(np.uint8)
    matrix = functional.similarity_matrix((45, 31), size_wh, degrees, scale, offset)
    warped = functional.warp(label, matrix, size_wh, 0, 255)
    expected = sample_nearest(label, size_wh, degrees, scale, offset, 255)
    assert (expected == 255).any() and (expected != 255).mean() > 0.2
    # OpenCV before version 5 finds places to 1/32 of a pixel.
    assert (warped == expected).mean() > 0.95


@pytest.mark.parametrize(("channels", "dtype"), [(1, np.uint8), (3, np.uint8), (4, np.uint16), (6, np.uint8)])
def test_all_channels_are_padded_with_the_value(channels, dtype):
    image = np.zeros((4, 4, channels), dtype)
    for value, expected in ((127.5, 128), (126.5, 126), (0.2, 0)):
        warped = functional.warp(image, functional.similarity_matrix((4, 4), (9, 9), 0), (9, 9), 1, value)
        assert (warped[[0, -1]] == expected).all() and (warped[:, [0, -1]] == expected).all()


@pytest.mark.parametrize(("height", "width"), [(36, 52), (41, 27)])
def test_rotation_draws_all_angles_and_cuts_nothing_off(ramps, height, width):
    transform = T.RandomRotation(40)
    angles = []
    for seed in range(150):
        image = run(transform, ramps.make(height, width), seed)["img"]
        scale, angle, matrix = measure(transform, ramps, height, width, seed)
        angles.append(angle)
        assert scale == pytest.approx(1, abs=1e-3)
        radians = math.radians(abs(angle))
        size = [width * math.cos(radians) + height * math.sin(radians)]
        size.append(height * math.cos(radians) + width * math.sin(radians))
        np.testing.assert_allclose(image.shape[1::-1], size, atol=1.01)
        middle = matrix @ [(image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2, 1]
        np.testing.assert_allclose(middle, [(width - 1) / 2, (height - 1) / 2], atol=0.02)
    angles = np.array(angles)
    assert -40.1 < angles.min() < -37 and 37 < angles.max() < 40.1
    assert abs(angles.mean()) < 6 and abs(np.abs(angles).mean() - 20) < 3


def test_rotation_by_up_to_0_degrees_changes_nothing(ramps):
    sample = run(T.RandomRotation(0), ramps.make(11, 14))
    np.testing.assert_array_equal(sample["img"], ramps.make(11, 14)["img"])
    np.testing.assert_array_equal(sample["label"], ramps.make(11, 14)["label"])


def test_rotation_pads_pictures_and_labels_with_their_values(ramps):
    transform = T.RandomRotation(45, im_padding_value=3, label_padding_value=9)
    sample = run(transform, {**ramps.make(60, 60), "label": np.zeros((60, 60), np.uint8)}, seed=2)
    assert sample["img"].shape[0] > 66  # turned far enough to have corners
    assert (sample["img"][0, 0] == 3).all() and sample["label"][0, 0] == 9
    assert set(np.unique(sample["label"])) == {0, 9}


def test_affine_maps_draw_scale_angle_and_pivot_from_their_ranges(ramps):
    size, fit = (50, 70), (50 / 40 + 70 / 60) / 2
    transform = T.RandomAffine(size, translation_offset=5, max_rotation=20, min_scale_factor=1.4, max_scale_factor=1.9)
    scales, angles, offsets = [], [], []
    for seed in range(200):
        scale, angle, matrix = measure(transform, ramps, 60, 40, seed)
        scales.append(1 / scale / fit)
        angles.append(angle)
        # The pivot is where the picture, put middle onto middle, has the place that it has in the result.
        to_middle = np.array([(50 - 40) / 2, (70 - 60) / 2])
        pivot = np.linalg.solve(np.eye(2) - matrix[:, :2], matrix[:, 2] + to_middle)
        offsets.append(pivot - [24.5, 34.5])
    scales, angles, offsets = np.array(scales), np.array(angles), np.array(offsets)
    assert 1.399 < scales.min() < 1.42 and 1.88 < scales.max() < 1.901
    assert -20.1 < angles.min() < -19 and 19 < angles.max() < 20.1
    assert (np.abs(offsets) < 5.1).all() and (offsets.min(axis=0) < -4.5).all() and (offsets.max(axis=0) > 4.5).all()
    for drawn in (scales, angles, offsets[:, 0], offsets[:, 1]):
        assert abs(drawn.mean() - (drawn.max() + drawn.min()) / 2) < 0.1 * (drawn.max() - drawn.min())
    assert np.abs(np.corrcoef([scales, angles, *offsets.T]) - np.eye(4)).max() < 0.25


def test_an_affine_map_without_change_is_the_picture_itself(ramps):
    transform = T.RandomAffine([14, 11], max_rotation=0, min_scale_factor=1, max_scale_factor=1)
    sample = run(transform, ramps.make(11, 14))
    np.testing.assert_array_equal(sample["img"], ramps.make(11, 14)["img"])
    np.testing.assert_array_equal(sample["label"], ramps.make(11, 14)["label"])


def test_an_affine_map_to_twice_the_width_enlarges_by_the_mean_of_the_two_ratios():
    label = np.zeros((20, 20), np.uint8)
    label[5:15, 5:15] = 1
    transform = T.RandomAffine([40, 20], max_rotation=0, min_scale_factor=1, max_scale_factor=1, label_padding_value=8)
    sample = {"img": label[:, :, np.newaxis], "label": label, "path": "", "trans_info": []}
    warped = run(transform, sample)["label"]
    assert warped.shape == (20, 40)
    # Scale 1.5: the picture is 30 wide in the middle of 40, the square 15 wide and high.
    assert (warped[:, :5] == 8).all() and (warped[:, 35:] == 8).all() and (warped[:, 5:35] < 2).all()
    assert abs((warped == 1).sum() - 15 * 15) <= 31 and (warped[3:17, 13:27] == 1).all()


def test_scale_aspect_draws_windows_of_the_stated_areas_and_aspects():
    transform = T.RandomScaleAspect(min_scale=0.2, aspect_ratio=0.5)
    rng = np.random.default_rng(0)
    windows = [transform.draw_window((1000, 1400), rng) for _ in range(1500)]
    assert None not in windows
    (y, x), (width, height) = np.transpose([corner for corner, _ in windows]), np.transpose([s for _, s in windows])
    areas, aspects = width * height / (1000 * 1400), width / height
    assert 0.199 < areas.min() < 0.21 and 0.85 < areas.max() <= 1
    assert 0.499 < aspects.min() < 0.51 and 1.97 < aspects.max() < 2.01
    assert (y >= 0).all() and (y + height <= 1000).all() and (x >= 0).all() and (x + width <= 1400).all()
    # The place is uniform in what the window leaves: 0.5 on the mean.
    for start, room in ((y, 1000 - height), (x, 1400 - width)):
        share = (start / np.maximum(room, 1))[room > 50]
        assert abs(share.mean() - 0.5) < 0.03 and share.min() < 0.02 and share.max() > 0.98
    # Small windows fit whatever their aspect is, so both shapes are equally frequent among them.
    small = areas < 0.3
    assert abs((aspects[small] > 1).mean() - 0.5) < 0.08


def test_scale_aspect_draws_every_place_of_a_window():
    rng = np.random.default_rng(0)
    windows = [T.RandomScaleAspect(0.3, 0.5).draw_window((6, 7), rng) for _ in range(4000)]
    assert {corner for corner, size in windows if size == (4, 4)} == {(y, x) for y in range(3) for x in range(4)}


def test_scale_aspect_resizes_the_window_to_the_size_of_the_picture(ramps):
    transform = T.RandomScaleAspect(0.3, 0.5)
    for seed in range(20):
        (y, x), (width, height) = transform.draw_window((44, 60), np.random.default_rng(seed))
        sample = run(transform, ramps.make(44, 60, dtype=np.float32), seed)
        assert sample["img"].shape == (44, 60, 4)
        positions = ramps.positions(sample["img"])
        np.testing.assert_allclose(positions.min(axis=(0, 1)), [x, y], atol=1e-3)
        np.testing.assert_allclose(positions.max(axis=(0, 1)), [x + width - 1, y + height - 1], atol=1e-3)
        assert sample["label"].min() == x and sample["label"].max() == x + width - 1


@pytest.mark.parametrize("arguments", [{"min_scale": 0}, {"aspect_ratio": 0}])
def test_scale_aspect_is_switched_off_by_0(ramps, arguments):
    sample = run(T.RandomScaleAspect(**arguments), ramps.make(11, 14))
    np.testing.assert_array_equal(sample["img"], ramps.make(11, 14)["img"])


def test_scale_aspect_leaves_a_picture_that_no_window_fits_into(ramps):
    # 1 pixel high: of area 0.9 and more with aspect 1, a window of sqrt(0.9 * 400) is 18 pixels high.
    transform = T.RandomScaleAspect(min_scale=0.9, aspect_ratio=1)
    assert transform.draw_window((1, 400), np.random.default_rng(0)) is None
    assert run(transform, ramps.make(1, 40))["img"].shape == (1, 40, 4)


def test_center_crop_draws_every_size_from_the_ratio_up_and_every_place():
    transform = T.RandomCenterCrop([0.3, 0.75])
    rng = np.random.default_rng(0)
    drawn = [transform.draw_window((8, 10), rng) for _ in range(4000)]
    assert {size[0] for _, size in drawn} == {3, 4, 5, 6, 7, 8, 9, 10}
    assert {size[1] for _, size in drawn} == {6, 7, 8}
    assert {corner[1] for corner, size in drawn if size[0] == 7} == {0, 1, 2, 3}
    assert {corner[0] for corner, size in drawn if size[1] == 6} == {0, 1, 2}
    counts = np.bincount([size[0] for _, size in drawn])[3:]
    assert counts.min() > 400 and counts.max() < 600


@pytest.mark.parametrize(
    ("ratio", "size_hw", "smallest_hw"),
    [([1, 1], (5, 7), (5, 7)), ([0, 0], (5, 7), (1, 1)), ([0.9, 0.1], (30, 10), (3, 9)), ([0.5, 0.5], (1, 1), (1, 1))],
)
def test_center_crop_keeps_at_least_the_ratio_and_one_pixel(ratio, size_hw, smallest_hw):
    rng = np.random.default_rng(0)
    sizes = np.array([T.RandomCenterCrop(ratio).draw_window(size_hw, rng)[1] for _ in range(300)])
    assert tuple(sizes.min(axis=0)[::-1]) == smallest_hw and tuple(sizes.max(axis=0)[::-1]) == size_hw


def test_center_crop_cuts_out_what_it_draws(ramps):
    (y, x), (width, height) = T.RandomCenterCrop().draw_window((20, 31), np.random.default_rng(2))
    sample = run(T.RandomCenterCrop(), ramps.make(20, 31), seed=2)
    np.testing.assert_array_equal(sample["img"], ramps.make(20, 31)["img"][y : y + height, x : x + width])
    np.testing.assert_array_equal(sample["label"], ramps.make(20, 31)["label"][y : y + height, x : x + width])


def test_range_scaling_draws_every_length_of_the_long_side(ramps):
    sizes = [run(T.ResizeRangeScaling(20, 24), ramps.make(15, 30), seed)["label"].shape for seed in range(120)]
    assert set(sizes) == {(10, 20), (10, 21), (11, 22), (12, 23), (12, 24)}  # halves to even: 10.5 -> 10
    assert run(T.ResizeRangeScaling(9, 9), ramps.make(30, 15))["img"].shape == (9, 4, 4)
