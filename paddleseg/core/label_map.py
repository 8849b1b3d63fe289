# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From logits at 1/8 to the label map at full size, without the logits at full size; numpy only.

The label map is defined as the argmax of the bilinearly upsampled logits (half-pixel centres, Paddle's and
PyTorch's ``align_corners=False``), a tie going to the lowest class. Each upsampled pixel is a convex
combination of the four logits around it. So where these four agree on the class, all pixels between them have
that class. Only the cells at the borders of classes, a few per cent of a street picture, need interpolating.
"""

from __future__ import annotations

import numpy as np

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
    grid = np.pad(np.moveaxis(logits, 0, -1), ((1, 1), (1, 1), (0, 0)), mode="edge")  # (h + 2, w + 2, K)
    rows, columns = _Axis(logits.shape[1], size_hw[0]), _Axis(logits.shape[2], size_hw[1])
    coarse, uniform = _uniform_cells(grid)
    labels = coarse[rows.cell_of_pixel][:, columns.cell_of_pixel]
    all_i, all_j = np.nonzero(~uniform)
    for start in range(0, len(all_i), _CELLS_AT_ONCE):
        i, j = all_i[start : start + _CELLS_AT_ONCE], all_j[start : start + _CELLS_AT_ONCE]
        y, x = rows.pixels[i][:, :, None], columns.pixels[j][:, None, :]
        labels[y, x] = _interpolate(grid, i, j, rows.weights[i], columns.weights[j]).argmax(axis=-1)
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


def _uniform_cells(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Class at each cell's first corner, and whether the whole cell surely is of that class.

    Returns:
        (h + 1, w + 1) uint8 and (h + 1, w + 1) bool.
    """
    classes = grid.argmax(axis=-1)
    others = grid.copy()
    np.put_along_axis(others, classes[..., None], -np.inf, axis=-1)
    lead = grid.max(axis=-1) - others.max(axis=-1)
    clear = lead > _ROUNDING * np.abs(grid).max()
    first = np.s_[:-1, :-1]
    uniform = clear[first].copy()
    for corner in (np.s_[:-1, 1:], np.s_[1:, :-1], np.s_[1:, 1:]):
        uniform &= clear[corner] & (classes[corner] == classes[first])
    return classes[first].astype(np.uint8), uniform


def _interpolate(grid: np.ndarray, i: np.ndarray, j: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Bilinear logits (n, P, Q, K) in the n cells (i, j), from weights (n, P) and (n, Q)."""
    down, across = down[:, :, None], across[:, None, :, None]
    left = grid[i, j][:, None] * (1 - down) + grid[i + 1, j][:, None] * down  # (n, P, K)
    right = grid[i, j + 1][:, None] * (1 - down) + grid[i + 1, j + 1][:, None] * down
    return left[:, :, None] * (1 - across) + right[:, :, None] * across
