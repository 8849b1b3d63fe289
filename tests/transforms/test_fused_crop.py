# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The fused crop against the plain order of work, to the bit, and against the transforms that it replaces."""

import cv2
import numpy as np
import pytest

from benchmark.reference_data import plain_crop
from paddleseg import transforms as T
from paddleseg.datasets import SegmentationDataset
from paddleseg.transforms import fused_crop
from paddleseg.transforms.fused_crop import FusedCrop, fuse

QUARTERS = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]


def noise(height, width, channels=3, dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width, channels)).astype(dtype)
    label = rng.integers(0, 20, (height, width)).astype(np.uint8)
    return {"img": image, "label": label, "path": "noise.png", "trans_info": []}


def run(transforms, sample, seed):
    """The sample after all transforms, and the next number of the generator: both sides must have drawn as many."""
    rng = np.random.default_rng(seed)
    sample = dict(sample)
    for transform in transforms:
        sample = transform(sample, rng)
    return sample, rng.random()


def assert_same(transforms, sample, seeds):
    fused = fuse(transforms)
    assert [type(step) for step in fused] == [FusedCrop]
    for seed in seeds:
        expected, next_number = run(transforms, sample, seed)
        found, found_number = run(fused, sample, seed)
        np.testing.assert_array_equal(found["img"], expected["img"], err_msg=f"seed {seed}")
        if "label" in sample:
            np.testing.assert_array_equal(found["label"], expected["label"], err_msg=f"seed {seed}")
        assert found["img"].dtype == expected["img"].dtype and found_number == next_number


@pytest.mark.parametrize(
    ("size_hw", "crop_wh"),
    [
        ((256, 512), (256, 256)),  # the shape of Cityscapes; at 0.5 and 0.75 with padding below
        ((90, 120), (90, 90)),  # CamVid's
        ((75, 101), (64, 96)),  # sides that four does not divide: scaled sizes are rounded
        ((40, 40), (100, 30)),  # padding on the right at each scale
    ],
)
def test_200_samples_at_steps_of_a_quarter_equal_the_plain_order_of_work_to_the_bit(size_hw, crop_wh):
    sample = noise(*size_hw)
    fused = FusedCrop(T.ResizeStepScaling(0.5, 2.0, 0.25), T.RandomPaddingCrop(crop_wh), [T.RandomHorizontalFlip()])
    for seed in range(200):
        found = fused(dict(sample), np.random.default_rng(seed))
        image, label = plain_crop(sample["img"], sample["label"], np.random.default_rng(seed), QUARTERS, crop_wh)
        np.testing.assert_array_equal(found["img"], image, err_msg=f"seed {seed}")
        np.testing.assert_array_equal(found["label"], label, err_msg=f"seed {seed}")


class AtCorner(T.RandomPaddingCrop):
    """A crop at one of the four corners, or in the middle of a side."""

    place = (0.0, 0.0)

    def draw_corner(self, size_hw, rng):
        rng.integers(2)
        free = size_hw[0] - self.crop_size[1], size_hw[1] - self.crop_size[0]
        return int(free[0] * self.place[0]), int(free[1] * self.place[1])


@pytest.mark.parametrize("scale", QUARTERS)
@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0.5), (0.5, 1)])
def test_windows_at_the_borders_equal_the_plain_order_of_work(scale, place):
    scaling, crop = T.ResizeStepScaling(scale, scale), AtCorner([40, 24])
    crop.place = place
    sample = noise(64, 96)
    expected, _ = run([scaling, crop], sample, 0)
    found, _ = run([FusedCrop(scaling, crop)], sample, 0)
    np.testing.assert_array_equal(found["img"], expected["img"])
    np.testing.assert_array_equal(found["label"], expected["label"])


def test_any_scale_and_size_equals_the_transforms_one_after_the_other():
    rng = np.random.default_rng(0)
    for case in range(150):
        height, width, *crop_wh = (int(side) for side in rng.integers(1, 300, 4))
        sample = noise(height, width, channels=(1, 2, 3, 4)[case % 4], seed=case)
        transforms = [
            T.ResizeStepScaling(0.3, 2.5, 0),
            T.RandomPaddingCrop(crop_wh),
            T.RandomHorizontalFlip(),
            T.RandomVerticalFlip(0.5),
        ]
        assert_same(transforms, sample, range(3))


def test_far_from_the_origin_where_float32_is_coarse_too():
    # 1.75: a seventh in 11 bits lies so near to a half that rounding depends on the place.
    for scale in (1.75, 1.25, 0.75):
        assert_same([T.ResizeStepScaling(scale, scale), T.RandomPaddingCrop([64, 20])], noise(24, 6000), range(12))


@pytest.mark.parametrize("scale", [0.999, 1.001, 1.004])
def test_a_scale_so_near_to_1_that_a_part_keeps_its_size_is_no_copy(scale):
    assert_same([T.ResizeStepScaling(scale, scale), T.RandomPaddingCrop([32, 32])], noise(600, 700), range(20))


