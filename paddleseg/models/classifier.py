# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The ImageNet classifiers whose trunks the segmentation networks start from.

They follow the authors' PyTorch classification code. All names up to layer5 are those of ``models.ddrnet``, so a
classifier's checkpoint loads into a segmentation network branch by branch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.models.ddrnet import DDRNet, DDRNet_23, DDRNet_23_slim, DDRNet_39, DualResolutionTrunk, Variant
from paddleseg.models.layers import Bottleneck, ConvBN, ConvBNReLU, DataFormat, initialize_weights
from paddleseg.registry import MODELS
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.type_hints import BelowOne, ChannelCount, Count
from paddleseg.utils.weight_source import WeightSource


class DDRNetClassifier(DualResolutionTrunk):
    """Trunk, one more fusion at 1/32 and a linear classifier.

    Args:
        num_classes: Classes of the output.
        in_channels: Channels of the pictures.
        drop_path: Probability with which the last blocks are left out in training, picture by picture; it grows in
            equal steps from 0 at the first block. Unlike in MindSpore's code of this recipe, which drops the residual,
            the block is dropped and the residual stays.
        pretrained: File, folder or address of weights to start from, as for ``DDRNet``; if they are of other classes,
            the last layers stay untrained.
        data_format: Order of the axes within the network, ``NCHW`` or ``NHWC``. Pictures are NCHW either way.
        class_names: As for ``DDRNet``.
    """

    arch: str
    variant: Variant
    last_channels: int
    task: str = "ClassificationTask"
    output_stride: int = 32
    head_parts: tuple[str, ...] = ("down5", "last_layer", "linear")
    class_layers: tuple[str, ...] = ("linear",)
    training_only_parts: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("main",)

    @checks_arguments
    def __init__(
        self,
        num_classes: Count = 1000,
        in_channels: ChannelCount = 3,
        drop_path: BelowOne = 0.0,
        pretrained: WeightSource | None = None,
        data_format: DataFormat = "NCHW",
        *,
        class_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__(self.variant, in_channels, data_format)
        bottleneck, conv_bn, conv_bn_relu = (
            partial(make, data_format=data_format) for make in (Bottleneck, ConvBN, ConvBNReLU)
        )
        c = self.variant.base_channels
        self.num_classes, self.in_channels = num_classes, in_channels
        self.layer5 = nn.Sequential(bottleneck(8 * c, 8 * c))
        self.layer5_ = nn.Sequential(bottleneck(2 * c, 2 * c))
        self.down5 = nn.Sequential(conv_bn_relu(4 * c, 8 * c, 3, stride=2), conv_bn(8 * c, 16 * c, 3, stride=2))
        self.last_layer = conv_bn_relu(16 * c, self.last_channels, 1)
        self.linear = nn.Linear(self.last_channels, num_classes)
        initialize_weights(self)
        self._set_drop_path(drop_path)
        if pretrained is not None:
            # Imported here, because it knows the networks' names.
            from paddleseg.models.pretrained import load_pretrained

            load_pretrained(self, pretrained, class_names)

    faults = staticmethod(DDRNet.faults)

    @staticmethod
    def output_names(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the logits that a network built with these arguments gives; configurations are checked with it."""
        return ("main",)

    def _set_drop_path(self, last: float) -> None:
        """Give each block its probability; blocks of both branches at the same depth have the same."""
        names = ["layer1", "layer2", *(f"layer{stage}" for stage in self._stages), "layer5"]
        num_steps = sum(len(getattr(self, name)) for name in names) - 1
        depth = 0
        for name in names:
            low = getattr(self, name)
            high = getattr(self, f"{name}_", ())
            for position, block in (*enumerate(low), *enumerate(high)):
                block.drop_path = last * (depth + position) / num_steps
            depth += len(low)

    def forward(self, x: Tensor) -> Tensor:
        """Class logits (N, num_classes) of (N, in_channels, H, W) pictures."""
        if self.data_format == "NHWC":
            x = x.transpose([0, 2, 3, 1])
        low, high, _ = self.forward_branches(x)
        # Unlike in the segmentation network, both bottlenecks end with a ReLU here.
        x = F.relu(self.layer5(low) + self.down5(self.layer5_(high)))  # (N, 16C) @32
        return self.linear(self.last_layer(x).mean(axis=[2, 3] if self.data_format == "NCHW" else [1, 2]))


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
