# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The ImageNet classifiers whose trunks the segmentation networks start from.

They follow the authors' PyTorch classification code. All names up to layer5 are those of ``models.ddrnet``, so a
classifier's checkpoint loads into a segmentation network branch by branch.
"""

from __future__ import annotations

from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.models.ddrnet import DDRNet_23, DDRNet_23_slim, DDRNet_39, DualResolutionTrunk, Variant
from paddleseg.models.layers import Bottleneck, ConvBN, ConvBNReLU, initialize_weights
from paddleseg.registry import MODELS
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.type_hints import ChannelCount, Count


class DDRNetClassifier(DualResolutionTrunk):
    """Trunk, one more fusion at 1/32 and a linear classifier.

    Args:
        num_classes: Classes of the output.
        in_channels: Channels of the pictures.
    """

    arch: str
    variant: Variant
    last_channels: int
    task: str = "ClassificationTask"
    output_stride: int = 32
    head_parts: tuple[str, ...] = ("down5", "last_layer", "linear")
    training_only_parts: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("main",)

    @checks_arguments
    def __init__(self, num_classes: Count = 1000, in_channels: ChannelCount = 3) -> None:
        super().__init__(self.variant, in_channels)
        c = self.variant.base_channels
        self.num_classes = num_classes
        self.layer5 = nn.Sequential(Bottleneck(8 * c, 8 * c))
        self.layer5_ = nn.Sequential(Bottleneck(2 * c, 2 * c))
        self.down5 = nn.Sequential(ConvBNReLU(4 * c, 8 * c, 3, stride=2), ConvBN(8 * c, 16 * c, 3, stride=2))
        self.last_layer = ConvBNReLU(16 * c, self.last_channels, 1)
        self.linear = nn.Linear(self.last_channels, num_classes)
        initialize_weights(self)

    def forward(self, x: Tensor) -> Tensor:
        """Class logits (N, num_classes) of (N, in_channels, H, W) pictures."""
        low, high, _ = self.forward_branches(x)
        # Other than in the segmentation network, both bottlenecks end with a ReLU here.
        x = F.relu(self.layer5(low) + self.down5(self.layer5_(high)))  # (N, 16C) @32
        return self.linear(self.last_layer(x).mean(axis=[2, 3]))


@MODELS.add_component
class DDRNet_23_slim_cls(DDRNetClassifier):
    """The classifier of DDRNet-23-slim: 7.6 M parameters."""

    arch = "DDRNet_23_slim_cls"
    variant = DDRNet_23_slim.variant
    last_channels = 1024


@MODELS.add_component
class DDRNet_23_cls(DDRNetClassifier):
    """The classifier of DDRNet-23: 28.2 M parameters."""

    arch = "DDRNet_23_cls"
    variant = DDRNet_23.variant
    last_channels = 2048


@MODELS.add_component
class DDRNet_39_cls(DDRNetClassifier):
    """The classifier of DDRNet-39: 40.1 M parameters."""

    arch = "DDRNet_39_cls"
    variant = DDRNet_39.variant
    last_channels = 2048
