# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Logits at the label's size, a few rows of a picture at a time, whatever their size from the network.

Coarse ones are interpolated bilinearly (half-pixel centres, ``align_corners=False``), row by row where they are needed
and again in the backward pass, so that neither they nor their gradient are ever held at the label's size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import paddle
from paddle import Tensor

from paddleseg.utils.interpolation import interpolation_matrix
from paddleseg.utils.tensor_memory import memory_of

_BLOCK_LOGITS = 1 << 17
"""Logits of a block: 512 KiB of float32; with their exponentials half of a present-day core's second-level cache."""

_BLOCK_PRODUCTS = 1 << 17
"""Products with which a class's rows of a block are interpolated. From twice as many on OpenBLAS, which numpy uses,
starts threads of its own, which no setting of Paddle's reaches and which spin between the blocks."""


class LogitRows(ABC):
    """Logits in blocks of rows, each named by its picture and its first row.

    Args:
        logits: (N, K, h, w) float32 or float64, contiguous, as from the network.
        block_rows: Rows of a block; the last one of a picture may have fewer.
    """

    def __init__(self, logits: Tensor, block_rows: int) -> None:
        self.logits, self.block_rows = memory_of(logits), block_rows

    @abstractmethod
    def read(self, picture: int, first: int, block: np.ndarray) -> np.ndarray:
        """The logits (K, P) of a block of P pixels; they are in ``block``, memory of that shape, or elsewhere."""

    @abstractmethod
    def write_gradient(self, picture: int, first: int, block: np.ndarray) -> None:
        """Take the gradient (K, P) of a block."""

    @abstractmethod
    def gradient(self) -> Tensor:
        """The gradient of the logits, once those of all blocks have been written."""


def logit_rows(logits: Tensor, size_hw: Sequence[int]) -> LogitRows:
    """The rows of logits (N, K, h, w), contiguous, at the label's size (H, W)."""
    num_classes, height = logits.shape[1:3]
    rows = max(1, _BLOCK_LOGITS // max(1, num_classes * size_hw[1]))
    if list(size_hw) == list(logits.shape[2:]):
        return _StoredRows(logits, rows)
    while rows > 1 and rows * (rows * height // size_hw[0] + 2) * size_hw[1] > _BLOCK_PRODUCTS:
        rows -= 1
    return _CoarseRows(logits, size_hw, rows)


class _StoredRows(LogitRows):
    def __init__(self, logits: Tensor, block_rows: int) -> None:
        super().__init__(logits, block_rows)
        self._gradient: Tensor | None = None

    def read(self, picture: int, first: int, block: np.ndarray) -> np.ndarray:
        return self.logits[picture, :, first : first + self.block_rows].reshape(block.shape)

    def write_gradient(self, picture: int, first: int, block: np.ndarray) -> None:
        rows = memory_of(self.gradient())[picture, :, first : first + self.block_rows]
        rows[:] = block.reshape(rows.shape)

    def gradient(self) -> Tensor:
        if self._gradient is None:
            self._gradient = paddle.empty(self.logits.shape, str(self.logits.dtype))
        return self._gradient


class _CoarseRows(LogitRows):
    """Interpolated along the rows all at once, while there are still few, and between them block by block."""

    def __init__(self, logits: Tensor, size_hw: Sequence[int], block_rows: int) -> None:
        super().__init__(logits, block_rows)
        *others, source_height, source_width = logits.shape
        height, self._width = size_hw
        self._across = paddle.to_tensor(interpolation_matrix(source_width, self._width), dtype=logits.dtype)
        self._down = _matrices_of_blocks(source_height, height, block_rows, self.logits.dtype)
        # By Paddle's product, which uses all allowed threads.
        wide = paddle.matmul(logits.reshape([-1, source_width]), self._across, transpose_y=True)
        self._wide = memory_of(wide).reshape(*others, source_height, self._width)
        self._wide_gradient: np.ndarray | None = None

    def read(self, picture: int, first: int, block: np.ndarray) -> np.ndarray:
        start, down = self._down[first]
        coarse = self._wide[picture, :, start : start + down.shape[1]]
        np.matmul(down, coarse, out=block.reshape(-1, len(down), self._width))
        return block

    def write_gradient(self, picture: int, first: int, block: np.ndarray) -> None:
        if self._wide_gradient is None:
            self._wide_gradient = np.zeros_like(self._wide)
        start, down = self._down[first]
        coarse = self._wide_gradient[picture, :, start : start + down.shape[1]]
        coarse += np.matmul(down.T, block.reshape(-1, len(down), self._width))  # neighbours share coarse rows

    def gradient(self) -> Tensor:
        if self._wide_gradient is None:  # an empty batch
            return paddle.zeros(self.logits.shape, str(self.logits.dtype))
        wide = paddle.to_tensor(self._wide_gradient.reshape(-1, self._width))
        return paddle.matmul(wide, self._across).reshape(self.logits.shape)


@lru_cache(maxsize=32)
def _matrices_of_blocks(
    source: int, target: int, block_rows: int, dtype: np.dtype
) -> dict[int, tuple[int, np.ndarray]]:
    """For each block's first row, the first coarse row that contributes, and the weights (rows, coarse rows)."""
    matrix = interpolation_matrix(source, target).astype(dtype)
    blocks = {}
    for first in range(0, target, block_rows):
        rows = matrix[first : first + block_rows]
        used = np.flatnonzero(rows.any(axis=0))
        blocks[first] = used[0], np.ascontiguousarray(rows[:, used[0] : used[-1] + 1])
    return blocks
