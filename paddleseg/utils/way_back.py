# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The way from a network's input back to the picture: crops and resizes, and their combination on one axis; numpy only.

It is the way of the transforms, reversed. Linear resizes and crops work on rows and columns separately, so that any
number of them is one matrix for the rows and one for the columns, with a few adjacent nonzero numbers per line.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from paddleseg.utils.errors import ConfigError

TransInfo = Sequence[tuple[str, Sequence[int]]]
"""What was done to a picture, in order: (kind, (height, width) before it). Kinds are "resize"; "padding", below and on
the right; "center_padding", as ``transforms.functional.pad_to_square`` does it."""


class Step(NamedTuple):
    """One step of the way back.

    Attributes:
        size_hw: Height and width after it.
        corner_yx: Top left corner of the crop; None for a resize.
    """

    size_hw: tuple[int, int]
    corner_yx: tuple[int, int] | None


def way_back(size_hw: Sequence[int], trans_info: TransInfo) -> list[Step]:
    """The steps from the network's input, of height and width ``size_hw``, to the picture before the transforms.

    Steps that change nothing are left out.

    Example:
        >>> way_back((64, 64), [("resize", (100, 200)), ("padding", (32, 64))])
        [Step(size_hw=(32, 64), corner_yx=(0, 0)), Step(size_hw=(100, 200), corner_yx=None)]
    """
    steps, current = [], (int(size_hw[0]), int(size_hw[1]))
    for kind, (height, width) in reversed(trans_info):
        before = int(height), int(width)
        if kind == "resize":
            corner = None
        elif kind == "padding":
            before, corner = (min(before[0], current[0]), min(before[1], current[1])), (0, 0)
        elif kind == "center_padding":
            corner = (current[0] - before[0]) // 2, (current[1] - before[1]) // 2
        elif kind == "crop":
            raise ConfigError(
                "transforms: one of them cuts off a part of the picture (ResizeCenterCrop), which then has no "
                "label map; it is for classifiers"
            )
        else:
            raise ValueError(f"unknown entry {kind!r} in trans_info; known: 'resize', 'padding', 'center_padding'")
        if before != current:
            steps.append(Step(before, corner))
        current = before
    return steps


def restore_ids(label_map: np.ndarray, trans_info: TransInfo) -> np.ndarray:
    """Bring class ids to the size of the picture before the transforms, if there are no logits to resize.

    Args:
        label_map: (h, w) class ids at the size of the network's input, any integer type.
        trans_info: The changes of the picture's size.

    Returns:
        (H, W) class ids of the same dtype. A resize gives each pixel the id of the pixel that contains its centre:
        ``floor((i + 0.5) * source / target)``; a centre on the border of two takes the latter.
    """
    for (height, width), corner in way_back(label_map.shape, trans_info):
        if corner is not None:
            label_map = label_map[corner[0] : corner[0] + height, corner[1] : corner[1] + width]
        else:
            # Index arithmetic keeps every dtype (OpenCV has no int64) and is exact.
            rows, columns = (
                (2 * np.arange(target) + 1) * source // (2 * target)
                for source, target in zip(label_map.shape, (height, width))
            )
            label_map = label_map[rows[:, np.newaxis], columns]
    return label_map


class Axis:
    """How pixels at the end of the way are computed from the cells of a grid, on one axis.

    The grid is padded by repeating its outermost cells, so that pixels beyond them need no special case. Each pixel is
    a convex combination of T neighbouring cells. Pixels with the same cells are processed together as a run.

    Args:
        source: Cells of the axis before the padding.
        steps: For each step (length after it, start of the crop or None for a linear resize with half-pixel centres).

    Attributes:
        cells: (T, R) the cells of each run in the padded grid, neighbours; a run at the end may repeat the last one.
        run_of_pixel: (target,) the run of each pixel.
        pixels: (R, P) the pixels of each run; runs with fewer than P repeat their last one.
        weights: (T, R, P) float32, the share of each of the T cells in each of these pixels; their sum is 1.
    """

    def __init__(self, source: int, steps: Sequence[tuple[int, int | None]]) -> None:
        first, weights = np.arange(source + 2), np.ones((source + 2, 1))
        for length, start in steps:
            if start is None:
                first, weights = _resized(first, weights, length)
            else:
                first, weights = first[1:-1][start : start + length], weights[1:-1][start : start + length]
            first, weights = (np.concatenate([line[:1], line, line[-1:]]) for line in (first, weights))
        first, weights = first[1:-1], weights[1:-1].astype(np.float32)
        weights[:, 0] = 1 - weights[:, 1:].sum(axis=1)
        is_start = np.diff(first, prepend=-1) > 0
        starts = np.flatnonzero(is_start)
        ends = np.append(starts[1:], len(first))
        self.cells = np.minimum(first[starts] + np.arange(weights.shape[1])[:, None], source + 1)
        self.run_of_pixel = np.cumsum(is_start) - 1
        self.pixels = np.minimum(starts[:, None] + np.arange((ends - starts).max()), ends[:, None] - 1)
        self.weights = np.ascontiguousarray(weights.T)[:, self.pixels]

    @property
    def taps(self) -> int:
        """T, the number of cells that contribute to a pixel."""
        return len(self.cells)


@lru_cache(maxsize=64)
def axis_of(source: int, steps: tuple[tuple[int, int | None], ...]) -> Axis:
    """The ``Axis``, kept for the next picture of this size."""
    return Axis(source, steps)


def _resized(first: np.ndarray, weights: np.ndarray, target: int) -> tuple[np.ndarray, np.ndarray]:
    """First cell and weights of each pixel after a linear resize, from those of the pixels before it and of the rim.

    Args:
        first: (source + 2,) rising; the rim is one more pixel on each side.
        weights: (source + 2, T).
        target: Pixels after the resize.

    Returns:
        (target,) and (target, T').
    """
    position = (np.arange(target) + 0.5) * ((len(first) - 2) / target) + 0.5
    before = position.astype(np.intp)
    share = (position - before)[:, None]
    shift = first[before + 1] - first[before]
    resized = np.zeros((target, int(shift.max()) + weights.shape[1]))
    resized[:, : weights.shape[1]] = weights[before] * (1 - share)
    for tap in range(weights.shape[1]):
        resized[np.arange(target), shift + tap] += weights[before + 1, tap] * share[:, 0]
    return first[before], resized
