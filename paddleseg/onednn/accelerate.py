# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The entry point: within ``accelerated()``, convolutions on the CPU go through oneDNN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F
from paddle.nn.functional import conv as paddle_conv
from paddle.nn.layer import norm as paddle_norm

from paddleseg.onednn.batch_norm import evaluate_batch_norm, train_batch_norm
from paddleseg.onednn.c_interface import OneDNNError, bounded_cache, opened_library
from paddleseg.onednn.convolution import convolve
from paddleseg.onednn.fallbacks import count_fallback
from paddleseg.utils.layer_hooks import is_watched
from paddleseg.utils.logging import get_logger
from paddleseg.utils.tracing import computes_eagerly_on_cpu

# The function nn.Conv2D calls, with the padding in one of three forms.
_paddles_convolution = paddle_conv._conv_nd
_paddles_batch_norm = paddle_norm.batch_norm  # the function nn.BatchNorm2D calls
_depth = 0


@contextmanager
def accelerated() -> Iterator[bool]:
    """Send layers on the CPU through oneDNN: ``nn.Conv2D``, and ``nn.BatchNorm2D`` with ``data_format="NHWC"``.

    Convolutions that it does not cover are left to Paddle's kernels: counted in ``FALLBACKS``, and reported once. Batch
    normalisation that it does not cover is left to Paddle silently. May be nested.

    Yields:
        Whether it does: not if Paddle has no oneDNN that was tested, which is logged once.
    """
    global _depth
    if why_unavailable() is not None:
        yield False
        return
    with bounded_cache():
        _depth += 1
        paddle_conv._conv_nd, paddle_norm.batch_norm = _convolution, _batch_norm
        try:
            yield True
        finally:
            _depth -= 1
            if _depth == 0:
                paddle_conv._conv_nd, paddle_norm.batch_norm = _paddles_convolution, _paddles_batch_norm


@contextmanager
def not_accelerated() -> Iterator[None]:
    """Leave all layers to Paddle's kernels, within ``accelerated()`` too."""
    global _depth
    before, _depth = _depth, 0
    try:
        yield
    finally:
        _depth = before
        if before:  # an accelerated() within this context has restored Paddle's functions
            paddle_conv._conv_nd, paddle_norm.batch_norm = _convolution, _batch_norm


def is_active() -> bool:
    """Whether this is within ``accelerated()``, and operations run at once, on the CPU."""
    return _depth > 0 and computes_eagerly_on_cpu()


@cache
def why_unavailable() -> str | None:
    """Why convolutions cannot go through oneDNN here, which is logged; None if they can."""
    try:
        opened_library()
    except OneDNNError as error:
        get_logger().info("convolutions run on Paddle's own kernels: %s", error)
        return str(error)
    return None


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: Any = 0,
    padding_algorithm: str = "EXPLICIT",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    data_format: str = "NCHW",
    channel_dim: int = 1,
    op_type: str = "conv2d",
    *others: Any,
    **named: Any,
) -> Tensor:
    """Replaces Paddle's ``_conv_nd``."""
    if _depth and computes_eagerly_on_cpu():
        reason = _uncovered(x, weight, bias, dilation, groups, op_type, data_format)
        if reason is None:
            channels_last, strides = data_format == "NHWC", _pair(stride)
            size_hw = x.shape[1:3] if channels_last else x.shape[2:]
            edges = _edges(padding_algorithm, padding, size_hw, weight.shape[2:], strides)
            return convolve(x, weight, bias, strides, edges, channels_last)
        count_fallback(f"convolutions {reason}")
    geometry = (stride, padding, padding_algorithm, dilation, groups, data_format, channel_dim)
    return _paddles_convolution(x, weight, bias, *geometry, op_type, *others, **named)


