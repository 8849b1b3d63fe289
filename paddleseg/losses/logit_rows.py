# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Logits at the label's size, a few rows of a picture at a time, whatever size the network has given them in.

Coarse ones are interpolated bilinearly (half-pixel centres, ``align_corners=False``), row by row where they are needed
and again in the backward pass, so that neither they nor their gradient are ever there at the label's size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from paddleseg.utils.interpolation import interpolation_matrix


class LogitRows(ABC):
    """Logits in blocks of rows, each named by its picture and its first row.

    Attributes:
        logits: (N, K, h, w) float32 or float64, as the network gave them.
        block_rows: Rows of a block; the last one of a picture may have fewer.
        gradient: Like the logits, to be filled in; None where only losses are computed.
    """

    def __init__(self, logits: np.ndarray, block_rows: int, gradient: np.ndarray | None) -> None:
        self.logits, self.block_rows, self.gradient = logits, block_rows, gradient

    @abstractmethod
    def read(self, picture: int, first: int, block: np.ndarray) -> np.ndarray:
        """The logits (K, P) of a block of P pixels; they are in ``block``, memory of that shape, or elsewhere."""

    @abstractmethod
    def write_gradient(self, picture: int, first: int, block: np.ndarray) -> None:
        """Take the gradient (K, P) of a block."""

    @abstractmethod
    def finish_gradient(self) -> None:
        """Called when the gradients of all blocks are there."""


def logit_rows(
    logits: np.ndarray, size_hw: Sequence[int], block_rows: int, gradient: np.ndarray | None = None
) -> LogitRows:
    """The rows of logits (N, K, h, w) at the label's size (H, W)."""
    if tuple(size_hw) == logits.shape[2:]:
        return _StoredRows(logits, block_rows, gradient)
    return _CoarseRows(logits, size_hw, block_rows, gradient)


class _StoredRows(LogitRows):
    def read(self, picture: int, first: int, block: np.ndarray) -> np.ndarray:
        return self.logits[picture, :, first : first + self.block_rows].reshape(block.shape)

    def write_gradient(self, picture: int, first: int, block: np.ndarray) -> None:
        rows = self.gradient[picture, :, first : first + self.block_rows]
        rows[:] = block.reshape(rows.shape)

    def finish_gradient(self) -> None:
        """All is in its place."""


class _CoarseRows(LogitRows):
    """Interpolated along the rows at once, of which there are few yet, and between them block by block."""

    def __init__(
        self, logits: np.ndarray, size_hw: Sequence[int], block_rows: int, gradient: np.ndarray | None
    ) -> None:
        super().__init__(logits, block_rows, gradient)
        *others, source_height, source_width = logits.shape
        height, self._width = size_hw
        self._across = interpolation_matrix(source_width, self._width).astype(logits.dtype)
        self._down = _matrices_of_blocks(source_height, height, block_rows, logits.dtype)
        wide = logits.reshape(-1, source_width) @ self._across.T
        self._wide = wide.reshape(*others, source_height, self._width)
        self._wide_gradient = None if gradient is None else np.zeros_like(self._wide)

    def read(self, picture: int, first: int, block: np.ndarray) -> np.ndarray:
        start, down = self._down[first]
        coarse = self._wide[picture, :, start : start + down.shape[1]]
        np.matmul(down, coarse, out=block.reshape(-1, len(down), self._width))
        return block

    def write_gradient(self, picture: int, first: int, block: np.ndarray) -> None:
        start, down = self._down[first]
        coarse = self._wide_gradient[picture, :, start : start + down.shape[1]]
        coarse += np.matmul(down.T, block.reshape(-1, len(down), self._width))  # neighbours share coarse rows

    def finish_gradient(self) -> None:
        source_width = self.gradient.shape[-1]
        np.matmul(
            self._wide_gradient.reshape(-1, self._width), self._across, out=self.gradient.reshape(-1, source_width)
        )


@lru_cache(maxsize=32)
def _matrices_of_blocks(
    source: int, target: int, block_rows: int, dtype: np.dtype
) -> dict[int, tuple[int, np.ndarray]]:
    """For each block's first row, the first coarse row that it is made of, and the weights (rows, coarse rows)."""
    matrix = interpolation_matrix(source, target).astype(dtype)
    blocks = {}
    for first in range(0, target, block_rows):
        rows = matrix[first : first + block_rows]
        used = np.flatnonzero(rows.any(axis=0))
        blocks[first] = used[0], np.ascontiguousarray(rows[:, used[0] : used[-1] + 1])
    return blocks
