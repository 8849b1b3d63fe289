# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Padding to an aspect ratio and to a square, by hand-worked numbers, and mapping predictions back."""

import re

import numpy as np
import pytest

from paddleseg import transforms as T
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.way_back import restore_ids

RNG = np.random.default_rng(0)


def make_sample(height, width, channels=3):
    label = (np.arange(height * width) % 5).reshape(height, width).astype(np.uint8)
    image = np.repeat(label[:, :, np.newaxis] * np.uint8(10), channels, axis=2)
    return {"img": image, "label": label, "path": "picture.png", "trans_info": []}


@pytest.mark.parametrize(
    ("aspect_ratio", "size_hw"),
    [(1, (36, 36)), (2, (24, 48)), (1.7, (24, 40)), (1.3, (27, 36)), (0.5, (72, 36)), (1.5, (24, 36))],
)
def test_padding_by_aspect_ratio_enlarges_one_side_below_or_on_the_right(aspect_ratio, size_hw):
    original = make_sample(24, 36)
    sample = T.PaddingByAspectRatio(aspect_ratio, label_padding_value=7)(make_sample(24, 36), RNG)
    assert sample["img"].shape == (*size_hw, 3) and sample["label"].shape == size_hw
    np.testing.assert_array_equal(sample["img"][:24, :36], original["img"])
    np.testing.assert_array_equal(sample["label"][:24, :36], original["label"])
    assert (sample["img"][24:] == 128).all() and (sample["img"][:, 36:] == 128).all()
    assert (sample["label"][24:] == 7).all() and (sample["label"][:, 36:] == 7).all()
    assert sample["trans_info"] == ([] if size_hw == (24, 36) else [("padding", (24, 36))])
    np.testing.assert_array_equal(restore_ids(sample["label"], sample["trans_info"]), original["label"])


def test_scale_padding_puts_a_wide_picture_into_the_middle_of_a_square():
    sample = make_sample(2, 5)
    padded = T.ScalePadding([5, 5], im_padding_value=[1, 2, 300 / 4], label_padding_value=255)(sample, RNG)
    # Three rows to add: one above, two below.
    np.testing.assert_array_equal(
        padded["label"],
        [[255] * 5, [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [255] * 5, [255] * 5],
    )
    np.testing.assert_array_equal(padded["img"][[0, 3, 4]], np.broadcast_to([1, 2, 75], (3, 5, 3)))
    np.testing.assert_array_equal(padded["img"][1, :, 1], [0, 10, 20, 30, 40])


def test_scale_padding_puts_a_high_picture_into_the_middle_and_resizes_to_width_and_height():
    padded = T.ScalePadding([8, 12])(make_sample(4, 1), RNG)
    assert padded["img"].shape == (12, 8, 3) and padded["img"].dtype == np.uint8
    # One column left and two right of it; 4x4 is enlarged to 8x12.
    expected = np.repeat(np.array([[255, k, 255, 255] for k in range(4)]), 2, axis=1).repeat(3, axis=0)
    np.testing.assert_array_equal(padded["label"], expected)
    assert (padded["img"][:, -1] == 128).all()  # cubic interpolation overshoots nearer to the picture


@pytest.mark.parametrize(("height", "width"), [(24, 36), (37, 20), (5, 5), (1, 4)])
def test_predictions_come_back_from_scale_padding(height, width):
    sample = make_sample(height, width)
    label = sample["label"]
    side = max(height, width)
    padded = T.ScalePadding([2 * side, 3 * side])(sample, RNG)
    assert padded["trans_info"] == [("center_padding", (height, width)), ("resize", (side, side))]
    np.testing.assert_array_equal(restore_ids(padded["label"], padded["trans_info"]), label)


def test_scale_padding_interpolates_pictures_by_cubic_curves_which_overshoot_at_steps():
    sample = {**make_sample(10, 20), "img": np.full((10, 20, 1), 200, np.uint8)}
    image = T.ScalePadding([60, 60], im_padding_value=100)(sample, RNG)["img"]
    assert 200 < image.max() < 215 and 85 < image.min() < 100
    assert (image[[0, -1]] == 100).all() and (image[30] == 200).all()


def test_scale_padding_makes_up_no_classes():
    for size in ([13, 29], [90, 7]):
        assert set(np.unique(T.ScalePadding(size)(make_sample(20, 31), RNG)["label"])) <= {0, 1, 2, 3, 4, 255}


def test_scale_padding_wants_one_value_per_channel():
    with pytest.raises(DataError, match=re.escape("picture.png: the picture has 4 channels, but ScalePadding.im_")):
        T.ScalePadding([8, 8], im_padding_value=[1, 2, 3])(make_sample(4, 5, channels=4), RNG)


@pytest.mark.parametrize("value", [-1, 255.6, 300])
@pytest.mark.parametrize("transform", [T.Padding, T.ScalePadding])
def test_a_padding_value_that_8_bits_cannot_hold_is_refused(transform, value):
    with pytest.raises(ConfigError, match=f"im_padding_value .*{value}.* does not fit into pictures of uint8 numbers"):
        transform([5, 5], im_padding_value=value)(make_sample(4, 5), RNG)
    wide = {**make_sample(4, 5), "img": np.zeros((4, 5, 1), np.float32)}
    assert transform([5, 5], im_padding_value=value)(wide, RNG)["img"][-1, -1, 0] == np.float32(value)
