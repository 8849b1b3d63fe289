# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Products of each plane of feature maps with a matrix on either side, by oneDNN: separable resizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import paddle
from paddle import Tensor

from paddleseg.onednn import primitive as p
from paddleseg.onednn.autograd import apply, contiguous, empty
from paddleseg.onednn.fallbacks import count_fallback
from paddleseg.onednn.library import library
from paddleseg.onednn.primitive import CACHE, Layout, Operand, Primitive


@dataclass(frozen=True)
class _Product:
    """A product of matrices; the first may be one for all of the second.

    Attributes:
        left: (batch or 1, rows, inner).
        right: (batch, inner, columns).
        turned: Which of the two lies transposed in memory: "left", "right" or neither.
    """

    left: tuple[int, int, int]
    right: tuple[int, int, int]
    turned: str = ""

    def __call__(self, left: Tensor, right: Tensor) -> Tensor:
        batch = max(self.left[0], self.right[0])
        out = empty([batch, self.left[1], self.right[2]])
        CACHE.run(self, self._make, left, right, out)
        return out

    def _make(self) -> Primitive:
        layout, lib = Layout(), library()
        left = layout.transposed(self.left) if self.turned == "left" else layout.contiguous(self.left)
        right = layout.transposed(self.right) if self.turned == "right" else layout.contiguous(self.right)
        out = layout.contiguous((max(self.left[0], self.right[0]), self.left[1], self.right[2]))
        description = lib.make("dnnl_matmul_primitive_desc_create", lib.engine, left, right, None, out, lib.attributes)
        operands = [Operand(p.SRC, None, left), Operand(p.WEIGHTS, None, right), Operand(p.DST, None, out, True)]
        made = Primitive(description, operands)
        layout.free()
        return made


@dataclass(frozen=True)
class _Resize:
    """``down @ plane @ across.T`` for each plane of (N, K, h, w); matrices (H, h) and (W, w)."""

    shape: tuple[int, int, int, int]
    size_hw: tuple[int, int]
    down: Tensor
    across: Tensor

    def forward(self, context: Any, x: Tensor) -> Tensor:
        count, channels, height, width = self.shape
        new_height, new_width = self.size_hw
        planes = count * channels
        rows = _Product((1, new_height, height), (planes, height, width))(self.down, contiguous(x))
        out = _Product((1, planes * new_height, width), (1, width, new_width), "right")(rows, self.across)
        return out.reshape([count, channels, new_height, new_width])

    def backward(self, context: Any, upstream: Tensor, wanted: Sequence[bool]) -> list[Tensor | None]:
        count, channels, height, width = self.shape
        new_height, new_width = self.size_hw
        planes = count * channels
        columns = _Product((1, planes * new_height, new_width), (1, new_width, width))(
            contiguous(upstream), self.across
        )
        out = _Product((1, height, new_height), (planes, new_height, width), "left")(self.down, columns)
        return [out.reshape(self.shape)]

    def differentiable_backward(self, context: Any, upstream: Tensor, wanted: Sequence[bool]) -> list[Tensor | None]:
        count_fallback("gradients of gradients")
        return [paddle.matmul(paddle.matmul(self.down, upstream, transpose_x=True), self.across)]


def resize_by_matrices(x: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """``down @ plane @ across.T`` for each plane, with gradients of ``x`` alone.

    Args:
        x: (N, K, h, w) float32.
        down: (H, h) float32.
        across: (W, w) float32.

    Returns:
        (N, K, H, W) float32.
    """
    return apply(_Resize(tuple(x.shape), (down.shape[0], across.shape[0]), down, across), x)
