# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Sliding windows: the logits of a picture, averaged over the windows that cover each pixel.

The windows are PaddleSeg's: they start at multiples of the stride, the last one of a row or column is shifted
back to the border, and a picture that is smaller than a window shrinks it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import paddle


def window_starts(length: int, window: int, stride: int) -> list[int]:
    """The start of each window along one axis.

    Args:
        length: Pixels of the axis.
        window: Pixels of a window.
        stride: Pixels from one window to the next, at most ``window``.

    Returns:
        Ascending; 0 alone when the window covers the axis.

    Example:
        >>> window_starts(97, 32, 20)
        [0, 20, 40, 60, 65]
    """
    last = max(length - window, 0)
    return [*range(0, last, stride), last]


def slide_logits(
    logits_of: Callable[[paddle.Tensor], paddle.Tensor],
    image: paddle.Tensor,
    crop_size: Sequence[int],
    stride: Sequence[int],
    batch_size: int = 1,
) -> np.ndarray:
    """Logits of one picture, averaged over the windows.

    The sum is kept in host memory: the logits of a picture that needs windows may not fit on the device.

    Args:
        logits_of: The network: (n, C, h, w) to logits (n, K, h, w), float32.
        image: (1, C, H, W), normalised.
        crop_size: Width and height of a window.
        stride: Width and height of the steps, at most ``crop_size``.
        batch_size: Most windows in one pass of the network.

    Returns:
        (1, K, H, W) float32.
    """
    height, width = image.shape[2:]
    window_w, window_h = min(crop_size[0], width), min(crop_size[1], height)
    tops, lefts = window_starts(height, window_h, stride[1]), window_starts(width, window_w, stride[0])
    corners = list(product(tops, lefts))
    total = None
    for first in range(0, len(corners), batch_size):
        places = [
            np.s_[:, :, top : top + window_h, left : left + window_w]
            for top, left in corners[first : first + batch_size]
        ]
        logits = logits_of(paddle.concat([image[place] for place in places])).numpy()
        if total is None:
            total = np.zeros((1, logits.shape[1], height, width), np.float32)
        for place, window in zip(places, logits):
            total[place] += window
    # The windows form a grid, so the number of them over a pixel is a product.
    total /= np.outer(_times_covered(tops, window_h, height), _times_covered(lefts, window_w, width))
    return total


def _times_covered(starts: Sequence[int], window: int, length: int) -> np.ndarray:
    """(length,) float32: how many windows cover each pixel of an axis."""
    covered = np.zeros(length, np.float32)
    for start in starts:
        covered[start : start + window] += 1
    return covered
