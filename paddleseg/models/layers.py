# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The building blocks of the networks.

Attribute names (``_conv``, ``_batch_norm``, ``conv_bn_relu``, ...) decide the keys of the state dict. They are
PaddleSeg's, so that its .pdparams files load as they are: do not rename them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F
from paddle.nn.functional.conv import _update_padding_nd

from paddleseg import onednn
from paddleseg.utils.foreign_imports import foreign_names
from paddleseg.utils.interpolation import interpolation_matrix
from paddleseg.utils.tracing import computes_eagerly_on_cpu

__getattr__ = foreign_names(__name__)

DataFormat = Literal["NCHW", "NHWC"]

# PyTorch's batch-norm momentum 0.1 is 0.9 in Paddle's convention; both defaults agree, as does epsilon 1e-5.


class SwitchedPaddingConv2D(nn.Conv2D):
    """A convolution whose padding can be switched after construction, since padding has no weights."""

    @property
    def pads_as_same(self) -> bool:
        """Whether it is padded as ``"SAME"`` says, with stride 2 and an even side on the right and below only.

        Otherwise with the padding of its constructor.
        """
        return self._padding_algorithm == "SAME"

    @pads_as_same.setter
    def pads_as_same(self, same: bool) -> None:
        padding = "SAME" if same else self._padding
        # As nn.Conv2D does with the argument of its constructor.
        self._updated_padding, self._padding_algorithm = _update_padding_nd(
            padding, self._data_format == "NHWC", num_dims=2
        )


class ConvBN(nn.Layer):
    """Convolution and batch normalisation.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Side of the kernel; 1 or 3 here.
        stride: Stride of the convolution.
        bias: Whether the convolution has a bias (only the stem's do).
        conv: The class of the convolution; it is padded by half the kernel.
        data_format: Order of the axes of input and output.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        bias: bool = False,
        conv: type[nn.Conv2D] = nn.Conv2D,
        data_format: DataFormat = "NCHW",
    ) -> None:
        super().__init__()
        self._conv = conv(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            bias_attr=None if bias else False,
            data_format=data_format,
        )
        self._batch_norm = nn.BatchNorm2D(out_channels, data_format=data_format)

    def forward(self, x: Tensor) -> Tensor:
        return self._batch_norm(self._conv(x))


class ConvBNReLU(ConvBN):
    """Convolution, batch normalisation, ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        # Not super().forward(x), which Paddle 2.6.2 cannot trace into a static graph.
        return onednn.batch_norm_relu(self._batch_norm, self._conv(x))


def bn_relu_conv(
    in_channels: int, out_channels: int, kernel_size: int, data_format: DataFormat = "NCHW"
) -> list[nn.Layer]:
    """The pre-activation triple of DAPPM: batch normalisation, ReLU, convolution without bias."""
    return [
        nn.BatchNorm2D(in_channels, data_format=data_format),
        nn.ReLU(),
        nn.Conv2D(
            in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias_attr=False, data_format=data_format
        ),
    ]


class BasicBlock(nn.Layer):
    """Two 3x3 convolutions and a residual (He et al. 2016).

    Args:
        in_channels: Channels of the input.
        channels: Channels of the block; its output has ``channels * expansion``.
        stride: Stride of the first convolution.
        final_relu: Whether the sum passes a ReLU. The last block of each layer leaves it to the caller, because
            the fusions add the values before it.
        data_format: Order of the axes of input and output.

    Attributes:
        drop_path: Probability that training leaves out the two convolutions of a picture, see ``with_drop_path``.
    """

    expansion = 1
    drop_path = 0.0

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int = 1,
        final_relu: bool = True,
        data_format: DataFormat = "NCHW",
    ) -> None:
        super().__init__()
        self.conv_bn_relu = ConvBNReLU(in_channels, channels, 3, stride=stride, data_format=data_format)
        self.conv_bn = ConvBN(channels, channels, 3, data_format=data_format)
        self.downsample = _projection(in_channels, channels * self.expansion, stride, data_format)
        self.final_relu = final_relu

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        out = with_drop_path(self.conv_bn(self.conv_bn_relu(x)), self) + residual
        return F.relu(out) if self.final_relu else out