def _uncovered(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    dilation: int | Sequence[int],
    groups: int,
    op_type: str,
    data_format: str,
) -> str | None:
    """The unsupported aspect of a convolution; None if there is none."""
    if op_type not in ("conv2d", "depthwise_conv2d"):
        return "of one or three dimensions"
    if groups != 1 or op_type == "depthwise_conv2d":
        return "with groups"
    if _pair(dilation) != (1, 1):
        return "with dilation"
    tensors = [x, weight] if bias is None else [x, weight, bias]
    for tensor in tensors:
        if tensor.dtype != paddle.float32:
            return f"in {str(tensor.dtype).rpartition('.')[-1]}"
        if not tensor.place.is_cpu_place():
            return "of tensors that are not on the CPU"
    if x.ndim != 4 or x.shape[data_format.index("C")] != weight.shape[1] or (bias is not None and bias.ndim != 1):
        return "of shapes that do not fit"  # Paddle says what is wrong
    if 0 in x.shape:
        return "of an empty batch"
    return None


def _batch_norm(*arguments: Any, **keywords: Any) -> Tensor:
    """Replaces the ``batch_norm`` that ``nn.BatchNorm2D`` calls."""
    out = _covered_batch_norm(*arguments, **keywords, relu=False) if is_active() else None
    return _paddles_batch_norm(*arguments, **keywords) if out is None else out


def batch_norm_relu(layer: nn.BatchNorm2D, x: Tensor) -> Tensor:
    """Batch normalisation and ReLU, fused if possible."""
    out = None
    if is_active() and type(layer) is nn.BatchNorm2D and not is_watched(layer):
        out = _covered_batch_norm(
            x,
            layer._mean,
            layer._variance,
            layer.weight,
            layer.bias,
            training=layer.training,
            momentum=layer._momentum,
            epsilon=layer._epsilon,
            data_format=layer._data_format,
            use_global_stats=layer._use_global_stats,
            relu=True,
        )
    return F.relu(layer(x)) if out is None else out


def _covered_batch_norm(
    x: Tensor,
    running_mean: Tensor,
    running_variance: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    *,
    training: bool,
    momentum: float,
    epsilon: float,
    data_format: str,
    use_global_stats: bool | None,
    relu: bool,
) -> Tensor | None:
    """None if it is left to Paddle, which is faster in another layout and reports what does not fit."""
    channels = [running_mean, running_variance, weight, bias]
    if data_format != "NHWC" or x.ndim != 4 or 0 in x.shape or not _is_plain(x, x.shape):
        return None
    if any(one is None or not one.is_contiguous() or not _is_plain(one, x.shape[-1:]) for one in channels):
        return None
    if training and not use_global_stats:
        if x.size == x.shape[-1]:  # one value has no variance: Paddle returns it, and keeps its statistics
            return None
        statistics = (running_mean, running_variance)
        return train_batch_norm(x, *statistics, weight, bias, momentum=momentum, epsilon=epsilon, relu=relu)
    if paddle.is_grad_enabled() and not (x.stop_gradient and weight.stop_gradient and bias.stop_gradient):
        return None
    return evaluate_batch_norm(x, running_mean, running_variance, weight, bias, epsilon=epsilon, relu=relu)


def _is_plain(tensor: Tensor, shape: Sequence[int]) -> bool:
    """Whether it is a float32 tensor of this shape on the CPU."""
    return tensor.dtype == paddle.float32 and list(tensor.shape) == list(shape) and tensor.place.is_cpu_place()


def _edges(
    algorithm: str, padding: Any, size_hw: Sequence[int], kernel_hw: Sequence[int], strides: Sequence[int]
) -> tuple[int, int, int, int]:
    """Padding at the top, bottom, left and right."""
    if algorithm == "VALID":
        return 0, 0, 0, 0
    if algorithm == "SAME":  # as many outputs as inputs / stride, an odd pixel at the end
        totals = [
            max((-(-size // stride) - 1) * stride + kernel - size, 0)
            for size, kernel, stride in zip(size_hw, kernel_hw, strides)
        ]
        down, across = totals
        return down // 2, down - down // 2, across // 2, across - across // 2
    edges = [padding] * 4 if isinstance(padding, int) else list(padding)
    if len(edges) == 2:
        edges = [edges[0], edges[0], edges[1], edges[1]]
    return tuple(edges)


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    down, across = (value, value) if isinstance(value, int) else value
    return down, across
