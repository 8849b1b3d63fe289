# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""DDRNet: deep dual-resolution networks, 23-slim, 23 and 39.

Paper: Hong, Pan, Sun, Jia, "Deep Dual-resolution Networks for Real-time and Accurate Semantic Segmentation of
Road Scenes", arXiv 2101.06085. The numbers are those of the authors' PyTorch code (github.com/ydhongHIT/DDRNet,
MIT licence); the code is our own. Differences, on purpose: any input size from 32 x 32 works, the outputs are
resized to the input, and the names of the state dict are PaddleSeg's.

Shapes: N batch, C base channels, K classes; "@8" means (H/8, W/8), rounded up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.models.heads import DAPPM, SegmentationHead
from paddleseg.models.layers import (
    BasicBlock,
    Bottleneck,
    ConvBN,
    ConvBNReLU,
    DataFormat,
    SwitchedPaddingConv2D,
    initialize_weights,
    resize_to,
    spatial_size,
    upsample_logits,
)
from paddleseg.models.zoo import zoo_faults
from paddleseg.registry import MODELS
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.type_hints import ChannelCount, Count
from paddleseg.utils.weight_source import WeightSource, source_faults

PaddingMode = Literal["official", "paddleseg"]


@dataclass(frozen=True)
class Variant:
    """The numbers in which the variants of the network differ (paper, table 1)."""

    base_channels: int
    layer_blocks: tuple[int, int, int, int]  # blocks in layer1, layer2, layer3, layer4
    high_blocks: tuple[int, ...]  # blocks of the high-resolution branch in each fusion stage
    stages: tuple[str, ...]  # names of the fusion stages
    head_channels: int
    dappm_channels: int = 128


