# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label map of logits that arrive in rows from the top, for pictures whose logits are never held as a whole.

Each pixel depends only on neighbouring rows of cells, so a row of pixels is finished as soon as the last of its cells
has arrived. The parts equal the result of ``label_map.label_maps`` bit for bit.
"""

from __future__ import annotations

import numpy as np

from paddleseg.utils.label_map import axes_of, labels_of_grid, with_class, without_class
from paddleseg.utils.way_back import Axis


class LabelRows:
    """Takes rows of logits and returns rows of class ids.

    Args:
        grid_hw: Rows and columns of all logits.
        size_hw: Height and width of the picture.
        ignored_class: A class that is never predicted, see ``label_map.ignored_class_of``.

    Example:
        >>> rows = LabelRows((2, 1), (16, 4))
        >>> first = rows.push(np.array([[[3.0]], [[0.0]]], np.float32))  # a cell of class 0
        >>> second = rows.push(np.array([[[0.0]], [[1.0]]], np.float32))  # below it one of class 1
        >>> len(first), len(second), second[:, 0].tolist()
        (4, 12, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    """

    def __init__(self, grid_hw: tuple[int, int], size_hw: tuple[int, int], ignored_class: int | None = None) -> None:
        self._steps = () if grid_hw[0] == size_hw[0] else ((size_hw[0], None),)
        rows, self._columns = axes_of(grid_hw, size_hw, ())
        self._num_cells, self._height, self._ignored_class = grid_hw[0], size_hw[0], ignored_class
        # The first and last row of cells needed by each row of pixels; row 0 is the rim above the first.
        self._first, self._last = rows.cells[0][rows.run_of_pixel], rows.cells[-1][rows.run_of_pixel]
        self._grid: np.ndarray | None = None  # (K, n, w + 2), from row ``_offset`` of the cells with their rim on
        self._offset = self._done = 0

    def push(self, logits: np.ndarray) -> np.ndarray:
        """Take the next rows of cells.

        Args:
            logits: (K, n, w) float32.

        Returns:
            (m, W) uint8, the newly finished rows of pixels, below those already returned. The last rows of cells
            complete all remaining ones.
        """
        logits = np.pad(without_class(logits, self._ignored_class), ((0, 0), (0, 0), (1, 1)), mode="edge")
        parts = [logits[:, :1], logits] if self._grid is None else [self._grid, logits]
        is_last = self._offset + sum(part.shape[1] for part in parts) == self._num_cells + 1
        self._grid = np.concatenate([*parts, logits[:, -1:]] if is_last else parts, axis=1)
        end = int(np.searchsorted(self._last, self._offset + self._grid.shape[1]))
        if end == self._done:
            return np.empty((0, len(self._columns.run_of_pixel)), np.uint8)
        rows = Axis(self._num_cells, (*self._steps, (end - self._done, self._done)))
        rows.cells -= self._offset
        labels = with_class(labels_of_grid(self._grid, rows, self._columns), self._ignored_class)
        self._done = end
        if end < self._height:
            unneeded = int(self._first[end]) - self._offset
            self._grid, self._offset = self._grid[:, unneeded:].copy(), self._offset + unneeded
        return labels
