# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Properties of every registered transform; a new one fails here until it is in one of the two tables."""

import copy
import random

import numpy as np
import paddle
import pytest

from paddleseg.config.components import import_components
from paddleseg.config.problems import Problems
from paddleseg.config.transform_lists import check_transforms
from paddleseg.registry import TRANSFORMS
from paddleseg.utils.errors import ConfigError, DataError

import_components()

# (transform, arguments, how many pixels of the source picture and label may be apart). Bilinear interpolation takes
# the middle of a pixel and OpenCV's nearest neighbour its corner: half a pixel, and another half for the neighbour's
# own rounding. Where s source pixels become one, it is 0.5 + s / 2.
GEOMETRIC = [
    ("Resize", {"target_size": [91, 83]}, 1.0),
    ("Resize", {"target_size": [31, 22]}, 1.5),
    ("Resize", {"target_size": [90, 90], "keep_ratio": True, "size_divisor": 16}, 1.0),
    ("Resize", {"target_size": [91, 83], "interp": "RANDOM"}, 1.0),
    ("ResizeByLong", {"long_size": 80}, 1.0),
    ("ResizeByShort", {"short_size": 60}, 1.0),
    ("ResizeByShort", {"short_size": [45, 60], "max_size": 200}, 1.0),
    ("LimitLong", {"max_long": 40}, 1.5),
    ("LimitShort", {"min_short": 45}, 1.0),
    ("Padding", {"target_size": [57, 70]}, 0.0),
    ("PaddingByAspectRatio", {"aspect_ratio": 1.7}, 0.0),
    ("PaddingByAspectRatio", {"aspect_ratio": 0.6}, 0.0),
    ("ScalePadding", {"target_size": [64, 80]}, 1.0),
    ("ResizeStepScaling", {"min_scale_factor": 0.5, "max_scale_factor": 2.0}, 1.5),
    ("ResizeStepScaling", {"min_scale_factor": 0.8, "max_scale_factor": 1.9, "scale_step_size": 0}, 1.25),
    ("ResizeRangeScaling", {"min_value": 30, "max_value": 90}, 1.5),
    ("RandomPaddingCrop", {"crop_size": [31, 47]}, 0.0),
    ("RandomPaddingCrop", {"crop_size": [31, 22], "category_max_ratio": 0.5}, 0.0),
    ("RandomCenterCrop", {}, 0.0),
    ("RandomScaleAspect", {"min_scale": 0.3}, 1.0),
    ("RandomRotation", {"max_rotation": 180}, 0.55),
    ("RandomAffine", {"size": [60, 44], "translation_offset": 9, "max_rotation": 60}, 0.55),
    ("RandomResizedCrop", {"size": [48, 40]}, 1.5),
    ("RandomResizedCrop", {"size": [30, 50], "scale": [0.5, 1], "interp": "LINEAR"}, 1.5),
    ("ResizeCenterCrop", {"size": 40}, 1.5),
    ("RandomHorizontalFlip", {"prob": 1}, 0.0),
    ("RandomVerticalFlip", {"prob": 1}, 0.0),
]
PHOTOMETRIC = [
    ("Normalize", {}),
    ("RandomDistort", {"sharpness_prob": 0.5}),
    ("RandomBlur", {"prob": 0.5}),
    ("RandomBlur", {"prob": 0.5, "blur_type": "random"}),
    ("RandomNoise", {}),
    ("RandomErasing", {"prob": 0.5}),
]
# Some of its operators move both, others change values.
EITHER = [("RandAugment", {})]
ALL = [case[:2] for case in GEOMETRIC] + PHOTOMETRIC + EITHER
# Colours belong together, noise is drawn for each channel anew, and medians are for 8 bits.
CHANNEL_BY_CHANNEL = [
    (name, arguments)
    for name, arguments in ALL
    if name not in ("Normalize", "RandAugment", "RandomDistort", "RandomErasing", "RandomNoise")
    and "blur_type" not in arguments
]
EIGHT_BITS_ONLY = [
    ("RandAugment", {}),
    ("RandomDistort", {}),
    ("RandomBlur", {"blur_type": "median"}),
    ("RandomBlur", {"blur_type": "random"}),
]
SIZES_HW = [(37, 53), (24, 36), (41, 41), (1, 40), (40, 1), (1, 1)]


