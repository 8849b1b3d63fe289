# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The common transforms: names and defaults, sizes, values, random draws, and errors."""

import inspect
import random
import re

import numpy as np
import pytest

from paddleseg import transforms as T
from paddleseg.utils.errors import ConfigError, DataError


def make_sample(height=24, width=36, channels=3, block=4):
    """Blocks of random classes; every channel of the picture holds 10 times the class id."""
    blocks = np.random.default_rng(height * width).integers(0, 5, (height // block + 1, width // block + 1))
    label = np.kron(blocks, np.ones((block, block), int))[:height, :width].astype(np.uint8)
    image = np.repeat(label[:, :, np.newaxis] * np.uint8(10), channels, axis=2)
    return {"img": image, "label": label, "path": "picture.png", "trans_info": []}


def run(transform, sample=None, seed=0):
    return transform(make_sample() if sample is None else sample, np.random.default_rng(seed))


DEFAULTS = {
    "ResizeStepScaling": {"min_scale_factor": 0.75, "max_scale_factor": 1.25, "scale_step_size": 0.25},
    "RandomPaddingCrop": {
        "crop_size": (512, 512),
        "im_padding_value": 127.5,
        "label_padding_value": 255,
        "category_max_ratio": 1.0,
        "ignore_index": 255,
        "loop_times": 10,
    },
    "RandomHorizontalFlip": {"prob": 0.5},
    "RandomVerticalFlip": {"prob": 0.1},
    "RandomDistort": {
        "brightness_range": 0.5,
        "brightness_prob": 0.5,
        "contrast_range": 0.5,
        "contrast_prob": 0.5,
        "saturation_range": 0.5,
        "saturation_prob": 0.5,
        "hue_range": 18,
        "hue_prob": 0.5,
        "sharpness_range": 0.5,
        "sharpness_prob": 0,
    },
    "Normalize": {"mean": (0.5,), "std": (0.5,)},
    "Resize": {"target_size": (512, 512), "keep_ratio": False, "size_divisor": None, "interp": "LINEAR"},
    "ResizeByLong": {"long_size": inspect.Parameter.empty},
    "ResizeByShort": {"short_size": inspect.Parameter.empty, "max_size": 1e10},
    "LimitLong": {"max_long": None, "min_long": None},
    "LimitShort": {"max_short": None, "min_short": None},
    "Padding": {
        "target_size": inspect.Parameter.empty,
        "im_padding_value": 127.5,
        "label_padding_value": 255,
    },
    "PaddingByAspectRatio": {"aspect_ratio": 1, "im_padding_value": 127.5, "label_padding_value": 255},
    "ScalePadding": {"target_size": (512, 512), "im_padding_value": 127.5, "label_padding_value": 255},
    "ResizeRangeScaling": {"min_value": 400, "max_value": 600},
    "RandomRotation": {"max_rotation": 15, "im_padding_value": 127.5, "label_padding_value": 255},
    "RandomAffine": {
        "size": (224, 224),
        "translation_offset": 0,
        "max_rotation": 15,
        "min_scale_factor": 0.75,
        "max_scale_factor": 1.25,
        "im_padding_value": 128,
        "label_padding_value": 255,
    },
    "RandomScaleAspect": {"min_scale": 0.5, "aspect_ratio": 0.33},
    "RandomCenterCrop": {"retain_ratio": (0.5, 0.5)},
    "RandomBlur": {"prob": 0.1, "blur_type": "gaussian"},
    "RandomNoise": {"prob": 0.5, "max_sigma": 10.0},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_names_arguments_and_defaults_are_paddlesegs(name):
    parameters = inspect.signature(getattr(T, name)).parameters
    assert {key: parameter.default for key, parameter in parameters.items()} == DEFAULTS[name]


@pytest.mark.parametrize(
    ("transform", "size_hw"),
    [
        (T.Resize([48, 12]), (12, 48)),
        (T.Resize([48, 12], interp="RANDOM"), (12, 48)),
        (T.Resize([48, 48], keep_ratio=True), (32, 48)),
        (T.Resize([72, 12], keep_ratio=True), (12, 18)),
        (T.Resize([50, 20], size_divisor=16), (32, 64)),
        (T.Resize([48, 48], keep_ratio=True, size_divisor=20), (40, 60)),
        (T.ResizeByLong(18), (12, 18)),
        (T.ResizeByShort(12), (12, 18)),
        (T.ResizeByShort(48, max_size=54), (36, 54)),
        (T.LimitLong(max_long=18), (12, 18)),
        (T.LimitLong(min_long=72), (48, 72)),
        (T.LimitLong(max_long=36, min_long=36), (24, 36)),
        (T.LimitShort(max_short=12), (12, 18)),
        (T.LimitShort(min_short=48), (48, 72)),
        (T.LimitShort(max_short=100), (24, 36)),
    ],
)
def test_resizing_gives_the_size_and_remembers_the_old_one(transform, size_hw):
    sample = run(transform)
    assert sample["img"].shape == (*size_hw, 3)
    assert sample["img"].dtype == np.uint8
    assert sample["label"].shape == size_hw
    unchanged = size_hw == (24, 36)
    assert sample["trans_info"] == ([] if unchanged else [("resize", (24, 36))])


def test_resize_by_short_draws_one_of_several_sizes():
    transform = T.ResizeByShort([12, 48])
    heights = {run(transform, seed=seed)["img"].shape[0] for seed in range(20)}
    assert heights == {12, 48}


@pytest.mark.parametrize(("height", "max_size"), [(12, 30), (24, 1e10)])
def test_resize_by_short_does_not_remember_an_earlier_picture(height, max_size):
    transform = T.ResizeByShort(24, max_size=max_size)
    run(transform, make_sample(12, 48))
    alone = run(T.ResizeByShort(24, max_size=max_size), make_sample(height, 24))
    assert run(transform, make_sample(height, 24))["img"].shape == alone["img"].shape


def test_labels_are_resized_by_nearest_neighbour():
    sample = run(T.ResizeStepScaling(1.3, 1.3))
    assert set(np.unique(sample["label"])) <= {0, 1, 2, 3, 4}
    # Inside the blocks, away from their borders, picture and label agree.
    agree = sample["img"][:, :, 0] == sample["label"] * 10
    assert agree.mean() > 0.3


def test_transforms_work_without_a_label():
    sample = make_sample()
    del sample["label"]
    pipeline = T.Pipeline([T.ResizeStepScaling(), T.RandomPaddingCrop([16, 16]), T.RandomHorizontalFlip(1)])
    sample = run(pipeline, sample)
    assert sample["img"].shape == (16, 16, 3) and "label" not in sample


def test_step_scaling_draws_every_step_and_nothing_else():
    transform = T.ResizeStepScaling(0.5, 2.0, 0.25)
    rng = np.random.default_rng(0)
    drawn = [transform.draw_scale(rng) for _ in range(700)]
    values, counts = np.unique(drawn, return_counts=True)
    np.testing.assert_array_equal(values, [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0])
    assert counts.min() > 60


def test_step_zero_draws_from_the_whole_range():
    transform = T.ResizeStepScaling(0.5, 2.0, 0)
    rng = np.random.default_rng(0)
    drawn = np.array([transform.draw_scale(rng) for _ in range(300)])
    assert len(np.unique(drawn)) == 300 and drawn.min() < 0.6 and drawn.max() > 1.9


def test_crop_size_is_width_then_height_and_every_window_occurs():
    sample = make_sample(6, 9)
    sample["img"] = np.arange(54, dtype=np.uint8).reshape(6, 9, 1)
    corners = set()
    for seed in range(300):
        cropped = run(T.RandomPaddingCrop([7, 5]), dict(sample), seed)
        assert cropped["img"].shape == (5, 7, 1)
        corners.add(int(cropped["img"][0, 0, 0]))
    assert corners == {9 * y + x for y in range(2) for x in range(3)}


def test_crop_pads_small_pictures_with_128_and_their_labels_with_255():
    sample = run(T.RandomPaddingCrop([40, 30]))
    assert (sample["img"][24:] == 128).all() and (sample["img"][:, 36:] == 128).all()
    assert (sample["label"][24:] == 255).all() and (sample["label"][:, 36:] == 255).all()
    np.testing.assert_array_equal(sample["label"][:24, :36], make_sample()["label"])


def test_category_max_ratio_avoids_windows_of_one_class():
    sample = make_sample(40, 80)
    sample["label"] = np.ones((40, 80), np.uint8)
    sample["label"][:, 76:] = 2
    sample["label"][:, :30] = 255
    plain, choosy = (
        T.RandomPaddingCrop([20, 20]),
        T.RandomPaddingCrop([20, 20], category_max_ratio=0.9, loop_times=500),
    )
    mixed = [len(np.unique(run(plain, dict(sample), seed)["label"])) > 1 for seed in range(20)]
    assert not all(mixed)
    for seed in range(20):
        values, counts = np.unique(run(choosy, dict(sample), seed)["label"], return_counts=True)
        counts = counts[values != 255]
        assert len(counts) == 2 and counts.max() / counts.sum() < 0.9


def test_padding_remembers_the_size_and_refuses_larger_pictures():
    assert run(T.Padding([40, 30]))["trans_info"] == [("padding", (24, 36))]
    with pytest.raises(DataError, match=re.escape("picture.png: the picture is 36x24, larger than Padding")):
        run(T.Padding([30, 30]))


@pytest.mark.parametrize("prob", [0.0, 0.3, 1.0])
def test_flips_happen_with_their_probability(prob):
    rng = np.random.default_rng(0)
    transform = T.RandomHorizontalFlip(prob)
    original = make_sample()["img"]
    flipped = sum((transform(make_sample(), rng)["img"] != original).any() for _ in range(400))
    assert abs(flipped / 400 - prob) < 0.07


def test_distort_without_probability_changes_nothing_and_with_it_only_the_picture():
    never = T.RandomDistort(brightness_prob=0, contrast_prob=0, saturation_prob=0, hue_prob=0)
    np.testing.assert_array_equal(run(never)["img"], make_sample()["img"])
    always = T.RandomDistort(brightness_prob=1, contrast_prob=1, saturation_prob=1, hue_prob=1, sharpness_prob=1)
    sample = run(always)
    assert sample["img"].dtype == np.uint8 and (sample["img"] != make_sample()["img"]).any()
    np.testing.assert_array_equal(sample["label"], make_sample()["label"])


@pytest.mark.parametrize(
    ("name", "function", "low", "high"),
    [
        ("brightness", "adjust_brightness", 0.6, 1.4),
        ("contrast", "adjust_contrast", 0.6, 1.4),
        ("saturation", "adjust_saturation", 0.6, 1.4),
        ("sharpness", "adjust_sharpness", 0.6, 1.4),
        ("hue", "shift_hue", -12, 12),
    ],
)
def test_distort_draws_amounts_from_the_whole_range(monkeypatch, name, function, low, high):
    amounts = []

    def record(image, amount):
        amounts.append(amount)
        return image

    monkeypatch.setattr(f"paddleseg.transforms.functional.{function}", record)
    others = {f"{other}_prob": 0 for other in ("brightness", "contrast", "saturation", "hue", "sharpness")}
    width = 12 if name == "hue" else 0.4
    transform = T.RandomDistort(**{**others, f"{name}_prob": 0.5, f"{name}_range": width})
    for seed in range(400):
        run(transform, seed=seed)
    assert 150 < len(amounts) < 250
    assert low <= min(amounts) < low + 0.05 * (high - low)
    assert high - 0.05 * (high - low) < max(amounts) <= high


def test_distort_changes_grey_pictures_and_refuses_other_types():
    always = T.RandomDistort(brightness_prob=1, saturation_prob=1, hue_prob=1)
    assert run(always, make_sample(channels=1))["img"].shape == (24, 36, 1)
    sample = make_sample()
    sample["img"] = sample["img"].astype(np.uint16)
    with pytest.raises(DataError, match="picture.png: RandomDistort works on 8-bit RGB or grey pictures"):
        run(always, sample)


def test_normalize_computes_by_hand_worked_numbers():
    image = np.array([[[0, 51, 255]]], np.uint8)
    normalized = T.Normalize(mean=[0.5, 0.2, 0.4], std=[0.5, 0.1, 0.3]).apply(image)
    assert normalized.dtype == np.float32
    np.testing.assert_allclose(normalized, [[[-1.0, 0.0, 2.0]]], atol=1e-6)
    np.testing.assert_allclose(T.Normalize().apply(image), [[[-1.0, -0.6, 1.0]]], atol=1e-6)


def test_normalize_refuses_another_number_of_channels():
    with pytest.raises(ConfigError, match="3 values of mean or std for pictures of 4 channels"):
        T.Normalize([0.5] * 3, [0.5] * 3).apply(np.zeros((2, 2, 4), np.uint8))


def test_pipeline_sets_only_a_last_normalize_apart():
    last, first = T.Normalize(), T.Normalize([0.1], [0.2])
    pipeline = T.Pipeline([first, T.RandomHorizontalFlip(), last])
    assert pipeline.normalize is last and pipeline.transforms[0] is first
    assert T.Pipeline([T.RandomHorizontalFlip()]).normalize is None
    image = run(T.Pipeline([T.Resize([8, 8]), last]))["img"]
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(T.Pipeline([last]).normalized_planes(image), last.apply(image).transpose(2, 0, 1))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("normalize", [T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), T.Normalize(), None])
def test_normalized_planes_are_the_normalised_picture_transposed_to_the_bit(normalize, dtype):
    image = np.random.default_rng(0).integers(0, 256, (37, 23, 3)).astype(dtype)  # not a multiple of the rows at once
    planes = T.Pipeline([] if normalize is None else [normalize]).normalized_planes(image)
    expected = image.astype(np.float32) if normalize is None else normalize.apply(image)
    np.testing.assert_array_equal(planes, expected.transpose(2, 0, 1))
    assert planes.dtype == np.float32 and planes.flags.c_contiguous


def _full_pipeline():
    return T.Pipeline(
        [
            T.ResizeStepScaling(0.5, 2.0, 0.25),
            T.RandomPaddingCrop([32, 32]),
            T.RandomHorizontalFlip(),
            T.RandomVerticalFlip(0.5),
            T.RandomDistort(sharpness_prob=0.5),
            T.Normalize(),
        ]
    )


def test_a_sample_depends_on_its_generator_alone():
    pipeline = _full_pipeline()
    random.seed(1)
    np.random.seed(1)
    first = run(pipeline, seed=7)
    random.seed(2)
    np.random.seed(2)
    run(pipeline, seed=8)
    again = run(pipeline, seed=7)
    np.testing.assert_array_equal(first["img"], again["img"])
    np.testing.assert_array_equal(first["label"], again["label"])


def test_label_values_stay_in_the_class_set_and_pictures_in_8_bits():
    pipeline = _full_pipeline()
    for seed in range(30):
        sample = run(pipeline, seed=seed)
        assert set(np.unique(sample["label"])) <= {0, 1, 2, 3, 4, 255}
        assert sample["label"].shape == (32, 32) and sample["label"].dtype == np.uint8
        assert sample["img"].shape == (32, 32, 3) and sample["img"].dtype == np.uint8


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("RandomPaddingCrop", {"crop_size": 512}, "crop_size: found 512; it must be .width, height."),
        ("RandomPaddingCrop", {"crop_size": [8, 0]}, "crop_size: found .8, 0.; it must be 1 or more"),
        ("RandomPaddingCrop", {"category_max_ratio": 0}, "category_max_ratio: found 0; it must be a number above 0"),
        ("RandomPaddingCrop", {"loop_times": 0}, "loop_times: found 0; it must be 1 or more"),
        ("RandomPaddingCrop", {"label_padding_value": 300}, "label_padding_value: found 300; it must be from 0 to 255"),
        (
            "Padding",
            {"target_size": [8, 8], "im_padding_value": [0, 0, 0]},
            "im_padding_value: found .*; it must be a number",
        ),
        ("Resize", {"target_size": [8, 8, 8]}, "target_size: found .*; it must be .width, height."),
        ("Resize", {"interp": "BICUBIC"}, "interp: found 'BICUBIC'; it must be one of NEAREST, LINEAR, CUBIC"),
        ("Resize", {"size_divisor": 0}, "size_divisor: found 0; it must be 1 or more"),
        (
            "PaddingByAspectRatio",
            {"aspect_ratio": 0},
            "aspect_ratio: found 0; it must be from 0.001 to 1000",
        ),
        ("ScalePadding", {"target_size": 512}, "target_size: found 512; it must be .width, height."),
        (
            "ScalePadding",
            {"im_padding_value": "grey"},
            "im_padding_value: found 'grey'; it must be a number or a list",
        ),
        ("ScalePadding", {"label_padding_value": 1.5}, "label_padding_value: found 1.5; it must be an integer"),
        ("ResizeRangeScaling", {"min_value": 8.5}, "min_value: found 8.5; it must be an integer"),
        (
            "ResizeRangeScaling",
            {"min_value": 9, "max_value": 8},
            "min_value: found 9; .* above max_value, 8",
        ),
        ("RandomRotation", {"max_rotation": -1}, "max_rotation: found -1; it must be from 0 to 360"),
        ("RandomRotation", {"im_padding_value": None}, "im_padding_value: found None; it must be a number"),
        ("RandomAffine", {"size": [8]}, "size: found .*; it must be .width, height."),
        ("RandomAffine", {"translation_offset": True}, "translation_offset: found True; it must be a number"),
        (
            "RandomAffine",
            {"max_scale_factor": 0.5},
            "min_scale_factor: found 0.75; it must not be above max_scale_factor, 0.5",
        ),
        ("RandomAffine", {"label_padding_value": 256}, "label_padding_value: found 256; it must be from 0 to 255"),
        ("RandomScaleAspect", {"min_scale": 1.5}, "min_scale: found 1.5; it must be from 0 to 1"),
        ("RandomScaleAspect", {"aspect_ratio": 3}, "aspect_ratio: found 3; it must be from 0 to 1"),
        ("RandomCenterCrop", {"retain_ratio": [0.5]}, "retain_ratio: found .0.5.; it must be a list of 2"),
        ("RandomCenterCrop", {"retain_ratio": [0.5, 1.1]}, "retain_ratio: found .0.5, 1.1.; it must be from 0 to 1"),
        (
            "RandomBlur",
            {"blur_type": "mean"},
            "blur_type: found 'mean'; .* one of gaussian, median, blur, random",
        ),
        ("RandomBlur", {"prob": 2}, "prob: found 2; it must be from 0 to 1"),
        ("RandomNoise", {"max_sigma": -1}, "max_sigma: found -1; it must be from 0 to 65535"),
        ("ResizeByLong", {"long_size": 10.5}, "long_size: found 10.5; it must be an integer"),
        ("ResizeByShort", {"short_size": []}, "ResizeByShort: short_size: the list is empty"),
        ("ResizeByShort", {"short_size": 8, "max_size": 0}, "max_size: found 0; it must be 1 or more"),
        ("LimitLong", {"max_long": 8, "min_long": 9}, "LimitLong: min_long: found 9; it must not be above max_long, 8"),
        ("LimitShort", {"max_short": 8.0}, "max_short: found 8.0; it must be an integer"),
        (
            "ResizeStepScaling",
            {"min_scale_factor": 2.0},
            "min_scale_factor: found 2.0; it must not be above max_scale_factor, 1.25",
        ),
        ("ResizeStepScaling", {"scale_step_size": -1}, "scale_step_size: found -1; it must be 0 or more"),
        ("RandomHorizontalFlip", {"prob": 1.5}, "prob: found 1.5; it must be from 0 to 1"),
        ("RandomDistort", {"hue_prob": -1}, "hue_prob: found -1; it must be from 0 to 1"),
        ("RandomDistort", {"hue_range": -1}, "hue_range: found -1; it must be from 0 to 256"),
        ("Normalize", {"mean": 0.5}, "mean: found 0.5; it must be a list of numbers"),
        ("Normalize", {"std": [0.5, 0, 0.5]}, "std: found .0.5, 0, 0.5.; it must be from 0.000001"),
        ("Normalize", {"mean": [0.5] * 3, "std": [0.5] * 2}, "mean has 3 values and std 2"),
    ],
)
def test_wrong_arguments_name_the_key_and_what_is_allowed(name, arguments, message):
    with pytest.raises(ConfigError, match=message):
        getattr(T, name)(**arguments)


def test_each_transform_is_loaded_when_its_name_is_asked_for_and_other_names_are_unknown():
    assert all(getattr(T, name).__name__ == name for name in T.__all__) and set(T.__all__) <= set(dir(T))
    with pytest.raises(AttributeError, match="no attribute 'RandomDistrot'"):
        T.RandomDistrot  # noqa: B018 (asking is what fails)
