# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Masks as run lengths: how many pixels are outside, then inside, then outside, and so on. Numpy only.

COCO counts down the columns, CVAT along the rows. COCO's text packs five bits of a number into a letter, the lowest
first; 32 means that more follow, and the highest bit of the last five is the sign. From the fourth run on, the packed
number is the difference from the run before the last (maskApi.c of cocoapi, ``rleToString``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paddleseg.utils.image_bytes import pixel_bound

_FIRST_LETTER, _LETTERS = 48, 64
_BITS, _MORE, _SIGN = 5, 32, 16
_MOST_LETTERS = 8
"""Of one number: 40 bits, more than any picture has pixels."""


def mask_of_runs(runs: Sequence[int] | np.ndarray, size_hw: tuple[int, int], *, by_columns: bool) -> np.ndarray:
    """The mask that run lengths describe.

    Args:
        runs: Number of pixels outside (may be 0), inside, outside, ...
        size_hw: Height and width of the mask.
        by_columns: Whether pixels are counted down the columns rather than along the rows.

    Returns:
        (H, W) bool.

    Raises:
        ValueError: The runs are not whole numbers of 0 or more, or their sum is not the mask's number of pixels, or
            that exceeds any picture's.

    Example:
        >>> mask_of_runs([1, 2, 1], (2, 2), by_columns=True).astype(int).tolist()
        [[0, 1], [1, 0]]
    """
    numbers = np.asarray(runs)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or (numbers < 0).any():
        raise ValueError("run lengths must be whole numbers of 0 or more")
    height, width = size_hw
    if height * width > pixel_bound():
        raise ValueError(f"the mask has {width}x{height} pixels, more than the bound of {pixel_bound()}")
    if numbers.sum(dtype=np.int64) != height * width:
        raise ValueError(f"the runs have {numbers.sum(dtype=np.int64)} pixels, {width}x{height} are {height * width}")
    pixels = np.repeat(np.arange(len(numbers)) % 2 == 1, numbers)
    return pixels.reshape(width, height).T if by_columns else pixels.reshape(height, width)


def runs_of_text(text: str) -> np.ndarray:
    """The run lengths in COCO's packed text.

    Returns:
        int64.

    Raises:
        ValueError: It is not such a text.

    Example:
        >>> runs_of_text("52203").tolist()
        [5, 2, 2, 2, 5]
    """
    letters = np.frombuffer(text.encode(), np.uint8).astype(np.int64) - _FIRST_LETTER
    if not len(letters) or (letters < 0).any() or (letters >= _LETTERS).any() or letters[-1] & _MORE:
        raise ValueError("this is not COCO's run-length text")
    is_last = letters & _MORE == 0
    starts = np.flatnonzero(np.concatenate([[True], is_last[:-1]]))
    lengths = np.diff(np.append(starts, len(letters)))
    if lengths.max() > _MOST_LETTERS:
        raise ValueError("this is not COCO's run-length text: a number is too long")
    places = np.arange(len(letters)) - np.repeat(starts, lengths)
    numbers = np.add.reduceat((letters & (_MORE - 1)) << _BITS * places, starts)
    numbers -= ((letters[is_last] & _SIGN) > 0) * (np.int64(1) << _BITS * lengths)
    for first in (1, 2):  # the very first run is the only one never used as a reference
        numbers[first::2] = np.cumsum(numbers[first::2])
    return numbers


def coco_mask(segmentation: Any) -> np.ndarray:
    """The mask of ``{"counts": .., "size": [height, width]}``, compressed or not.

    Raises:
        ValueError: It is not such an entry, or its parts contradict each other.
    """
    size = segmentation.get("size") if isinstance(segmentation, dict) else None
    if not (isinstance(size, list) and len(size) == 2 and all(isinstance(n, int) and n > 0 for n in size)):
        raise ValueError(f'"size" is {size!r}; it must be [height, width]')
    counts = segmentation.get("counts")
    if not isinstance(counts, (str, list)):
        raise ValueError('"counts" is missing; it must be a string or a list of numbers')
    runs = runs_of_text(counts) if isinstance(counts, str) else counts
    return mask_of_runs(runs, (size[0], size[1]), by_columns=True)
