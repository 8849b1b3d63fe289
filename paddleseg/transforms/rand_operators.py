# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The operators of RandAugment, as pure functions of 8-bit RGB or grey arrays (H, W, C).

Point operators equal Pillow's ``ImageOps`` and ``ImageEnhance`` bit for bit, mostly by a table of 256 values, which
takes a fifth of the time. Moves go through OpenCV's bicubic warp, which differs from Pillow's by one or two
grey levels and takes a third of the time; ``move_matrix`` returns them as the (2, 3) maps that Pillow uses.
"""

from __future__ import annotations

import math
from typing import Literal

import cv2
import numpy as np
from PIL import Image

from paddleseg.transforms.functional import blend_table, with_channels

Move = Literal["Rotate", "ShearX", "ShearY", "TranslateX", "TranslateY"]
_LEVELS = np.arange(256)


def autocontrast(image: np.ndarray) -> np.ndarray:
    """Stretch each channel to the whole range from 0 to 255."""

    def table(counts: np.ndarray) -> np.ndarray:
        present = np.flatnonzero(counts)
        low, high = int(present[0]), int(present[-1])
        if low == high:
            return _LEVELS
        scale = 255.0 / (high - low)
        return np.clip((_LEVELS * scale + -low * scale).astype(np.int64), 0, 255)

    return _by_histogram(image, table)


def equalize(image: np.ndarray) -> np.ndarray:
    """Spread each channel's levels so that all are about equally frequent."""

    def table(counts: np.ndarray) -> np.ndarray:
        present = np.flatnonzero(counts)
        step = int(counts.sum() - counts[present[-1]]) // 255
        if len(present) == 1 or step == 0:
            return _LEVELS
        below = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return np.minimum((step // 2 + below) // step, 255)

    return _by_histogram(image, table)


def invert(image: np.ndarray) -> np.ndarray:
    """Turn each level v into 255 - v."""
    return 255 - image


def posterize(image: np.ndarray, bits: int) -> np.ndarray:
    """Keep the highest ``bits`` bits, 0 to 8, of each level."""
    return image & np.uint8(256 - 2 ** (8 - bits))


def solarize(image: np.ndarray, threshold: int) -> np.ndarray:
    """Invert the levels from ``threshold`` on."""
    return _by_table(image, np.where(threshold > _LEVELS, _LEVELS, 255 - _LEVELS))


def solarize_add(image: np.ndarray, amount: int) -> np.ndarray:
    """Make the levels below 128 lighter by ``amount``."""
    return _by_table(image, np.where(_LEVELS < 128, np.minimum(_LEVELS + amount, 255), _LEVELS))


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend with black: 0 is black, 1 the picture."""
    return _by_table(image, blend_table(0, factor))


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend with the mean grey level: 0 is that grey, 1 the picture."""
    grey = np.asarray(_to_pillow(image).convert("L"))
    return _by_table(image, blend_table(int(grey.sum(dtype=np.int64) / grey.size + 0.5), factor))


def color(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend with the grey picture: 0 is grey, 1 the picture."""
    picture = _to_pillow(image)
    return _from_pillow(Image.blend(picture.convert("L").convert(picture.mode), picture, factor), image)


def sharpness(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend with the smoothed picture: 0 is smooth, 1 the picture, 2 sharper. The outermost pixels stay."""
    # The sum of thirteenths never ends in a half, so that rounding it needs no rule.
    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13
    smooth = image.copy()
    if min(image.shape[:2]) > 2:
        smooth[1:-1, 1:-1] = with_channels(cv2.filter2D(image, -1, kernel), image)[1:-1, 1:-1]
    return _from_pillow(Image.blend(_to_pillow(smooth), _to_pillow(image), factor), image)


def move_matrix(move: Move, amount: float, width: int, height: int) -> np.ndarray:
    """The map from (x, y, 1) in the result to (x, y) in the picture, (2, 3) float64; whole numbers are pixel middles.

    Args:
        move: ``Rotate`` by ``amount`` degrees counterclockwise about the middle; ``ShearX``: ``amount`` pixels to the
            side for each row, ``ShearY`` for each column; ``TranslateX`` and ``TranslateY`` by ``amount`` pixels.
        amount: See ``move``.
        width: Width of the picture.
        height: Height of the picture.
    """
    linear, shift = np.eye(2), np.zeros(2)
    if move == "Rotate":
        cosine, sine = math.cos(math.radians(amount)), math.sin(math.radians(amount))
        linear = np.array([[cosine, -sine], [sine, cosine]])
        middle = np.array([width, height]) / 2
        shift = middle - linear @ middle
    elif move.startswith("Shear"):
        linear[(0, 1) if move == "ShearX" else (1, 0)] = amount
    else:
        shift[0 if move == "TranslateX" else 1] = amount
    # Pillow's origin is the corner of the first pixel, OpenCV's its centre.
    half = np.full(2, 0.5)
    return np.column_stack([linear, linear @ half + shift - half])


def _by_table(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Look every level up in (256,), or each channel's in (256, C)."""
    table = table.astype(np.uint8)
    return with_channels(cv2.LUT(image, table[np.newaxis] if table.ndim == 2 else table), image)


def _by_histogram(image: np.ndarray, table_of) -> np.ndarray:
    counts = (np.bincount(image[:, :, channel].ravel(), minlength=256) for channel in range(image.shape[2]))
    return _by_table(image, np.stack([table_of(count) for count in counts], axis=1))


def _to_pillow(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)


def _from_pillow(picture: Image.Image, like: np.ndarray) -> np.ndarray:
    return with_channels(np.array(picture), like)