class DualResolutionTrunk(nn.Layer):
    """Stem, both branches and their bilateral fusions, as far as layer5 (paper, section 3.2 and figure 4).

    The segmentation network and the ImageNet classifier derive from it, so that their trunks share all names. Their
    other attributes are explained in ``models.facts``.

    Args:
        variant: The numbers of the variant.
        in_channels: Channels of the pictures.
        data_format: Order of the axes within the network; see ``DDRNet``.
    """

    smallest_side: int = 32
    input_weight: str = "conv1.0._conv.weight"

    def __init__(self, variant: Variant, in_channels: int, data_format: DataFormat = "NCHW") -> None:
        super().__init__()
        self.data_format = data_format
        conv_bn, conv_bn_relu, make_layer = (
            partial(make, data_format=data_format) for make in (ConvBN, ConvBNReLU, _make_layer)
        )
        c = variant.base_channels
        high = 2 * c
        blocks = variant.layer_blocks
        self._stages = variant.stages
        self.conv1 = nn.Sequential(
            conv_bn_relu(in_channels, c, 3, stride=2, bias=True), conv_bn_relu(c, c, 3, stride=2, bias=True)
        )
        self.layer1 = make_layer(BasicBlock, c, c, blocks[0])
        self.layer2 = make_layer(BasicBlock, c, 2 * c, blocks[1], stride=2)

        low_channels = 2 * c
        for stage, high_blocks in zip(variant.stages, variant.high_blocks):
            # "3", "3_1" and "3_2" belong to layer3; only the first of them halves the size.
            layer, halves = int(stage[0]), not stage.endswith("_2")
            stage_blocks = blocks[layer - 1] // sum(name.startswith(stage[0]) for name in variant.stages)
            stage_channels = c * 2 ** (layer - 1)
            low = make_layer(BasicBlock, low_channels, stage_channels, stage_blocks, stride=2 if halves else 1)
            self.add_sublayer(f"layer{stage}", low)
            self.add_sublayer(f"layer{stage}_", make_layer(BasicBlock, high, high, high_blocks))
            self.add_sublayer(f"compression{stage}", conv_bn(stage_channels, high, 1))
            self.add_sublayer(f"down{stage}", _make_down(stage, high, stage_channels, data_format))
            low_channels = stage_channels

    def forward_branches(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run both branches up to layer5.

        Args:
            x: (N, in_channels, H, W) float32; axes in the order of ``data_format``, like the results.

        Returns:
            The low-resolution branch, (N, 8C) @32, and the high-resolution branch, (N, 2C) @8, both after their ReLU;
            and, for the auxiliary head, the fused high-resolution branch after stage 3, (N, 2C) @8, before its ReLU.
        """
        x = F.relu(self.layer1(self.conv1(x)))  # (N, C) @4
        high = low = F.relu(self.layer2(x))  # (N, 2C) @8
        after_stage3 = None
        for stage in self._stages:
            # Equations (1) of the paper: both sums use the other branch as it was before the fusion.
            low_out = getattr(self, f"layer{stage}")(low)
            high_out = getattr(self, f"layer{stage}_")(high)
            low = F.relu(low_out + getattr(self, f"down{stage}")(F.relu(high_out)))
            lifted = getattr(self, f"compression{stage}")(F.relu(low_out))
            fused = high_out + self._resize_like(lifted, high_out)
            high = F.relu(fused)
            if stage.startswith("3"):
                after_stage3 = fused
        return low, high, after_stage3

    def _resize_like(self, x: Tensor, target: Tensor) -> Tensor:
        return resize_to(x, spatial_size(target, self.data_format), self.data_format)


class DDRNet(DualResolutionTrunk):
    """The segmentation network, without its numbers: use ``DDRNet_23_slim``, ``DDRNet_23`` or ``DDRNet_39``.

    Args:
        num_classes: Classes of the output.
        in_channels: Channels of the pictures.
        enable_auxiliary_loss: Whether there is a second head on the high-resolution branch after stage 3.
        padding_mode: ``official``: the authors' network. ``paddleseg``: the two places in which PaddleSeg's
            DDRNet_23 differs from it (average pools that leave the padding out of the count, ``down3`` padded
            on one side), for weights trained there. Not given: that of the loaded weights, which ``models.weights``
            detects; ``official`` without any.
        pretrained: File, folder or address of weights to start from, ``zoo:NAME``, or ``{"url": ..., "sha256": ...}``;
            see ``models.pretrained``.
        data_format: Order of the axes within the network, ``NCHW`` or ``NHWC``, which suits oneDNN on a CPU and the
            tensor cores of GPUs in half precision. Pictures and logits are NCHW, and weights the same, either way.
        class_names: Names of the classes in the order of their numbers. Where ``pretrained`` has names too, each class
            starts with the weights of its name.

    Example:
        >>> model = DDRNet_23_slim(num_classes=19)
        >>> [logits] = model(paddle.zeros([1, 3, 512, 1024]))  # (1, 19, 512, 1024)
    """

    arch: str
    variant: Variant
    task: str = "SegmentationTask"
    output_stride: int = 8
    head_parts: tuple[str, ...] = ("head", "aux_head", "spp")  # a classifier has no pyramid pooling
    class_layers: tuple[str, ...] = ("head.conv", "aux_head.conv")
    training_only_parts: tuple[str, ...] = ("aux_head",)
    has_weights_of_paddleseg: bool = False
    resizes_stride8: bool = True  # see training.step_network

    @checks_arguments
    def __init__(
        self,
        num_classes: Count,
        in_channels: ChannelCount = 3,
        enable_auxiliary_loss: bool = False,
        padding_mode: PaddingMode | None = None,
        pretrained: WeightSource | None = None,
        data_format: DataFormat = "NCHW",
        *,
        class_names: Sequence[str] | None = None,
    ) -> None:
        variant = self.variant
        super().__init__(variant, in_channels, data_format)
        c = variant.base_channels
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.padding_mode_is_named = padding_mode is not None
        self.enable_auxiliary_loss = enable_auxiliary_loss
        self.outputs = self.output_names({"enable_auxiliary_loss": enable_auxiliary_loss})
        self.layer5 = _make_layer(Bottleneck, 8 * c, 8 * c, 1, stride=2, data_format=data_format)
        self.layer5_ = _make_layer(Bottleneck, 2 * c, 2 * c, 1, data_format=data_format)
        self.spp = DAPPM(16 * c, variant.dappm_channels, 4 * c, data_format=data_format)
        if enable_auxiliary_loss:
            self.aux_head = SegmentationHead(2 * c, variant.head_channels, num_classes, data_format)
        self.head = SegmentationHead(4 * c, variant.head_channels, num_classes, data_format)
        initialize_weights(self)
        self.set_padding_mode(padding_mode or "official")
        if pretrained is not None:
            # Imported here, because it knows the networks' names.
            from paddleseg.models.pretrained import load_pretrained

            load_pretrained(self, pretrained, class_names)

    @staticmethod
    def faults(
        num_classes: int | None = None, pretrained: Any = None, class_names: Sequence[str] | None = None, **_: Any
    ) -> Iterator[Fault]:
        """What does not go together, and what is wrong in ``pretrained``, see :mod:`paddleseg.utils.arguments`."""
        if None not in (num_classes, class_names) and len(class_names) != num_classes:
            yield "class_names", f"{len(class_names)} entries for {num_classes} classes; give one per class"
        for key, fault in (*source_faults(pretrained), *zoo_faults(pretrained)):
            yield ".".join(filter(None, ("pretrained", key))), fault

    @staticmethod
    def output_names(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the logits that a network built with these arguments gives; configurations are checked with it."""
        return ("main", "auxiliary") if arguments.get("enable_auxiliary_loss") else ("main",)

    def set_padding_mode(self, padding_mode: PaddingMode) -> None:
        """Switch the two paddings of an existing network; its weights and their names do not change."""
        self.padding_mode = padding_mode
        self.spp.leave_padding_out_of_means(padding_mode == "paddleseg")
        for stage in self._stages:
            if stage.startswith("3"):
                getattr(self, f"down{stage}")._conv.pads_as_same = padding_mode == "paddleseg"

    def forward_stride8(self, x: Tensor) -> list[Tensor]:
        """Logits before the last upsampling.

        Args:
            x: (N, in_channels, H, W) float32, H and W at least 32.

        Returns:
            ``[main]`` or ``[main, auxiliary]``, each (N, num_classes, ceil(H/8), ceil(W/8)).
        """
        if self.data_format == "NHWC":
            x = x.transpose([0, 2, 3, 1])
        low, high, after_stage3 = self.forward_branches(x)
        high = self.layer5_(high)  # (N, 4C) @8
        context = self.spp(self.layer5(low))  # (N, 4C) @64
        logits = [self.head(self._resize_like(context, high) + high)]
        if self.enable_auxiliary_loss:
            logits.append(self.aux_head(after_stage3))
        return logits if self.data_format == "NCHW" else [output.transpose([0, 3, 1, 2]) for output in logits]

    def forward(self, x: Tensor) -> list[Tensor]:
        """Logits at the input's size: ``[main]`` or ``[main, auxiliary]``, each (N, num_classes, H, W)."""
        return [upsample_logits(logits, x.shape[2:]) for logits in self.forward_stride8(x)]


@MODELS.add_component
class DDRNet_23_slim(DDRNet):
    """DDRNet-23-slim: 5.7 M parameters, 36.3 GMACs at 1024 x 2048."""

    arch = "DDRNet_23_slim"
    variant = Variant(32, (2, 2, 2, 2), (2, 2), ("3", "4"), head_channels=64)


@MODELS.add_component
class DDRNet_23(DDRNet):
    """DDRNet-23: 20.1 M parameters, 143.1 GMACs at 1024 x 2048."""

    arch = "DDRNet_23"
    has_weights_of_paddleseg = True
    variant = Variant(64, (2, 2, 2, 2), (2, 2), ("3", "4"), head_channels=128)


@MODELS.add_component
class DDRNet_39(DDRNet):
    """DDRNet-39: 32.4 M parameters, 281.1 GMACs at 1024 x 2048.

    Its stage 3 is split in two, with a fusion after each half (paper, section 3.2).
    """

    arch = "DDRNet_39"
    variant = Variant(64, (3, 4, 6, 3), (3, 3, 3), ("3_1", "3_2", "4"), head_channels=256)


def _make_layer(
    block: type[BasicBlock] | type[Bottleneck],
    in_channels: int,
    channels: int,
    count: int,
    *,
    stride: int = 1,
    data_format: DataFormat = "NCHW",
) -> nn.Sequential:
    """``count`` blocks, the first with the stride, the last without its ReLU."""
    layers = []
    for i in range(count):
        is_first, is_last = i == 0, i == count - 1
        layers.append(
            block(
                in_channels,
                channels,
                stride=stride if is_first else 1,
                final_relu=not is_last,
                data_format=data_format,
            )
        )
        in_channels = channels * block.expansion
    return nn.Sequential(*layers)


def _make_down(stage: str, high: int, low: int, data_format: DataFormat) -> nn.Layer:
    """The strided convolutions from the high to the low branch: one to 1/16, two to 1/32."""
    if stage.startswith("3"):
        return ConvBN(high, low, 3, stride=2, conv=SwitchedPaddingConv2D, data_format=data_format)
    return nn.Sequential(
        ConvBNReLU(high, low // 2, 3, stride=2, data_format=data_format),
        ConvBN(low // 2, low, 3, stride=2, data_format=data_format),
    )
