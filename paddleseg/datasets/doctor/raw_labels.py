# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Label files as stored, including those unusable for training, and how their values are arranged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image, read_label

# For labels with smoothed colours; classes are among the most frequent ones.
_MOST_COLOURS = 512
# A photo has thousands of colours, and few pixels equal to all of their neighbours.
_LABEL_COLOURS, _LABEL_INTERIOR = 256, 0.8


@dataclass(frozen=True)
class RawLabel:
    """The content of a label file.

    Attributes:
        values: (H, W) int32: the numbers of the file, or for colours ``red << 16 | green << 8 | blue``.
        is_coloured: Whether these are colours.
        is_compressed: Whether it is a JPEG file or the like, which changes values.
    """

    values: np.ndarray
    is_coloured: bool
    is_compressed: bool = False


def read_raw_label(path: str) -> RawLabel:
    """Read a label, whatever its form; three equal channels count as one.

    Raises:
        DataError: It cannot be decoded, or has numbers above 255.
    """
    try:
        return RawLabel(read_label(path).astype(np.int32), False)
    except DataError as error:
        image = read_image(path, 3)
        if image.dtype != np.uint8:
            raise error from None
    with open(path, "rb") as file:
        is_compressed = not file.read(4).startswith((b"\x89PNG", b"BM", b"II", b"MM"))
    is_grey = bool((image == image[:, :, :1]).all())
    return RawLabel(image[:, :, 0].astype(np.int32) if is_grey else pack(image), not is_grey, is_compressed)


def pack(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 colours as (H, W) int32 numbers."""
    red, green, blue = (image[:, :, channel].astype(np.int32) for channel in range(3))
    return red << 16 | green << 8 | blue


def unpack(number: int) -> tuple[int, int, int]:
    """Red, green and blue of a number of ``pack``."""
    return number >> 16, number >> 8 & 255, number & 255


@dataclass(frozen=True)
class ValueCounts:
    """The arrangement of an array's values.

    Attributes:
        values: The values that occur, for colours the most frequent 512, in rising order.
        pixels: How many pixels each has.
        interior: How many of these equal their neighbours above, below, left and right. Smoothed edges have almost
            none.
        num_values: How many values there are.
        borders: Pairs of neighbours that differ.
        ramps: Three neighbours in a row that all differ.
        monotone: Those of them whose middle value lies between the others. Among class ids a third do so by chance;
            with smoothed edges most do.
    """

    values: np.ndarray
    pixels: np.ndarray
    interior: np.ndarray
    num_values: int
    borders: int
    ramps: int
    monotone: int

    @property
    def interior_share(self) -> float:
        """Share of the pixels with kept values that equal their neighbours."""
        return float(self.interior.sum() / max(self.pixels.sum(), 1))

    @property
    def is_like_label(self) -> bool:
        """Whether there are few values, in areas."""
        return self.num_values <= _LABEL_COLOURS and self.interior_share >= _LABEL_INTERIOR

    @property
    def is_like_photo(self) -> bool:
        """Whether there are many values, hardly any neighbours being equal."""
        return self.num_values > _LABEL_COLOURS and self.interior_share < _LABEL_INTERIOR


def count_values(values: np.ndarray) -> ValueCounts:
    """Count an (H, W) int32 array of numbers or packed colours."""
    inside = np.ones(values.shape, bool)
    borders = ramps = monotone = 0
    for array, flags in ((values, inside), (values.T, inside.T)):  # along the rows, then along the columns
        differs = array[:, 1:] != array[:, :-1]
        flags[:, 1:] &= ~differs
        flags[:, :-1] &= ~differs
        borders += int(np.count_nonzero(differs))
        row, column = np.nonzero(differs[:, 1:] & differs[:, :-1])
        before, middle, after = (array[row, column + offset] for offset in range(3))
        is_ramp = before != after
        ramps += int(np.count_nonzero(is_ramp))
        monotone += int(np.count_nonzero(is_ramp & ((before < middle) == (middle < after))))
    found, pixels, interior = _count(values, inside)
    num_values = len(found)
    if num_values > _MOST_COLOURS:
        kept = np.sort(np.argsort(pixels)[-_MOST_COLOURS:])
        found, pixels, interior = found[kept], pixels[kept], interior[kept]
    return ValueCounts(found, pixels, interior, num_values, borders, ramps, monotone)


def _count(values: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if values.max(initial=0) < 256:  # counting is ten times as fast as sorting
        pixels, interior = np.bincount(values.ravel(), minlength=256), np.bincount(values[inside], minlength=256)
        found = np.flatnonzero(pixels)
        return found, pixels[found], interior[found]
    found, places = np.unique(values, return_inverse=True)
    places = places.ravel()
    interior = np.bincount(places[inside.ravel()], minlength=len(found))
    return found, np.bincount(places, minlength=len(found)), interior