# Lists of PaddleSeg's configurations, without Normalize: ADE20K with several lengths, Pascal VOC's evaluation, ADE20K's
# with multiples of 32, Cityscapes with Mapillary, portraits and people.
RECIPES = [
    [
        {"type": "ResizeByShort", "short_size": [256, 307, 358, 409, 460, 512], "max_size": 2048},
        {"type": "RandomPaddingCrop", "crop_size": [512, 512]},
        {"type": "RandomDistort", "brightness_range": 0.125, "brightness_prob": 1.0, "hue_range": 18, "hue_prob": 1.0},
    ],
    [{"type": "Padding", "target_size": [512, 512]}],
    [{"type": "Resize", "target_size": [2048, 512], "keep_ratio": True, "size_divisor": 32}],
    [
        {"type": "ResizeStepScaling", "min_scale_factor": 0.5, "max_scale_factor": 2.0, "scale_step_size": 0},
        {"type": "RandomPaddingCrop", "crop_size": [2048, 1024]},
        {"type": "RandomScaleAspect"},
    ],
    [
        {
            "type": "RandomAffine",
            "max_rotation": 45,
            "min_scale_factor": 0.5,
            "max_scale_factor": 1.5,
            "size": [224, 224],
            "translation_offset": 56,
        },
        {"type": "RandomBlur", "prob": 0.5, "blur_type": "random"},
        {"type": "RandomNoise"},
    ],
    [{"type": "ScalePadding", "target_size": [224, 224], "im_padding_value": [127.5] * 3, "label_padding_value": 0}],
    [{"type": "RandomRotation"}, {"type": "RandomBlur", "prob": 0.3}],
]


def make_sample(height=37, width=53, channels=3):
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (height, width, channels)).astype(np.uint8)
    label = rng.integers(0, 5, (height, width)).astype(np.uint8)
    return {"img": image, "label": label, "path": "picture.png", "trans_info": []}


def is_inside(mask, radius=5):
    """Pixels that are in the mask with all others around them."""
    for axis in (0, 1):
        padded = np.pad(mask, [(radius, radius) if axis == other else (0, 0) for other in (0, 1)])
        mask = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, axis=axis).all(axis=2)
    return mask


def run(name, arguments, sample, seed=0):
    return TRANSFORMS[name](**arguments)(sample, np.random.default_rng(seed))


def test_the_tables_name_every_transform():
    registered = {name for name in TRANSFORMS if TRANSFORMS[name].__module__.startswith("paddleseg.")}
    assert {name for name, _ in ALL} == registered


@pytest.mark.parametrize("transforms", [[{"type": name, **arguments}] for name, arguments in ALL] + RECIPES)
def test_configurations_take_them_and_keep_random_ones_for_training(transforms):
    for_training, for_evaluation = Problems("c.yml", {}), Problems("c.yml", {})
    check_transforms(transforms, "train_dataset.transforms", for_training, may_be_random=True)
    assert len(for_training) == 0
    check_transforms(transforms, "val_dataset.transforms", for_evaluation, may_be_random=False)
    is_random = any(
        item["type"].startswith("Rand")
        or item["type"] in ("ResizeStepScaling", "ResizeRangeScaling")
        or item.get("interp") == "RANDOM"
        or isinstance(item.get("short_size"), list)
        for item in transforms
    )
    assert (len(for_evaluation) > 0) == is_random


@pytest.mark.parametrize("left_out", ["AddEdgeLabel", "GenerateInstanceTargets", "AddMultiLabelAuxiliaryCategory"])
def test_a_transform_of_paddleseg_that_is_left_out_is_refused_with_advice(left_out):
    problems = Problems("c.yml", {})
    check_transforms([{"type": left_out}], "train_dataset.transforms", problems, may_be_random=True)
    with pytest.raises(ConfigError, match=f"no transform '{left_out}'. .*: remove it[;,]"):
        problems.raise_if_any()


@pytest.mark.parametrize(("name", "arguments", "tolerance"), GEOMETRIC)
@pytest.mark.parametrize(("height", "width"), SIZES_HW)
def test_picture_and_label_move_together(ramps, name, arguments, tolerance, height, width):
    num_pixels = num_compared = 0
    for seed in range(5):
        for channel, axis in enumerate("xy"):
            sample = run(name, arguments, ramps.make(height, width, axis), seed)
            image, label = sample["img"], sample["label"]
            assert image.shape[:2] == label.shape and image.shape[2] == 4
            assert image.dtype == np.uint16 and label.dtype == np.uint8
            is_picture = ramps.is_picture(image)
            apart = np.abs(ramps.positions(image)[:, :, channel] - label)[is_picture]
            assert apart.max(initial=0) <= tolerance + 1 / ramps.STEP
            if min(height, width) > 1:  # an enlarged single row is a wide blend with the padding
                assert (image[is_inside(label == 255)] == 128).all()
            num_pixels += label.size
            num_compared += apart.size
    if min(height, width) > 1:
        assert num_compared > num_pixels / 5


@pytest.mark.parametrize(("name", "arguments"), PHOTOMETRIC)
def test_changes_of_values_leave_label_and_size_alone(name, arguments):
    for seed in range(5):
        sample = run(name, arguments, make_sample(), seed)
        assert sample["img"].shape == (37, 53, 3)
        np.testing.assert_array_equal(sample["label"], make_sample()["label"])