def test_half_size_averages_like_opencv_when_both_sides_are_even():
    assert_same([T.ResizeStepScaling(0.5, 0.5), T.RandomPaddingCrop([16, 16])], noise(64, 64), range(20))


@pytest.mark.parametrize("ratio", [0.2, 0.75])
def test_windows_of_one_class_are_drawn_anew_alike(ratio):
    sample = noise(80, 80)
    sample["label"] = np.repeat(np.repeat(sample["label"][:4, :4], 20, axis=0), 20, axis=1)
    crop = T.RandomPaddingCrop([20, 20], category_max_ratio=ratio)
    assert_same([T.ResizeStepScaling(0.5, 2), crop, T.RandomHorizontalFlip()], sample, range(60))


def test_padding_values_are_those_of_the_crop():
    crop = T.RandomPaddingCrop([64, 64], im_padding_value=9, label_padding_value=7)
    assert_same([T.ResizeStepScaling(0.5, 0.5), crop, T.RandomHorizontalFlip(1)], noise(32, 32), [0])
    sample, _ = run([FusedCrop(T.ResizeStepScaling(0.5, 0.5), crop)], noise(32, 32), 0)
    assert (sample["img"][16:] == 9).all() and (sample["label"][:, 16:] == 7).all()


def test_a_sample_without_a_label_is_the_same_too():
    sample = noise(40, 50)
    del sample["label"]
    assert_same([T.ResizeStepScaling(), T.RandomPaddingCrop([32, 32], category_max_ratio=0.5)], sample, range(20))


@pytest.mark.parametrize(("dtype", "channels"), [(np.uint16, 3), (np.float32, 3), (np.uint8, 5)])
def test_other_pictures_go_through_the_transforms_as_they_are_written(monkeypatch, dtype, channels):
    monkeypatch.setattr(fused_crop, "_linear_window", None)  # not called
    transforms = [T.ResizeStepScaling(0.6, 1.7, 0), T.RandomPaddingCrop([32, 32]), T.RandomHorizontalFlip()]
    assert_same(transforms, noise(40, 50, channels, dtype), range(20))


def test_the_picture_that_came_in_is_not_altered():
    sample = noise(64, 64)
    before = sample["img"].copy()
    for scale in (1.0, 0.5, 2.0):
        transforms = [T.ResizeStepScaling(scale, scale), T.RandomPaddingCrop([32, 32]), T.RandomHorizontalFlip(1)]
        run([*fuse(transforms), T.RandomDistort()], sample, 3)
    np.testing.assert_array_equal(sample["img"], before)


def test_only_the_window_is_resized(monkeypatch):
    sizes = []
    resize = cv2.resize

    def record(array, *arguments, **options):
        result = resize(array, *arguments, **options)
        sizes.append(result.shape[:2])
        return result

    monkeypatch.setattr(cv2, "resize", record)
    for scale in (0.75, 1.25, 1.5, 1.75, 2.0):
        fused = FusedCrop(T.ResizeStepScaling(scale, scale), T.RandomPaddingCrop([64, 64]))
        for seed in range(20):
            fused(noise(256, 512), np.random.default_rng(seed))
    assert max(max(size) for size in sizes) <= 64 + 2 * 8 + 8


def test_far_from_the_origin_less_than_the_picture_is_resized():
    span = fused_crop._span(4000, 7000, 5000, 512)
    assert 0 < span.start < 5000 * 4 / 7 and span.stop < 4000


def test_fusing_leaves_everything_else_in_its_place():
    scaling, crop, flip, upside_down = (
        T.ResizeStepScaling(),
        T.RandomPaddingCrop([8, 8]),
        T.RandomHorizontalFlip(),
        T.RandomVerticalFlip(),
    )
    distort, resize = T.RandomDistort(), T.Resize([8, 8])
    kinds = [type(step) for step in fuse([resize, scaling, crop, flip, upside_down, distort, flip])]
    assert kinds == [T.Resize, FusedCrop, T.RandomDistort, T.RandomHorizontalFlip]
    for apart in ([scaling, flip, crop], [crop, scaling], [scaling], [flip, crop], []):
        assert fuse(apart) == apart
    # A class of the user's own may do something else.
    assert fuse([scaling, AtCorner([8, 8])])[0] is scaling


def test_a_data_sets_pipeline_fuses_and_shows_the_transforms_as_they_were_written():
    transforms = [T.ResizeStepScaling(0.5, 2), T.RandomPaddingCrop([16, 16]), T.RandomDistort()]
    pipeline = SegmentationDataset([*transforms, T.Normalize()], mode="train", num_classes=4).pipeline
    assert pipeline.transforms == transforms
    assert [type(step) for step in pipeline.steps] == [FusedCrop, T.RandomDistort]
    sample = noise(64, 96)
    for seed in range(10):
        found = pipeline(dict(sample), np.random.default_rng(seed))
        expected, _ = run(transforms, sample, seed)
        np.testing.assert_array_equal(found["img"], expected["img"])
