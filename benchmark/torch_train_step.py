# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The train step of ``train_step.py`` in PyTorch, for a separate process, which never imports Paddle.

    PYTHON_WITH_TORCH benchmark/torch_train_step.py

``torch_worker.py`` starts it. A request is one line of JSON on stdin, its answer one on stdout:

* at the start, without a request: the version of PyTorch, which must be 2.4 or newer for its fused optimiser
* ``{"start": {...}}``: the settings, and a file of arrays (weights, pictures, labels)
* ``{"forward": FILE}``: writes the logits in training mode to a .npy file
* ``{"step": LOSS}``: one optimiser step with the loss ``ohem`` or ``cross_entropy``; answers with its loss and seconds

The network is the authors' DDRNet-23-slim with auxiliary head under the toolkit's names, explained in
``paddleseg/models/ddrnet.py``. In place where autograd allows it, channels last, freed memory kept: as fast as eager
PyTorch gets.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.allocator import keep_freed_memory

BASE, HEAD, PYRAMID = 32, 64, 128  # channels of DDRNet-23-slim
POOLS = ((5, 2), (9, 4), (17, 8))  # kernel and stride in the pyramid pooling


class ConvBN(nn.Module):
    """Convolution and batch normalisation, and a ReLU if ``relu``."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int = 1, bias: bool = False, relu: bool = False):
        super().__init__()
        self._conv = nn.Conv2d(inside, outside, kernel, stride, padding=kernel // 2, bias=bias)
        self._batch_norm = nn.BatchNorm2d(outside)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        x = self._batch_norm(self._conv(x))
        return F.relu_(x) if self.relu else x


def projection(inside: int, outside: int, stride: int) -> nn.Sequential | None:
    if inside == outside and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))


class Residual(nn.Module):
    """Convolutions beside a shortcut; ``names`` are those of the convolutions in their order."""

    names: tuple[str, ...]

    def __init__(self, downsample: nn.Module | None, final_relu: bool):
        super().__init__()
        self.downsample = downsample
        self.final_relu = final_relu

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for name in self.names:
            out = getattr(self, name)(out)
        out += x if self.downsample is None else self.downsample(x)
        return F.relu_(out) if self.final_relu else out


class BasicBlock(Residual):
    names = ("conv_bn_relu", "conv_bn")

    def __init__(self, inside: int, channels: int, stride: int, final_relu: bool):
        super().__init__(projection(inside, channels, stride), final_relu)
        self.conv_bn_relu = ConvBN(inside, channels, 3, stride, relu=True)
        self.conv_bn = ConvBN(channels, channels, 3)


class Bottleneck(Residual):
    names = ("conv_bn_relu1", "conv_bn_relu2", "conv_bn")

    def __init__(self, inside: int, channels: int, stride: int = 1):
        super().__init__(projection(inside, 2 * channels, stride), final_relu=False)
        self.conv_bn_relu1 = ConvBN(inside, channels, 1, relu=True)
        self.conv_bn_relu2 = ConvBN(channels, channels, 3, stride, relu=True)
        self.conv_bn = ConvBN(channels, 2 * channels, 1)


def two_blocks(inside: int, channels: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        BasicBlock(inside, channels, stride, final_relu=True), BasicBlock(channels, channels, 1, final_relu=False)
    )


def bn_relu_conv(inside: int, outside: int, kernel: int) -> list[nn.Module]:
    """The pre-activation triple of the pyramid pooling."""
    return [
        nn.BatchNorm2d(inside),
        nn.ReLU(inplace=True),
        nn.Conv2d(inside, outside, kernel, padding=kernel // 2, bias=False),
    ]


def resize_like(x: Tensor, target: Tensor) -> Tensor:
    return F.interpolate(x, size=target.shape[2:], mode="bilinear", align_corners=False)


class PyramidPooling(nn.Module):
    """DAPPM. The average pools count the padding, which is PyTorch's default."""

    def __init__(self, inside: int, outside: int):
        super().__init__()
        self.scale0 = nn.Sequential(*bn_relu_conv(inside, PYRAMID, 1))
        pools = [nn.AvgPool2d(kernel, stride, padding=kernel // 2) for kernel, stride in POOLS]
        for i, pool in enumerate([*pools, nn.AdaptiveAvgPool2d(1)], start=1):
            setattr(self, f"scale{i}", nn.Sequential(pool, *bn_relu_conv(inside, PYRAMID, 1)))
            setattr(self, f"process{i}", nn.Sequential(*bn_relu_conv(PYRAMID, PYRAMID, 3)))
        self.compression = nn.Sequential(*bn_relu_conv(5 * PYRAMID, outside, 1))
        self.shortcut = nn.Sequential(*bn_relu_conv(inside, outside, 1))

    def forward(self, x: Tensor) -> Tensor:
        outputs = [self.scale0(x)]
        for i in range(1, 5):
            lifted = resize_like(getattr(self, f"scale{i}")(x), x)
            outputs.append(getattr(self, f"process{i}")(lifted + outputs[-1]))
        return self.compression(torch.cat(outputs, dim=1)) + self.shortcut(x)


class Head(nn.Module):
    def __init__(self, inside: int, num_classes: int):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inside)
        self.conv_bn_relu = ConvBN(inside, HEAD, 3, relu=True)
        self.conv = nn.Conv2d(HEAD, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.conv_bn_relu(F.relu_(self.bn1(x))))


class DDRNet23Slim(nn.Module):
    """Returns the main and the auxiliary logits, both at an eighth of the size."""

    def __init__(self, num_classes: int):
        super().__init__()
        c = BASE
        self.conv1 = nn.Sequential(
            ConvBN(3, c, 3, stride=2, bias=True, relu=True), ConvBN(c, c, 3, stride=2, bias=True, relu=True)
        )
        self.layer1, self.layer2 = two_blocks(c, c), two_blocks(c, 2 * c, stride=2)
        self.layer3, self.layer3_ = two_blocks(2 * c, 4 * c, stride=2), two_blocks(2 * c, 2 * c)
        self.layer4, self.layer4_ = two_blocks(4 * c, 8 * c, stride=2), two_blocks(2 * c, 2 * c)
        self.layer5 = nn.Sequential(Bottleneck(8 * c, 8 * c, stride=2))
        self.layer5_ = nn.Sequential(Bottleneck(2 * c, 2 * c))
        self.compression3, self.compression4 = ConvBN(4 * c, 2 * c, 1), ConvBN(8 * c, 2 * c, 1)
        self.down3 = ConvBN(2 * c, 4 * c, 3, stride=2)
        self.down4 = nn.Sequential(ConvBN(2 * c, 4 * c, 3, stride=2, relu=True), ConvBN(4 * c, 8 * c, 3, stride=2))
        self.spp = PyramidPooling(16 * c, 4 * c)
        self.head, self.aux_head = Head(4 * c, num_classes), Head(2 * c, num_classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu_(self.layer1(self.conv1(x)))
        high = low = F.relu_(self.layer2(x))
        low, fused = self.exchange("3", low, high)
        auxiliary = self.aux_head(fused)
        low, fused = self.exchange("4", low, F.relu(fused))
        high = self.layer5_(F.relu_(fused))
        return [self.head(resize_like(self.spp(self.layer5(low)), high) + high), auxiliary]

    def exchange(self, stage: str, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        """A stage of both branches and their fusion; the low one after its ReLU, the high one before it."""
        low, high = getattr(self, f"layer{stage}")(low), getattr(self, f"layer{stage}_")(high)
        down = getattr(self, f"down{stage}")(F.relu(high))
        lifted = getattr(self, f"compression{stage}")(F.relu(low))
        return F.relu_(low + down), high + resize_like(lifted, high)


def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    return F.cross_entropy(logits, label, ignore_index=255)


def ohem(logits: Tensor, label: Tensor, thresh: float, min_kept: int) -> Tensor:
    """Mean loss of the pixels below the threshold, selected on the losses as in ``hard_pixels`` of the toolkit.

    Ignored pixels have the loss 0, so they come last and are never kept; more than ``min_kept`` must be valid.
    """
    losses = F.cross_entropy(logits, label, ignore_index=255, reduction="none").flatten()
    with torch.no_grad():
        at_place = torch.topk(losses, min_kept + 1, sorted=False).values.min()  # as fast as kthvalue
        kept = losses > at_place.clamp(max=-math.log(thresh))
    return (losses * kept).sum() / kept.sum().clamp(min=1)


class Training:
    """Network, batch and optimiser.

    Args:
        settings: ``arrays``, the file; ``num_classes``; ``shift`` and ``scale``, which normalise the pictures;
            ``thresh`` and ``min_kept`` of OHEM; ``coefficients`` of the outputs' losses; and ``rate``, the optimiser's
            learning rate.
    """

    def __init__(self, settings: dict[str, Any]):
        arrays = dict(np.load(settings["arrays"]))
        self.pictures, self.label = (torch.from_numpy(arrays.pop(name)) for name in ("pictures", "label"))
        self.shift, self.scale = (torch.tensor(settings[name]).reshape(1, -1, 1, 1) for name in ("shift", "scale"))
        self.coefficients = settings["coefficients"]
        self.losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
            "cross_entropy": cross_entropy,
            "ohem": lambda logits, label: ohem(logits, label, settings["thresh"], settings["min_kept"]),
        }
        self.network = DDRNet23Slim(settings["num_classes"])
        self.load(arrays)
        self.network.train().to(memory_format=torch.channels_last)
        rate = settings["rate"]
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), rate["learning_rate"], rate["momentum"],
            weight_decay=rate["weight_decay"], fused=True,
        )  # fmt: skip

    def load(self, weights: dict[str, np.ndarray]) -> None:
        """Load all weights; raises RuntimeError if a name or shape has no counterpart."""
        counters = {name: value for name, value in self.network.state_dict().items() if name.endswith("_tracked")}
        arrays = {name: torch.from_numpy(value) for name, value in weights.items()}
        self.network.load_state_dict({**arrays, **counters}, strict=True)

    def logits(self) -> list[Tensor]:
        pictures = (self.pictures.permute(0, 3, 1, 2).float() - self.shift) * self.scale
        return [
            # Contiguous in NCHW, upsampling and loss take a sixth less time.
            F.interpolate(logits.contiguous(), size=pictures.shape[2:], mode="bilinear", align_corners=False)
            for logits in self.network(pictures)
        ]

    def step(self, name: str) -> float:
        label = self.label.long()
        losses = [self.losses[name](logits, label) for logits in self.logits()]
        total = sum(loss * coefficient for loss, coefficient in zip(losses, self.coefficients))
        total.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return total.item()


def main() -> None:
    keep_freed_memory()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    answer(version=torch.__version__)
    training = None
    for line in sys.stdin:
        [(request, value)] = json.loads(line).items()
        if request == "start":
            training = Training(value)
            answer()
        elif request == "forward":
            with torch.no_grad():
                np.save(value, np.stack([logits.numpy() for logits in training.logits()]))
            answer()
        else:
            begin = time.perf_counter()
            loss = training.step(value)
            answer(loss=loss, seconds=time.perf_counter() - begin)


def answer(**content: Any) -> None:
    print(json.dumps(content), flush=True)


if __name__ == "__main__":
    main()
