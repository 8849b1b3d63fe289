# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of two layers, with which a step takes milliseconds."""

import paddle
from paddle import nn


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


def networks(student=4, teacher=6, kind=Eighth):
    """A student and a teacher of these widths."""
    paddle.seed(1)
    return Eighth(student), kind(teacher)
