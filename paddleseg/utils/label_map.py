# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From logits at 1/8 to the label map at full size, without the logits at full size; numpy only.

The label map is defined as the argmax of the bilinearly upsampled logits (half-pixel centres, Paddle's and
PyTorch's ``align_corners=False``), a tie going to the lowest class. Each upsampled pixel is a convex
combination of the four logits around it. So where these four agree on the class, all pixels between them have
that class. Only the cells at the borders of classes, a few per cent of a street picture, need interpolating.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from paddleseg.utils.type_hints import Bound

MAX_CLASSES = 255
"""Labels have 8 bits, and one of their 256 values is left for the pixels to ignore."""
LABEL_CLASSES = Bound(1, MAX_CLASSES, f"from 1 to {MAX_CLASSES}, for labels have 8 bits")
LABEL_VALUES = Bound(0, 255, "from 0 to 255, for labels have 8 bits")

LabelClassCount = Annotated[int, LABEL_CLASSES]
LabelValue = Annotated[int, LABEL_VALUES]

# Two classes closer than this, relative to the largest logit, could change places by rounding in the
# interpolation (about 4 ulp of float32): such a cell is interpolated.
_ROUNDING = 16 * np.finfo(np.float32).eps
# Cells interpolated at once: keeps the work in the cache, and small where almost every cell is a border.
_CELLS_AT_ONCE = 512


def label_map(logits_stride8: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """Class of each pixel at full size.

    Args:
        logits_stride8: (N, K, h, w) float32, K at most 256.
        size_hw: Height and width of the network's input, which is the size of the result; not below (h, w).

    Returns:
        (N, H, W) uint8 class ids.

    Example:
        >>> logits = np.array([[[[3.0, 0.0]], [[0.0, 1.0]]]], np.float32)  # class 0 left, class 1 right
        >>> label_map(logits, (1, 8)).tolist()
        [[[0, 0, 0, 0, 0, 1, 1, 1]]]
    """
    return np.stack([_label_map_of_one(logits, size_hw) for logits in logits_stride8])


def _label_map_of_one(logits: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    # Repeating the outermost logits makes the rim a cell like any other: cell (i, j) has its corners in rows
    # i and i + 1 and in columns j and j + 1.
    grid = np.pad(logits, ((0, 0), (1, 1), (1, 1)), mode="edge")  # (K, h + 2, w + 2)
    rows, columns = _Axis(logits.shape[1], size_hw[0]), _Axis(logits.shape[2], size_hw[1])
    rounding = _ROUNDING * np.abs(grid).max()
    coarse, uniform = _uniform_cells(grid, rounding)
    labels = coarse[:, columns.cell_of_pixel][rows.cell_of_pixel]  # columns first: rows are copied whole then
    _fill_border_cells(labels, grid, *np.nonzero(~uniform), rows, columns, rounding)
    return labels


class _Axis:
    """Where the pixels of one axis lie among the ``source + 1`` cells of the grid that is padded by one.

    Attributes:
        cell_of_pixel: (target,) the cell of each pixel.
        pixels: (source + 1, P) the pixels of each cell; cells with fewer than P repeat their last one.
        weights: (source + 1, P) float32, how far each of them is on the way to the cell's second corner.
    """

    def __init__(self, source: int, target: int) -> None:
        position = (np.arange(target) + 0.5) * (source / target) + 0.5
        self.cell_of_pixel = position.astype(np.intp)
        first, end = np.searchsorted(self.cell_of_pixel, [np.arange(source + 1), np.arange(1, source + 2)])
        steps = np.arange((end - first).max())
        self.pixels = np.minimum(first[:, None] + steps, np.maximum(end - 1, 0)[:, None])
        self.weights = (position - self.cell_of_pixel).astype(np.float32)[self.pixels]


def _uniform_cells(grid: np.ndarray, rounding: float) -> tuple[np.ndarray, np.ndarray]:
    """Class at each cell's first corner, and whether the whole cell surely is of that class.

    Returns:
        (h + 1, w + 1) uint8 and (h + 1, w + 1) bool.
    """
    classes, lead = _winner_and_lead(grid)
    clear = lead > rounding
    first = np.s_[:-1, :-1]
    uniform = clear[first].copy()
    for corner in (np.s_[:-1, 1:], np.s_[1:, :-1], np.s_[1:, 1:]):
        uniform &= clear[corner]
        uniform &= classes[corner] == classes[first]
    return classes[first], uniform


def _winner_and_lead(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of K planes is the highest at each place, the first of equal ones, and by how much it leads.

    Plane by plane: argmax and a second maximum along a short axis take numpy four times as long.

    Returns:
        The number of the plane, uint8, and the distance to the next plane (infinite if there is only one).
    """
    best = planes[0].copy()
    second = np.full_like(best, -np.inf)
    winner = np.zeros(best.shape, np.uint8)
    for number, plane in enumerate(planes[1:], start=1):
        np.copyto(winner, number, where=plane > best)
        np.maximum(second, np.minimum(plane, best), out=second)
        np.maximum(best, plane, out=best)
    return winner, best - second


def _fill_border_cells(
    labels: np.ndarray, grid: np.ndarray, i: np.ndarray, j: np.ndarray, rows: _Axis, columns: _Axis, rounding: float
) -> None:
    """Interpolate in the n cells (i, j), and write the classes into ``labels``.

    Most cells are contended by two or three classes: a class is out where its highest corner lies below the lowest
    corner of another. Cells with equally many contenders are worked on together.
    """
    corners = np.stack([grid[:, i, j], grid[:, i, j + 1], grid[:, i + 1, j], grid[:, i + 1, j + 1]])  # (4, K, n)
    # Written so that NaN contends: of a network that gives nothing else a label map comes out all the same.
    contends = ~(corners.max(axis=0) < corners.min(axis=0).max(axis=0) - rounding)  # (K, n)
    contenders = contends.sum(axis=0)
    for count in np.unique(contenders):
        same_count = np.flatnonzero(contenders == count)
        for start in range(0, len(same_count), _CELLS_AT_ONCE):
            cells = same_count[start : start + _CELLS_AT_ONCE]
            classes = np.nonzero(contends[:, cells].T)[1].reshape(-1, count).T  # (count, n), rising
            down, across = rows.weights[i[cells]], columns.weights[j[cells]]
            y, x = rows.pixels[i[cells]][:, :, None], columns.pixels[j[cells]][:, None, :]
            labels[y, x] = _highest_class(corners[:, classes, cells], classes.astype(np.uint8), down, across)


def _highest_class(corners: np.ndarray, classes: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Class of the highest bilinear logit at each pixel of n cells, the first of equal ones.

    Args:
        corners: (4, C, n) logits of C classes in each cell: top left, top right, bottom left, bottom right.
        classes: (C, n) uint8, which classes these are.
        down: (n, P) weights of the bottom corners.
        across: (n, Q) weights of the right corners.

    Returns:
        (n, P, Q) uint8.
    """
    down_rest, across, across_rest = 1 - down, across[:, None, :], 1 - across[:, None, :]
    best = winner = None
    for (top_left, top_right, bottom_left, bottom_right), class_ids in zip(
        corners.transpose(1, 0, 2)[..., None], classes[..., None, None]
    ):
        left = top_left * down_rest + bottom_left * down  # (n, P)
        right = top_right * down_rest + bottom_right * down
        logits = left[:, :, None] * across_rest
        logits += right[:, :, None] * across
        if best is None:
            best, winner = logits, np.broadcast_to(class_ids, logits.shape).copy()
        else:
            np.copyto(winner, class_ids, where=logits > best)
            np.maximum(best, logits, out=best)
    return winner