@pytest.mark.parametrize(("name", "arguments"), ALL)
def test_a_sample_depends_on_its_generator_alone_and_its_arrays_are_not_written_to(name, arguments):
    sample = make_sample()
    original = copy.deepcopy(sample)
    transform = TRANSFORMS[name](**arguments)
    results = []
    for global_seed in (1, 2):
        random.seed(global_seed)
        np.random.seed(global_seed)
        transform(make_sample(64, 20), np.random.default_rng(9))  # nor on the sample before
        results.append(transform({**sample, "trans_info": []}, np.random.default_rng(3)))
    np.testing.assert_array_equal(results[0]["img"], results[1]["img"])
    np.testing.assert_array_equal(results[0]["label"], results[1]["label"])
    assert results[0]["trans_info"] == results[1]["trans_info"]
    np.testing.assert_array_equal(sample["img"], original["img"])
    np.testing.assert_array_equal(sample["label"], original["label"])


@pytest.mark.parametrize(("name", "arguments"), ALL)
def test_is_random_says_whether_the_generator_matters(name, arguments):
    arguments = {**arguments, "prob": 0.5} if "prob" in arguments else arguments
    results = {run(name, arguments, make_sample(), seed)["img"].tobytes() for seed in range(12)}
    assert getattr(TRANSFORMS[name](**arguments), "is_random", False) == (len(results) > 1)


@pytest.mark.parametrize(("name", "arguments"), ALL)
def test_pictures_keep_their_8_bits_and_need_no_label(name, arguments):
    labelled = run(name, arguments, make_sample())
    assert labelled["img"].dtype == (np.float32 if name == "Normalize" else np.uint8)
    assert set(np.unique(labelled["label"])) <= {0, 1, 2, 3, 4, 255}
    unlabelled = make_sample()
    del unlabelled["label"]
    unlabelled = run(name, arguments, unlabelled)
    assert "label" not in unlabelled
    if "category_max_ratio" not in arguments:
        np.testing.assert_array_equal(unlabelled["img"], labelled["img"])


@pytest.mark.parametrize("channels", [2, 5, 130])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(("name", "arguments"), CHANNEL_BY_CHANNEL)
def test_each_channel_is_transformed_as_if_it_were_alone(name, arguments, dtype, channels):
    y, x, channel = np.mgrid[:19, :26, :channels]
    sample = {**make_sample(19, 26), "img": (5 * x + 3 * y + channel % 7).astype(dtype)}
    alone = {**sample, "img": sample["img"][:, :, -1:].copy(), "trans_info": []}
    image = run(name, arguments, sample, seed=4)["img"]
    assert image.dtype == dtype and image.shape[2] == channels
    expected = run(name, arguments, alone, seed=4)["img"][:, :, 0]
    # OpenCV rounds otherwise for two channels, and finds their place to 1/32 of a pixel only.
    np.testing.assert_allclose(image[:, :, -1].astype(float), expected.astype(float), atol=3)


@pytest.mark.parametrize(("name", "arguments"), EIGHT_BITS_ONLY)
def test_what_works_on_8_bits_only_says_so_whatever_it_draws(name, arguments):
    sample = make_sample()
    sample["img"] = sample["img"].astype(np.uint16)
    for seed in range(3):
        with pytest.raises(DataError, match=f"picture.png: {name}.* works on 8-bit .*uint16"):
            run(name, arguments, dict(sample), seed)


def as_numpy(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return np.array(value) if is_number or isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize(
    ("name", "arguments"), [*ALL, ("ScalePadding", {"target_size": [64, 80], "im_padding_value": [1, 2.5, 3]})]
)
def test_numbers_and_arrays_of_numpy_and_paddle_do_as_plain_ones(name, arguments):
    wanted = run(name, arguments, make_sample())
    arrays = {key: as_numpy(value) for key, value in arguments.items()}
    tensors = {
        key: paddle.to_tensor(value) if isinstance(value, np.ndarray) and value.dtype.kind in "if" else value
        for key, value in arrays.items()
    }
    for given in (arrays, tensors):
        sample = run(name, given, make_sample())
        np.testing.assert_array_equal(sample["img"], wanted["img"])
        np.testing.assert_array_equal(sample["label"], wanted["label"])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ResizeByShort", {"short_size": 5, "max_size": np.inf}),
        ("RandomPaddingCrop", {"crop_size": [8, 8], "category_max_ratio": np.inf}),
    ],
)
def test_infinity_is_no_limit(name, arguments):
    without_limit = {key: value for key, value in arguments.items() if value is not np.inf}
    np.testing.assert_array_equal(
        run(name, arguments, make_sample())["img"], run(name, without_limit, make_sample())["img"]
    )
    with pytest.raises(ValueError, match="found nan; it must be a number"):
        run(name, {key: np.nan if value is np.inf else value for key, value in arguments.items()}, make_sample())