class Bottleneck(nn.Layer):
    """1x1, 3x3, 1x1 convolutions and a residual; arguments and attributes are those of ``BasicBlock``."""

    expansion = 2
    drop_path = 0.0

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int = 1,
        final_relu: bool = True,
        data_format: DataFormat = "NCHW",
    ) -> None:
        super().__init__()
        self.conv_bn_relu1 = ConvBNReLU(in_channels, channels, 1, data_format=data_format)
        self.conv_bn_relu2 = ConvBNReLU(channels, channels, 3, stride=stride, data_format=data_format)
        self.conv_bn = ConvBN(channels, channels * self.expansion, 1, data_format=data_format)
        self.downsample = _projection(in_channels, channels * self.expansion, stride, data_format)
        self.final_relu = final_relu

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        out = with_drop_path(self.conv_bn(self.conv_bn_relu2(self.conv_bn_relu1(x))), self) + residual
        return F.relu(out) if self.final_relu else out


def with_drop_path(x: Tensor, block: BasicBlock | Bottleneck) -> Tensor:
    """Stochastic depth (Huang et al. 2016, arXiv 1603.09382): a block's addition to its residual, or nothing.

    Args:
        x: What the block adds, pictures on the first axis.
        block: Its ``drop_path`` is the probability that a picture goes without; the others are scaled up to keep the
            mean.
    """
    if block.drop_path == 0.0 or not block.training:
        return x
    return F.dropout(x, block.drop_path, axis=0, training=True)


class GlobalMean(nn.Layer):
    """Mean over height and width, which stay as axes of length 1.

    A plain mean and not an adaptive pool: converters to other formats handle it at dynamic sizes.
    """

    def __init__(self, data_format: DataFormat = "NCHW") -> None:
        super().__init__()
        self._axes = [2, 3] if data_format == "NCHW" else [1, 2]

    def forward(self, x: Tensor) -> Tensor:
        return paddle.mean(x, axis=self._axes, keepdim=True)


def _projection(in_channels: int, out_channels: int, stride: int, data_format: DataFormat) -> nn.Sequential | None:
    """The 1x1 convolution that fits a residual to another size or width; None where it fits already."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2D(in_channels, out_channels, 1, stride=stride, bias_attr=False, data_format=data_format),
        nn.BatchNorm2D(out_channels, data_format=data_format),
    )


def spatial_size(x: Tensor, data_format: DataFormat) -> Sequence[int]:
    """Height and width of a batch of feature maps."""
    return x.shape[2:] if data_format == "NCHW" else x.shape[1:3]


def resize_to(x: Tensor, size_hw: Sequence[int], data_format: DataFormat = "NCHW") -> Tensor:
    """Resize bilinearly (align_corners=False) to ``size_hw``.

    The networks take the size from the tensor to match, never by dividing the input's size: a
    convolution of stride 2 gives the ceiling, so that ``h // 8`` is wrong for most sizes.
    """
    return F.interpolate(x, size=size_hw, mode="bilinear", align_corners=False, data_format=data_format)


def upsample_logits(logits: Tensor, size_hw: Sequence[int]) -> Tensor:
    """Resize logits (N, K, h, w) bilinearly (align_corners=False) to ``size_hw``, as ``resize_to`` does.

    On a CPU by a matrix product for each axis: forward and backward take a third to a half of the time of Paddle's
    kernel. On a card the kernel is faster, and a product might be rounded to TF32.
    """
    if not computes_eagerly_on_cpu():
        return resize_to(logits, size_hw)
    down, across = (
        paddle.to_tensor(interpolation_matrix(source, int(target)), dtype=logits.dtype)
        for source, target in zip(logits.shape[2:], size_hw)
    )
    if onednn.is_active() and logits.dtype == paddle.float32 and logits.size:
        return onednn.resize_by_matrices(logits, down, across)
    return paddle.matmul(paddle.matmul(down, logits), across, transpose_y=True)


def initialize_weights(model: nn.Layer) -> None:
    """Fill convolutions from the normal distribution of He et al. 2015 (equation 10: fan in).

    The authors' code scales by the fan out instead, which makes the weights of the classifier so large (11 classes
    from 64 channels) that the first loss is twice ln(classes), and training from scratch falls behind: on CamVid with
    the schedule of configs/camvid, 25 and 19 % mIoU after 500 of 2000 steps against 34 %.

    Everything else keeps Paddle's defaults: batch-norm scale 1, every bias 0.
    """
    for layer in model.sublayers():
        if isinstance(layer, nn.Conv2D):
            _, in_channels, kernel_h, kernel_w = layer.weight.shape
            std = math.sqrt(2.0 / (in_channels * kernel_h * kernel_w))
            nn.initializer.Normal(0.0, std)(layer.weight)
