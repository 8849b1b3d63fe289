# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Sliding windows against plain loops."""

import math

import numpy as np
import paddle
import pytest

from paddleseg.inference.sliding_window import slide_logits, window_starts


def starts_in_words(length, window, stride):
    """One by one: a step further until a window reaches the border, which it may not pass."""
    starts = [0]
    while starts[-1] + window < length:
        starts.append(min(starts[-1] + stride, length - window))
    return starts


def position_dependent(x):
    """Two logits: one is the picture, the other grows with the distance from the window's corner."""
    _, _, height, width = x.shape
    ramp = paddle.arange(height, dtype="float32").reshape([1, 1, -1, 1]) + 0.1 * paddle.arange(width, dtype="float32")
    return paddle.concat([x[:, :1], ramp.expand([x.shape[0], 1, height, width])], axis=1)


def average_plainly(image, crop_size, stride):
    """The mean over the windows of ``position_dependent``, pixel by pixel in float64."""
    _, _, height, width = image.shape
    window_w, window_h = min(crop_size[0], width), min(crop_size[1], height)
    result = np.empty((2, height, width))
    tops, lefts = starts_in_words(height, window_h, stride[1]), starts_in_words(width, window_w, stride[0])
    for y in range(height):
        for x in range(width):
            over = [
                (y - top) + 0.1 * (x - left)
                for top in tops
                for left in lefts
                if top <= y < top + window_h and left <= x < left + window_w
            ]
            result[:, y, x] = image[0, 0, y, x], math.fsum(over) / len(over)
    return result


@pytest.fixture
def image():
    return np.random.default_rng(0).standard_normal((1, 3, 37, 51)).astype("float32")


def test_the_last_window_is_shifted_back_to_the_border():
    assert window_starts(97, 32, 20) == [0, 20, 40, 60, 65]
    assert window_starts(72, 32, 20) == [0, 20, 40]
    assert window_starts(33, 32, 32) == [0, 1]


def test_a_window_that_covers_the_axis_stands_alone():
    assert window_starts(32, 32, 20) == window_starts(10, 32, 20) == [0]


def test_starts_equal_going_step_by_step_and_leave_no_pixel_out():
    for length in range(1, 40):
        for window in range(1, 14):
            for stride in range(1, window + 1):
                starts = window_starts(length, window, stride)
                assert starts == starts_in_words(length, window, stride)
                assert {start + i for start in starts for i in range(window)} >= set(range(length))


@pytest.mark.parametrize(
    ("crop_size", "stride"),
    [((20, 16), (13, 7)), ((51, 16), (51, 16)), ((64, 10), (1, 9)), ((17, 64), (6, 5)), ((5, 3), (5, 3))],
)
def test_logits_are_the_mean_over_all_windows_of_a_pixel(image, crop_size, stride):
    found = slide_logits(position_dependent, paddle.to_tensor(image), crop_size, stride)
    assert (found.shape, found.dtype) == ((1, 2, 37, 51), np.float32)
    np.testing.assert_allclose(found[0], average_plainly(image, crop_size, stride), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("crop_size", [(51, 37), (64, 37), (51, 64), (1000, 1000)])
def test_a_window_that_covers_everything_gives_the_logits_of_the_whole_bit_by_bit(image, crop_size):
    x = paddle.to_tensor(image)
    found = slide_logits(position_dependent, x, crop_size, (1, 1))
    np.testing.assert_array_equal(found, position_dependent(x).numpy())


@pytest.mark.parametrize("batch_size", [2, 5, 100])
def test_windows_share_passes_of_the_network_and_the_logits_stay(image, batch_size):
    sizes = []

    def network(x):
        sizes.append(x.shape[0])
        return position_dependent(x)

    x = paddle.to_tensor(image)
    alone = slide_logits(position_dependent, x, (20, 16), (13, 7))  # 4 rows of 4 windows
    together = slide_logits(network, x, (20, 16), (13, 7), batch_size)
    np.testing.assert_array_equal(together, alone)
    assert sum(sizes) == 16
    assert max(sizes) == min(batch_size, 16)
