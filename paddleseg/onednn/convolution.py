# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions by oneDNN: forward, gradient of the input, gradient of the weights.

Paddle's own kernels copy each window into a matrix (im2col) before they multiply; oneDNN's do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paddle import Tensor
from paddle.nn import functional as F

from paddleseg.onednn import primitive as p
from paddleseg.onednn.autograd import apply, contiguous, empty, save, saved
from paddleseg.onednn.c_interface import CONVOLUTION_DIRECT, FORWARD_TRAINING, Handle, dims, opened_library
from paddleseg.onednn.fallbacks import count_fallback
from paddleseg.onednn.primitive import CACHE, Layout, Operand, Primitive

_FEW_PRODUCTS = 10**8
"""Products that take a core about a millisecond."""
_BLOCK = 16
"""Channels that oneDNN's kernels for AVX512 take together."""


@dataclass(frozen=True)
class Convolution:
    """A convolution of one shape, without groups and dilation.

    Attributes:
        input_shape: (N, C, H, W).
        weight_shape: (out channels, C, kernel height, kernel width).
        strides: Down and across.
        padding: Top, bottom, left, right.
        has_bias: Whether a bias is added.
        channels_last: Whether input and output are stored as (N, H, W, C).
    """

    input_shape: tuple[int, int, int, int]
    weight_shape: tuple[int, int, int, int]
    strides: tuple[int, int]
    padding: tuple[int, int, int, int]
    has_bias: bool
    channels_last: bool

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        """(N, out channels, H', W')."""
        count, _, height, width = self.input_shape
        channels, _, kernel_height, kernel_width = self.weight_shape
        top, bottom, left, right = self.padding
        down, across = self.strides
        return (
            count,
            channels,
            (height + top + bottom - kernel_height) // down + 1,
            (width + left + right - kernel_width) // across + 1,
        )

    @property
    def is_small(self) -> bool:
        """See ``primitive.ShapedOperation``."""
        return math.prod(self.output_shape) * math.prod(self.weight_shape[1:]) < _FEW_PRODUCTS

    def forward(self, context: Any, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """The convolution of float32 tensors on the CPU."""
        save(context, x, weight)
        out = self._empty(self.output_shape)
        given = [contiguous(tensor) for tensor in ((x, weight) if bias is None else (x, weight, bias))]
        CACHE.run((self, "forward"), self._make_forward, *given, out)
        return out

    def backward(self, context: Any, upstream: Tensor, wanted: Sequence[bool]) -> list[Tensor | None]:
        """The gradients of input, weights and, if there is one, bias."""
        x, weight = saved(context)
        upstream = contiguous(upstream)
        gradient_of_input, of_weights = None, [None] * (1 + self.has_bias)
        if wanted[0]:
            gradient_of_input = self._empty(self.input_shape)
            operands = (upstream, contiguous(weight), gradient_of_input)
            CACHE.run((self, "input"), self._make_gradient_of_input, *operands)
        if any(wanted[1:]):
            of_weights = [empty(self.weight_shape)]
            if self.has_bias:
                of_weights.append(empty(self.weight_shape[:1]))
            CACHE.run((self, "weights"), self._make_gradient_of_weights, contiguous(x), upstream, *of_weights)
        return [gradient_of_input, *(one if is_wanted else None for one, is_wanted in zip(of_weights, wanted[1:]))]

    def differentiable_backward(self, context: Any, upstream: Tensor, wanted: Sequence[bool]) -> list[Tensor | None]:
        """The same with Paddle's convolutions: a transposed one, and one whose kernel is the upstream gradient."""
        count_fallback("gradients of gradients of convolutions")
        x, weight = saved(context)
        if self.channels_last:
            x, upstream = x.transpose([0, 3, 1, 2]), upstream.transpose([0, 3, 1, 2])
        top, bottom, left, right = self.padding
        height, width = self.input_shape[2:]
        padded = F.pad(x, [left, right, top, bottom])
        of_input = F.conv2d_transpose(
            upstream, weight, stride=list(self.strides), output_size=[height + top + bottom, width + left + right]
        )[:, :, top : top + height, left : left + width]
        swapped = [1, 0, 2, 3]
        kernel_height, kernel_width = self.weight_shape[2:]
        of_weight = F.conv2d(padded.transpose(swapped), upstream.transpose(swapped), dilation=list(self.strides))
        of_weight = of_weight.transpose(swapped)[:, :, :kernel_height, :kernel_width]
        if self.channels_last:
            of_input = of_input.transpose([0, 2, 3, 1])
        gradients = [of_input, of_weight, upstream.sum(axis=[0, 2, 3])]
        return [one if is_wanted else None for one, is_wanted in zip(gradients, wanted)]

    def _empty(self, shape: Sequence[int]) -> Tensor:
        count, channels, height, width = shape
        return empty([count, height, width, channels] if self.channels_last else [count, channels, height, width])

    def _make_forward(self) -> Primitive:
        layout = Layout()
        description = self._describe_forward(layout)
        bias = [Operand(p.BIAS, None, layout.contiguous(self.weight_shape[:1]))] if self.has_bias else []
        made = Primitive(
            description,
            [
                Operand(p.SRC, p.QUERY_SRC, self._given(layout, self.input_shape)),
                Operand(p.WEIGHTS, p.QUERY_WEIGHTS, layout.contiguous(self.weight_shape)),
                *bias,
                Operand(p.DST, p.QUERY_DST, self._given(layout, self.output_shape), is_output=True),
            ],
        )
        layout.free()
        return made

    def _make_gradient_of_input(self) -> Primitive:
        layout = Layout()
        lib = opened_library()
        description = lib.make(
            "dnnl_convolution_backward_data_primitive_desc_create",
            lib.engine,
            CONVOLUTION_DIRECT,
            self._wanted(layout, self.input_shape),
            layout.any(self.weight_shape),
            self._wanted(layout, self.output_shape),
            *self._geometry(),
            CACHE.get((self, "forward"), self._make_forward).description,
            lib.attributes,
        )
        made = Primitive(
            description,
            [
                Operand(p.DIFF_DST, p.QUERY_DIFF_DST, self._given(layout, self.output_shape)),
                Operand(p.WEIGHTS, p.QUERY_WEIGHTS, layout.contiguous(self.weight_shape)),
                Operand(p.DIFF_SRC, p.QUERY_DIFF_SRC, self._given(layout, self.input_shape), is_output=True),
            ],
        )
        layout.free()
        return made

    def _make_gradient_of_weights(self) -> Primitive:
        layout = Layout()
        lib = opened_library()
        bias = layout.contiguous(self.weight_shape[:1]) if self.has_bias else None
        description = lib.make(
            "dnnl_convolution_backward_weights_primitive_desc_create",
            lib.engine,
            CONVOLUTION_DIRECT,
            self._wanted(layout, self.input_shape),
            layout.any(self.weight_shape),
            bias,
            self._wanted(layout, self.output_shape),
            *self._geometry(),
            CACHE.get((self, "forward"), self._make_forward).description,
            lib.attributes,
        )
        made = Primitive(
            description,
            [
                Operand(p.SRC, p.QUERY_SRC, self._given(layout, self.input_shape)),
                Operand(p.DIFF_DST, p.QUERY_DIFF_DST, self._given(layout, self.output_shape)),
                Operand(p.DIFF_WEIGHTS, p.QUERY_DIFF_WEIGHTS, layout.contiguous(self.weight_shape), is_output=True),
                *([] if bias is None else [Operand(p.DIFF_BIAS, None, bias, is_output=True)]),
            ],
        )
        layout.free()
        return made

    def _describe_forward(self, layout: Layout) -> Handle:
        lib = opened_library()
        return lib.make(
            "dnnl_convolution_forward_primitive_desc_create",
            lib.engine,
            FORWARD_TRAINING,
            CONVOLUTION_DIRECT,
            self._wanted(layout, self.input_shape),
            layout.any(self.weight_shape),
            layout.contiguous(self.weight_shape[:1]) if self.has_bias else None,
            self._wanted(layout, self.output_shape),
            *self._geometry(),
            lib.attributes,
        )

    def _geometry(self) -> tuple[Any, ...]:
        top, bottom, left, right = self.padding
        return dims(self.strides), dims([0, 0]), dims([top, left]), dims([bottom, right])

    def _given(self, layout: Layout, shape: Sequence[int]) -> Handle:
        return layout.channels_last(shape) if self.channels_last else layout.contiguous(shape)

    def _wanted(self, layout: Layout, shape: Sequence[int]) -> Handle:
        """Channels last, if stored so: as fast as the library's own choice, and needs no reordering."""
        return layout.channels_last(shape) if self.channels_last and not self._overruns_scratch else layout.any(shape)

    @property
    def _overruns_scratch(self) -> bool:
        """Whether oneDNN 3.6.2 would write beyond the scratch memory that it requests, with channels last.

        For the gradient of the weights of a strided 1 x 1 convolution it copies the relevant pixels in blocks of 16
        channels, into memory for the actual number of channels.
        """
        _, channels, *kernel = self.weight_shape
        return kernel == [1, 1] and self.strides != (1, 1) and channels < _BLOCK


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    strides: tuple[int, int],
    padding: tuple[int, int, int, int],
    channels_last: bool,
) -> Tensor:
    """Convolution of float32 tensors on the CPU, with gradients.

    Args:
        x: (N, C, H, W), or (N, H, W, C) if ``channels_last``.
        weight: (out channels, C, kernel height, kernel width).
        bias: (out channels,), or None.
        strides: Down and across.
        padding: Top, bottom, left, right.
        channels_last: Order of the axes of input and output.
    """
    shape = x.shape
    if channels_last:
        shape = [shape[0], shape[3], shape[1], shape[2]]
    convolution = Convolution(tuple(shape), tuple(weight.shape), strides, padding, bias is not None, channels_last)
    return apply(convolution, x, weight) if bias is None else apply(convolution, x, weight, bias)
