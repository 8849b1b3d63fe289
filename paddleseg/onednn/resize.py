# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Separable resizes of feature maps in (N, K, H, W): products of each plane with a matrix on either side.

oneDNN has a bilinear resampling, too, but it is no faster forward, and several times slower backward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import paddle
from paddle import Tensor

from paddleseg.onednn import primitive as p
from paddleseg.onednn.autograd import apply, contiguous, empty
from paddleseg.onednn.c_interface import opened_library
from paddleseg.onednn.fallbacks import count_fallback
from paddleseg.onednn.primitive import CACHE, Layout, Operand, Primitive

_FEW_PRODUCTS = 5 * 10**7
"""Products that take a core about a millisecond, of matrices with a short side."""


@dataclass(frozen=True)
class Product:
    """A product of matrices; one of the two may be shared by the whole batch.

    Attributes:
        left: (batch or 1, rows, inner).
        right: (batch or 1, inner, columns).
        transposed: Which one is stored with its last two axes swapped: "left", "right", or "" for neither.
    """

    left: tuple[int, int, int]
    right: tuple[int, int, int]
    transposed: str = ""

    @property
    def is_small(self) -> bool:
        """See ``primitive.ShapedOperation``."""
        return math.prod(self._out) * self.left[2] < _FEW_PRODUCTS

    def run(self, left: Tensor, right: Tensor) -> Tensor:
        """The product (batch, rows, columns)."""
        out = empty(self._out)
        CACHE.run((self, "forward"), self._make, left, right, out)
        return out

    @property
    def _out(self) -> tuple[int, int, int]:
        return max(self.left[0], self.right[0]), self.left[1], self.right[2]

    def _make(self) -> Primitive:
        layout, lib = Layout(), opened_library()
        left = (layout.transposed if self.transposed == "left" else layout.contiguous)(self.left)
        right = (layout.transposed if self.transposed == "right" else layout.contiguous)(self.right)
        out = layout.contiguous(self._out)
        description = lib.make("dnnl_matmul_primitive_desc_create", lib.engine, left, right, None, out, lib.attributes)
        operands = [Operand(p.SRC, None, left), Operand(p.WEIGHTS, None, right), Operand(p.DST, None, out, True)]
        made = Primitive(description, operands)
        layout.free()
        return made


@dataclass(frozen=True)
class _Resize:
    """``down @ plane @ across.T`` for each plane of (N, K, h, w); matrices (H, h) and (W, w).

    The product that changes the number of rows, the faster of the two, is the one on the large planes.
    """

    shape: tuple[int, int, int, int]
    down: Tensor
    across: Tensor

    def forward(self, context: Any, x: Tensor) -> Tensor:
        count, channels, height, width = self.shape
        planes, new_height, new_width = count * channels, self.down.shape[0], self.across.shape[0]
        rows = Product((1, planes * height, width), (1, width, new_width), "right").run(contiguous(x), self.across)
        out = Product((1, new_height, height), (planes, height, new_width)).run(self.down, rows)
        return out.reshape([count, channels, new_height, new_width])

    def backward(self, context: Any, upstream: Tensor, wanted: Sequence[bool]) -> list[Tensor | None]:
        count, channels, height, width = self.shape
        planes, new_height, new_width = count * channels, self.down.shape[0], self.across.shape[0]
        upstream = contiguous(upstream)
        rows = Product((1, height, new_height), (planes, new_height, new_width), "left").run(self.down, upstream)
        out = Product((1, planes * height, new_width), (1, new_width, width)).run(rows, self.across)
        return [out.reshape(self.shape)]

    def differentiable_backward(self, context: Any, upstream: Tensor, wanted: Sequence[bool]) -> list[Tensor | None]:
        count_fallback("gradients of gradients of upsampling")
        return [paddle.matmul(paddle.matmul(self.down, upstream, transpose_x=True), self.across)]


def resize_by_matrices(x: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """``down @ plane @ across.T`` for each plane, with gradients of ``x`` alone.

    Args:
        x: (N, K, h, w) float32 on the CPU.
        down: (H, h) float32.
        across: (W, w) float32.

    Returns:
        (N, K, H, W) float32.
    """
    return apply(_Resize(tuple(x.shape), down, across), x)
