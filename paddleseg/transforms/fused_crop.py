# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Random scale, crop and flips in one step, only on the pixels of the window.

``ResizeStepScaling`` and ``RandomPaddingCrop`` in sequence resize a whole picture, of which the window is a small part:
at twice the size, 1024x1024 of 4096x2048 pixels. Here the window is drawn first, from the same generator
in the same order, and only its part of the picture is resized. The sample is the same to the bit, at every scale:

* Picture: OpenCV's linear resize of 8 bits takes positions in float32 and weights of 11 bits. The part is cut where
  the pixel grids before and after the resize coincide and all weights of the window come out the same. At steps of
  0.25 and sides that 4 divides, the next such place is mostly within 8 source pixels. It is farther away if both sizes
  have few common divisors, and beyond some thousand pixels, where float32 gets coarse; the picture's own corner always
  is one. Over random scales from 0.5 to 2 that costs 0.6 times a resize of the whole picture, with steps 0.3.
* Label: its pixels are selected by the index arithmetic of OpenCV's nearest neighbour.

Pictures of other types than 8 bits, or with more than four channels, go through the transforms one by one:
OpenCV's weights for 16 bits and floats are not rounded, and so depend on the position in the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from paddleseg.transforms import functional
from paddleseg.transforms.augmentation import (
    RandomHorizontalFlip,
    RandomPaddingCrop,
    RandomVerticalFlip,
    ResizeStepScaling,
)
from paddleseg.transforms.sample import Sample

_MOST_CHANNELS = 4
_WEIGHT_SCALE = 2048  # INTER_RESIZE_COEF_SCALE in OpenCV's resize.cpp
_SOURCE_MARGIN = 2  # pixels that a resize reads beyond a position: its right neighbour, and one for rounding

Flip = RandomHorizontalFlip | RandomVerticalFlip


def fuse(transforms: Sequence[Callable[..., Any]]) -> list[Callable[..., Any]]:
    """Replace each scaling with its crop and the flips that follow by a ``FusedCrop``.

    Only the classes themselves are fused, not subclasses.
    """
    fused: list[Callable[..., Any]] = []
    position = 0
    while position < len(transforms):
        if [type(transform) for transform in transforms[position : position + 2]] != [
            ResizeStepScaling,
            RandomPaddingCrop,
        ]:
            fused.append(transforms[position])
            position += 1
            continue
        end = position + 2
        while end < len(transforms) and type(transforms[end]) in (RandomHorizontalFlip, RandomVerticalFlip):
            end += 1
        fused.append(FusedCrop(transforms[position], transforms[position + 1], transforms[position + 2 : end]))
        position = end
    return fused


class FusedCrop:
    """``scaling``, ``crop`` and ``flips`` in one step; see the module.

    Args:
        scaling: Draws the scale.
        crop: Draws the window, and gives the padding of a smaller picture.
        flips: Each draws whether it flips.
    """

    is_random = True

    def __init__(self, scaling: ResizeStepScaling, crop: RandomPaddingCrop, flips: Sequence[Flip] = ()) -> None:
        self._scaling, self._crop, self._flips = scaling, crop, list(flips)

    @property
    def name(self) -> str:
        """The transforms that it replaces."""
        return " + ".join(type(transform).__name__ for transform in (self._scaling, self._crop, *self._flips))

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        image, label = sample["img"], sample.get("label")
        if image.dtype != np.uint8 or image.shape[2] > _MOST_CHANNELS:
            for transform in (self._scaling, self._crop, *self._flips):
                sample = transform(sample, rng)
            return sample
        scaled_wh = functional.scaled_size(image, self._scaling.draw_scale(rng))
        crop = self._crop

        def label_at(corner: tuple[int, int]) -> np.ndarray:
            window = _nearest_window(label, scaled_wh, corner, crop.crop_size)
            return functional.pad_bottom_right(window, crop.crop_size, crop.label_padding_value)

        padded_hw = [max(sides) for sides in zip(scaled_wh[::-1], crop.crop_size[::-1])]
        corner = crop.choose_corner(padded_hw, rng, None if label is None else label_at)
        axes = [flip.draw_axis(rng) for flip in self._flips]
        image = _linear_window(image, scaled_wh, corner, crop.crop_size)
        image = functional.pad_bottom_right(image, crop.crop_size, crop.im_padding_value)
        sample["img"] = _flip(image, axes)
        if label is not None:
            sample["label"] = _flip(label_at(corner), axes)
        return sample


