# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops of classifiers against Pillow's antialiased resize, and random rectangles of noise."""

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import RoadScenes
from paddleseg.transforms import Normalize, RandomErasing, RandomResizedCrop, ResizeCenterCrop
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.way_back import way_back

FILTERS = {"CUBIC": Image.Resampling.BICUBIC, "LINEAR": Image.Resampling.BILINEAR}


@pytest.fixture(scope="module")
def street():
    return RoadScenes([], num_samples=1, size=(512, 384)).read(0)["img"]


def run(transform, image, seed=0, **more):
    sample = {"img": image.copy(), "path": "picture", "trans_info": [], **more}
    return transform(sample, np.random.default_rng(seed))


@pytest.mark.parametrize("interp", ["CUBIC", "LINEAR"])
def test_the_part_is_resized_as_pillow_resizes_it(interp, street):
    transform = RandomResizedCrop([60, 50], interp=interp)
    for seed in range(30):
        top, left, height, width = transform.draw_window(street.shape[:2], np.random.default_rng(seed))
        part = Image.fromarray(street).crop((left, top, left + width, top + height))
        expected = np.asarray(part.resize((60, 50), FILTERS[interp]))
        np.testing.assert_array_equal(run(transform, street, seed)["img"], expected)


def test_fine_stripes_get_grey_where_a_resize_without_antialiasing_keeps_some_of_them():
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    image = run(RandomResizedCrop([40, 40], scale=[1, 1], ratio=[1, 1]), stripes)["img"]
    assert np.abs(image[:, 2:-2].astype(int) - 127).max() < 10


def test_areas_and_shapes_are_spread_over_their_ranges():
    transform = RandomResizedCrop(scale=[0.1, 0.6], ratio=[0.5, 2])
    windows = np.array([transform.draw_window((300, 400), np.random.default_rng(seed)) for seed in range(2000)])
    top, left, height, width = windows.T
    areas, ratios = height * width / 120_000, np.log(width / height)
    assert areas.min() > 0.095 and areas.max() < 0.61 and areas.mean() == pytest.approx(0.35, abs=0.03)
    assert np.abs(ratios).max() < np.log(2) + 0.05 and ratios.mean() == pytest.approx(0, abs=0.1)
    assert (top + height).max() == 300 and (left + width).max() == 400 and top.min() == left.min() == 0


def test_where_no_part_fits_the_largest_one_of_an_allowed_shape_in_the_middle_is_taken():
    transform = RandomResizedCrop(scale=[1, 1], ratio=[0.75, 4 / 3])
    assert transform.draw_window((100, 1000), np.random.default_rng(0)) == (0, 433, 100, 133)
    assert transform.draw_window((1000, 90), np.random.default_rng(0)) == (440, 0, 120, 90)


@pytest.mark.parametrize(
    ("size_hw", "size", "crop_pct"), [((384, 512), 96, 0.875), ((120, 200), 64, 1.0), ((60, 80), 96, 0.5)]
)
def test_the_middle_is_that_of_pillows_resize(size_hw, size, crop_pct, street):
    image = street[: size_hw[0], : size_hw[1]]
    short = int(size / crop_pct)
    height, width = (short * side // min(size_hw) for side in size_hw)
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
    top, left = round((height - size) / 2), round((width - size) / 2)
    expected = np.asarray(resized)[top : top + size, left : left + size]
    sample = run(ResizeCenterCrop(size, crop_pct), image)
    np.testing.assert_array_equal(sample["img"], expected)
    with pytest.raises(ConfigError, match="cuts off a part of the picture .ResizeCenterCrop."):
        way_back((size, size), sample["trans_info"])


def test_erased_pixels_are_standard_noise_after_normalisation_and_the_rest_stays(street):
    transform, normalize = RandomErasing(prob=1), Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    erased = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        top, left, height, width = transform.draw_window(street.shape[:2], rng)
        image = run(transform, street, seed)["img"]
        inside = np.zeros(street.shape[:2], bool)
        inside[top : top + height, left : left + width] = True
        np.testing.assert_array_equal(image[~inside], street[~inside])
        assert 0.015 < inside.mean() < 0.34
        erased.append(normalize.apply(image)[inside])
    values = np.concatenate(erased)
    # What would be darker than black or lighter than white, 2 % of it, is cut off.
    assert np.abs(values.mean(axis=0)).max() < 0.03 and np.abs(values.std(axis=0) - 1).max() < 0.05


def test_erased_rectangles_are_higher_than_wide_where_the_ratio_says_so():
    transform = RandomErasing(prob=1, ratio=[2, 3])
    windows = [transform.draw_window((400, 400), np.random.default_rng(seed)) for seed in range(50)]
    ratios = [height / width for _, _, height, width in filter(None, windows)]
    assert len(ratios) > 40 and 1.9 < min(ratios) and max(ratios) < 3.1


def test_erasing_has_its_probability_and_leaves_the_picture_that_it_was_given_alone(street):
    before = street.copy()
    changed = [not np.array_equal(RandomErasing()(
        {"img": street, "path": "", "trans_info": []}, np.random.default_rng(seed))["img"], before)
        for seed in range(400)]  # fmt: skip
    assert np.mean(changed) == pytest.approx(0.25, abs=0.05)
    np.testing.assert_array_equal(street, before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomResizedCrop(scale=[0.5, 0.1]), r"scale: found 0.5; it must not be above"),
        (lambda: RandomResizedCrop(scale=[0, 1]), r"scale: found .*; it must be above 0, at most 1"),
        (lambda: RandomErasing(ratio=[2, 1]), r"ratio: found 2"),
        (lambda: RandomErasing(mean=[0.5]), r"std: mean has 1 values and std 3"),
        (lambda: ResizeCenterCrop(crop_pct=1.2), r"crop_pct: found 1.2; it must be above 0, at most 1"),
    ],
)
def test_ranges_the_wrong_way_round_are_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
