# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The layers on top of DDRNet's trunk: the pyramid pooling of the low-resolution branch, and the segmentation heads."""

from __future__ import annotations

from functools import partial

import paddle
from paddle import Tensor, nn

from paddleseg import onednn
from paddleseg.models.layers import ConvBNReLU, DataFormat, GlobalMean, bn_relu_conv, resize_to, spatial_size


class DAPPM(nn.Layer):
    """Deep aggregation pyramid pooling module (paper, section 3.3 and figure 5).

    Args:
        in_channels: Channels of the input.
        branch_channels: Channels of each of the five scales.
        out_channels: Channels of the output.
        data_format: Order of the axes of input and output.
    """

    def __init__(
        self,
        in_channels: int,
        branch_channels: int,
        out_channels: int,
        *,
        data_format: DataFormat = "NCHW",
    ) -> None:
        super().__init__()
        self.data_format = data_format
        make_conv = partial(bn_relu_conv, data_format=data_format)
        self.scale0 = nn.Sequential(*make_conv(in_channels, branch_channels, 1))
        for i, (kernel, stride) in enumerate(((5, 2), (9, 4), (17, 8)), start=1):
            pool = nn.AvgPool2D(kernel, stride=stride, padding=kernel // 2, exclusive=False, data_format=data_format)
            self.add_sublayer(f"scale{i}", nn.Sequential(pool, *make_conv(in_channels, branch_channels, 1)))
        self.scale4 = nn.Sequential(GlobalMean(data_format), *make_conv(in_channels, branch_channels, 1))
        for i in range(1, 5):
            self.add_sublayer(f"process{i}", nn.Sequential(*make_conv(branch_channels, branch_channels, 3)))
        self.compression = nn.Sequential(*make_conv(5 * branch_channels, out_channels, 1))
        self.shortcut = nn.Sequential(*make_conv(in_channels, out_channels, 1))

    def leave_padding_out_of_means(self, leave_out: bool) -> None:
        """Whether the average pools divide by the pixels alone; the authors' count the padding as well."""
        for i in range(1, 4):
            getattr(self, f"scale{i}")[0].exclusive = leave_out

    def forward(self, x: Tensor) -> Tensor:
        size_hw = spatial_size(x, self.data_format)
        outputs = [self.scale0(x)]
        for i in range(1, 5):
            pooled = resize_to(getattr(self, f"scale{i}")(x), size_hw, self.data_format)
            outputs.append(getattr(self, f"process{i}")(pooled + outputs[-1]))
        channel_axis = self.data_format.index("C")
        return self.compression(paddle.concat(outputs, axis=channel_axis)) + self.shortcut(x)


class SegmentationHead(nn.Layer):
    """BN, ReLU, 3x3 convolution, BN, ReLU, 1x1 convolution with bias (paper, section 3.4)."""

    def __init__(self, in_channels: int, channels: int, num_classes: int, data_format: DataFormat = "NCHW") -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2D(in_channels, data_format=data_format)
        self.conv_bn_relu = ConvBNReLU(in_channels, channels, 3, data_format=data_format)
        self.conv = nn.Conv2D(channels, num_classes, 1, data_format=data_format)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.conv_bn_relu(onednn.batch_norm_relu(self.bn1, x)))