def _flip(array: np.ndarray, axes: Sequence[int | None]) -> np.ndarray:
    for axis in (0, 1):
        if axes.count(axis) % 2:
            array = functional.flip(array, horizontal=axis == 1)
    return array


def _nearest_window(
    label: np.ndarray, scaled_wh: Sequence[int], corner_yx: Sequence[int], size_wh: Sequence[int]
) -> np.ndarray:
    """A window of the (H, W) label as ``cv2.resize`` by INTER_NEAREST scales it; no larger than that."""
    indices = []
    for sides in zip(label.shape, scaled_wh[::-1], corner_yx, size_wh[::-1]):
        source, scaled, first, length = sides
        places = np.arange(first, min(first + length, scaled))
        # In float64 like OpenCV: 1 / (scaled / source) need not be source / scaled.
        indices.append(np.minimum(np.floor(places * (1.0 / (scaled / source))).astype(np.intp), source - 1))
    rows, columns = indices
    # Columns first, only of rows that occur: enlarging repeats rows, and copying them is faster than selecting pixels.
    # mode="clip" spares numpy the buffer that it needs to raise an error halfway.
    part = label[rows[0] : rows[-1] + 1]
    return np.take(np.take(part, columns, axis=1, mode="clip"), rows - rows[0], axis=0, mode="clip")


def _linear_window(
    image: np.ndarray, scaled_wh: Sequence[int], corner_yx: Sequence[int], size_wh: Sequence[int]
) -> np.ndarray:
    """A window of the (H, W, C) uint8 picture as ``cv2.resize`` scales it, no larger than that; maybe a view."""
    spans = [_span(*sides) for sides in zip(image.shape, scaled_wh[::-1], corner_yx, size_wh[::-1])]
    rows, columns = spans
    part = image[rows.start : rows.stop, columns.start : columns.stop]
    if image.shape[:2] != tuple(scaled_wh[::-1]):
        factors = scaled_wh[0] / image.shape[1], scaled_wh[1] / image.shape[0]
        if all(round(side * factor) == side for side, factor in zip(part.shape[1::-1], factors)):
            # OpenCV would copy a part whose size rounding leaves the same; the whole picture's size does change.
            part = image[rows.start :, columns.start :]
        resized = cv2.resize(part, None, fx=factors[0], fy=factors[1])
        part = resized[:, :, np.newaxis] if resized.ndim == 2 else resized
    return functional.crop(part, (rows.offset, columns.offset), (columns.length, rows.length))


class _Span:
    """Along one axis: the source pixels to cut out, and the window within their resized version.

    Attributes:
        start: First source pixel.
        stop: The one after the last.
        offset: Start of the window in the resized part.
        length: Length of the window; shorter than requested if the scaled picture ends.
    """

    def __init__(self, start: int, stop: int, offset: int, length: int) -> None:
        self.start, self.stop, self.offset, self.length = start, stop, offset, length


def _span(source: int, scaled: int, first: int, length: int) -> _Span:
    """Where to cut for the pixels from ``first`` on, on a side resized from ``source`` to ``scaled`` pixels."""
    length = min(length, scaled - first)
    stop = min(source, math.ceil((first + length) * source / scaled) + _SOURCE_MARGIN)
    common = math.gcd(source, scaled)
    step, source_step = scaled // common, source // common
    whole = _positions_and_weights(source, scaled, first, length)
    # The first pixels of a part repeat its border and do not count: half a source pixel of them.
    steps = max(first - math.ceil(scaled / (2 * source)), 0) // step
    while steps > 0:
        positions, weights = _positions_and_weights(source, scaled, first - steps * step, length)
        if np.array_equal(positions + steps * source_step, whole[0]) and np.array_equal(weights, whole[1]):
            break
        steps //= 2  # far from the origin float32 rounds coarsely, and nearby positions fail alike
    return _Span(steps * source_step, stop, first - steps * step, length)


def _positions_and_weights(source: int, scaled: int, first: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Left neighbour and 11-bit weight of the right one for each pixel, as OpenCV's linear resize computes them."""
    scale = 1.0 / (scaled / source)
    exact = (np.arange(first, first + length) + 0.5) * scale - 0.5
    position = exact.astype(np.float32)
    left = np.floor(position)
    return left.astype(np.intp), np.rint((position - left) * np.float32(_WEIGHT_SCALE))
