# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of a few layers, whose steps take milliseconds."""

import paddle
from paddle import nn

from paddleseg.models.layers import upsample_logits
from paddleseg.models.pretrained import load_pretrained


class Eighth(nn.Layer):
    """Maps of ``width`` channels at an eighth, from them logits, which are resized."""

    resizes_stride8 = True

    def __init__(self, width, num_classes=2, stride=8):
        super().__init__()
        self.trunk = nn.Conv2D(3, width, stride, stride=stride)
        self.head = nn.Conv2D(width, num_classes, 1)
        self.pooled = nn.AdaptiveAvgPool2D(1)
        self.flat = nn.Flatten()
        self.unused = nn.ReLU()

    def forward_stride8(self, x):
        features = self.trunk(x)
        self.flat(self.pooled(features))
        return [self.head(features)]

    def forward(self, x):
        return [nn.functional.interpolate(self.forward_stride8(x)[0], x.shape[2:], mode="bilinear")]


class Whole(Eighth):
    """The same logits at the pictures' size, without a word of how they come to be."""

    def forward(self, x):
        return super().forward(x)


class _WithOptions(nn.Layer):
    """With batch normalisation and what a configuration says of networks; parts have the names of DDRNet's."""

    resizes_stride8 = True
    width: int

    def __init__(self, num_classes, in_channels=3, enable_auxiliary_loss=False, pretrained=None, class_names=None):
        super().__init__()
        self.arch, self.num_classes, self.in_channels = type(self).__name__, num_classes, in_channels
        self.conv1 = nn.Conv2D(in_channels, self.width, 9, stride=8, padding=4)  # an eighth, rounded up
        self.layer5_ = nn.Sequential(nn.Conv2D(self.width, self.width, 1), nn.BatchNorm2D(self.width))
        self.head = nn.Conv2D(self.width, num_classes, 1)
        if enable_auxiliary_loss:
            self.aux_head = nn.Conv2D(self.width, num_classes, 1)
        self.outputs = self.output_names({"enable_auxiliary_loss": enable_auxiliary_loss})
        if pretrained is not None:
            load_pretrained(self, pretrained, class_names)

    @staticmethod
    def output_names(arguments):
        return ("main", "auxiliary") if arguments.get("enable_auxiliary_loss") else ("main",)

    def forward_stride8(self, x):
        features = nn.functional.relu(self.conv1(x))
        logits = [self.head(self.layer5_(features))]
        return logits + [self.aux_head(features)] if len(self.outputs) == 2 else logits

    def forward(self, x):
        return [upsample_logits(logits, x.shape[2:]) for logits in self.forward_stride8(x)]


class SmallStudent(_WithOptions):
    width = 4


class SmallTeacher(_WithOptions):
    width = 6


def networks(student=4, teacher=6, kind=Eighth):
    """A student and a teacher of these widths."""
    paddle.seed(1)
    return Eighth(student), kind(teacher)
