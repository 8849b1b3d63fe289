# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Image and label functions in numpy and OpenCV: no randomness, no state.

Images are (H, W, C) arrays of any dtype that OpenCV resizes, labels (H, W) uint8. Sizes in arguments are
(width, height) as in the YAML files; sizes in a sample's ``trans_info`` are (height, width) as in PaddleSeg.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def resize(array: np.ndarray, size_wh: Sequence[int], interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Resize an image (H, W, C) or label (H, W) to ``size_wh``; the dtype stays."""
    resized = cv2.resize(array, (int(size_wh[0]), int(size_wh[1])), interpolation=interpolation)
    return _with_channels(resized, array)


def pad_bottom_right(array: np.ndarray, size_wh: Sequence[int], value: float) -> np.ndarray:
    """Enlarge an image or label to at least ``size_wh`` by a constant border below and on the right.

    The value is rounded half to even for integer types: 127.5 becomes 128 in uint8.
    """
    pad_width = max(size_wh[0] - array.shape[1], 0)
    pad_height = max(size_wh[1] - array.shape[0], 0)
    if pad_width == 0 and pad_height == 0:
        return array
    if np.issubdtype(array.dtype, np.integer):
        value = round(value)
    padding = [(0, pad_height), (0, pad_width)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, padding, constant_values=value)


def flip(array: np.ndarray, *, horizontal: bool) -> np.ndarray:
    """Mirror left-right, or top-bottom if not ``horizontal``."""
    return _with_channels(cv2.flip(array, 1 if horizontal else 0), array)


def scaled_size(array: np.ndarray, scale: float) -> tuple[int, int]:
    """Width and height of an array after scaling, each rounded to a whole number of at least 1."""
    height, width = array.shape[:2]
    return max(round(width * scale), 1), max(round(height * scale), 1)


def adjust_brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend a uint8 image with black, exactly as Pillow's ``ImageEnhance.Brightness``."""
    return cv2.LUT(image, _blend_table(0, factor)).reshape(image.shape)


def adjust_contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend a uint8 RGB or grey image with its mean grey level, as Pillow's ``ImageEnhance.Contrast``.

    Within one grey level of Pillow, whose grey conversion rounds differently in the last bit.
    """
    mean = int(cv2.mean(_to_grey(image))[0] + 0.5)
    return cv2.LUT(image, _blend_table(mean, factor)).reshape(image.shape)


def adjust_saturation(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend a uint8 RGB image with its grey version; within one level of Pillow's ``ImageEnhance.Color``."""
    grey = cv2.cvtColor(_to_grey(image), cv2.COLOR_GRAY2RGB)
    return _blend(grey, image, factor)


def adjust_sharpness(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend a uint8 image with a smoothed one; within one grey level of Pillow's ``ImageEnhance.Sharpness``.

    Factor 0 is the smoothed image, 2 a sharpened one. The outermost pixels stay as they are, as in Pillow.
    """
    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13
    smooth = _with_channels(cv2.filter2D(image, -1, kernel), image)
    smooth[[0, -1]] = image[[0, -1]]
    smooth[:, [0, -1]] = image[:, [0, -1]]
    return _blend(smooth, image, factor)


def shift_hue(image: np.ndarray, delta: float) -> np.ndarray:
    """Turn the hue of a uint8 RGB image by ``delta`` in units of 1/256 of the colour circle (18: 25 degrees).

    Hue and saturation pass through 8 bits as in Pillow, but rounded where Pillow cuts off.
    """
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    table = np.empty((1, 256, 3), np.uint8)
    table[...] = np.arange(256, dtype=np.uint8)[:, np.newaxis]
    table[0, :, 0] = (np.arange(256) + int(delta)) % 256
    hsv = cv2.LUT(hsv, table, dst=hsv)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL, dst=hsv)


def restore_size(label_map: np.ndarray, trans_info: Sequence[tuple[str, Sequence[int]]]) -> np.ndarray:
    """Bring a predicted label map back to the size of the picture before the transforms.

    Args:
        label_map: (h, w) class ids at the size of the transformed picture, any integer type.
        trans_info: What was done to the picture: ("resize" or "padding", (height, width) before it) in order.

    Returns:
        (H, W) label map of the same dtype; paddings are cut off, resizes undone by nearest neighbour.
    """
    for kind, (height, width) in reversed(trans_info):
        if kind == "padding":
            label_map = label_map[:height, :width]
        elif kind == "resize":
            label_map = _resize_nearest(label_map, height, width)
        else:
            raise ValueError(f"unknown entry {kind!r} in trans_info; known: 'resize', 'padding'")
    return label_map


def _resize_nearest(label_map: np.ndarray, height: int, width: int) -> np.ndarray:
    # Index arithmetic keeps every dtype (OpenCV has no int64) and takes the same source pixel as
    # paddle's and OpenCV's nearest modes: floor(i * source / target).
    rows = np.arange(height) * label_map.shape[0] // height
    columns = np.arange(width) * label_map.shape[1] // width
    return label_map[rows[:, np.newaxis], columns]


def _with_channels(result: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Put back the last axis that OpenCV drops from (H, W, 1) arrays."""
    return result[:, :, np.newaxis] if result.ndim < source.ndim else result


def _to_grey(image: np.ndarray) -> np.ndarray:
    return image if image.shape[2] == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _blend_table(base: int, factor: float) -> np.ndarray:
    """The 256 results of blending ``base`` with each grey level, in Pillow's arithmetic: float32, cut off."""
    levels = np.arange(256, dtype=np.float32)
    blended = np.float32(base) + np.float32(factor) * (levels - np.float32(base))
    return np.clip(blended, 0, 255).astype(np.uint8)


def _blend(base: np.ndarray, image: np.ndarray, factor: float) -> np.ndarray:
    # addWeighted rounds to nearest, Pillow cuts off: nearly half a level less makes both agree.
    blended = cv2.addWeighted(image, factor, base, 1.0 - factor, -0.498)
    return _with_channels(blended, image)
