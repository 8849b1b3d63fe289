# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Image and label functions against Pillow, hand-worked numbers and plain numpy."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from paddleseg.transforms import functional

FACTORS = (0.0, 0.37, 0.8, 1.0, 1.3, 1.9)


@pytest.fixture(scope="module")
def picture():
    """A smooth picture with noise: soft and extreme colours."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 255, 60)[:, None, None] * np.ones((1, 80, 3))
    return np.clip(ramp + rng.normal(0, 60, (60, 80, 3)), 0, 255).astype(np.uint8)


def _pillow(enhancer, image, factor):
    return np.asarray(enhancer(Image.fromarray(image)).enhance(factor)).astype(int)


@pytest.mark.parametrize("factor", FACTORS)
def test_brightness_equals_pillow(picture, factor):
    changed = functional.adjust_brightness(picture, factor)
    assert changed.dtype == np.uint8
    np.testing.assert_array_equal(changed, _pillow(ImageEnhance.Brightness, picture, factor))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(
    ("ours", "pillows"),
    [
        (functional.adjust_contrast, ImageEnhance.Contrast),
        (functional.adjust_saturation, ImageEnhance.Color),
        (functional.adjust_sharpness, ImageEnhance.Sharpness),
    ],
)
def test_contrast_saturation_and_sharpness_are_within_one_level_of_pillow(picture, ours, pillows, factor):
    difference = np.abs(ours(picture, factor).astype(int) - _pillow(pillows, picture, factor))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.05


@pytest.mark.parametrize("function", [functional.adjust_brightness, functional.adjust_contrast])
def test_grey_pictures_keep_their_channel_axis(picture, function):
    grey = picture[:, :, :1].copy()
    as_rgb = np.repeat(grey, 3, axis=2)
    changed = function(grey, 1.4)
    assert changed.shape == grey.shape
    np.testing.assert_array_equal(np.repeat(changed, 3, axis=2), function(as_rgb, 1.4))


def test_sharpness_of_a_grey_picture_is_that_of_each_channel(picture):
    whole = functional.adjust_sharpness(picture, 1.7)
    for channel in range(3):
        alone = functional.adjust_sharpness(picture[:, :, channel : channel + 1].copy(), 1.7)
        np.testing.assert_array_equal(alone[:, :, 0], whole[:, :, channel])


@pytest.mark.parametrize("delta", [-17.6, -1.0, 0.0, 9.3, 18.0])
def test_hue_is_pillows_up_to_the_rounding_of_an_8_bit_hue(picture, delta):
    hsv = np.array(Image.fromarray(picture).convert("HSV"))
    hsv[:, :, 0] = (hsv[:, :, 0].astype(int) + int(delta)) % 256
    expected = np.asarray(Image.fromarray(hsv, mode="HSV").convert("RGB")).astype(int)
    difference = np.abs(functional.shift_hue(picture, delta).astype(int) - expected)
    # One step of hue changes a fully saturated colour by 6 levels; Pillow cuts off, we round.
    assert difference.max() <= 3 * 6 + 1
    assert difference.mean() < 2


def test_a_third_of_the_circle_turns_red_into_green():
    red = np.full((2, 2, 3), (250, 0, 0), np.uint8)
    turned = functional.shift_hue(red, 256 / 3).astype(int)
    assert np.abs(turned - (0, 250, 0)).max() <= 3
    back = functional.shift_hue(turned.astype(np.uint8), -256 / 3).astype(int)
    assert np.abs(back - (250, 0, 0)).max() <= 6


@pytest.mark.parametrize("delta", [-300.5, -18, -1, 0, 17.9, 255])
def test_hue_is_turned_by_whole_steps_round_the_circle_and_nothing_else(picture, delta):
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV_FULL).astype(int)
    hsv[:, :, 0] = (hsv[:, :, 0] + int(delta)) % 256
    expected = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB_FULL)
    np.testing.assert_array_equal(functional.shift_hue(picture, delta), expected)


def test_padding_goes_below_and_right_and_rounds_127_5_to_128():
    image = np.full((2, 3, 3), 7, np.uint8)
    padded = functional.pad_bottom_right(image, (5, 4), 127.5)
    assert padded.shape == (4, 5, 3) and padded.dtype == np.uint8
    assert (padded[:2, :3] == 7).all()
    assert (padded[2:] == 128).all() and (padded[:, 3:] == 128).all()


def test_padding_of_floats_keeps_127_5_and_a_larger_picture_stays():
    image = np.zeros((2, 3, 1), np.float32)
    assert functional.pad_bottom_right(image, (4, 2), 127.5)[0, 3, 0] == 127.5
    assert functional.pad_bottom_right(image, (2, 1), 127.5).shape == (2, 3, 1)


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_resize_and_flip_keep_channels_and_dtype(channels):
    image = np.arange(4 * 6 * channels, dtype=np.uint16).reshape(4, 6, channels)
    assert functional.resize(image, (3, 2)).shape == (2, 3, channels)
    assert functional.resize(image, (3, 2)).dtype == np.uint16
    np.testing.assert_array_equal(functional.flip(image, horizontal=True), image[:, ::-1])
    np.testing.assert_array_equal(functional.flip(image, horizontal=False), image[::-1])
