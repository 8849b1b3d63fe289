# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A run whose checkpoints of steps 4 and 8, written by version 0.1, are in ``old_run_checkpoints/``.

``python tests/training/old_run.py FOLDER`` at commit 2ca6e59 wrote them.
"""

import sys
import zlib  # noqa: F401 - before Paddle 2.6.2, which crashes the process without it; isort wants paddleseg after paddle

import paddle
from paddle import nn

from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.losses import CrossEntropyLoss
from paddleseg.transforms import Normalize, RandomHorizontalFlip, RandomPaddingCrop

STEPS = 8


class OneLayer(nn.Layer):
    arch = "OneLayer"

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(3, 19, 1)
        self.bn = nn.BatchNorm2D(19)

    def forward(self, x):
        return [self.bn(self.conv(x))]


def run(folder, **arguments):
    """Train for 8 steps, or go on from a checkpoint, as every process does that has the same arguments."""
    paddle.seed(7)
    model = OneLayer()
    rate = paddle.optimizer.lr.PolynomialDecay(0.1, STEPS)
    parameters = [p for p in model.parameters() if not p.stop_gradient]
    scene = {"num_samples": 7, "size": (64, 32)}
    train(
        model,
        RoadScenes([RandomPaddingCrop([32, 32]), RandomHorizontalFlip(), Normalize()], mode="train", **scene),
        RoadScenes([Normalize()], mode="val", **scene),
        optimizer=paddle.optimizer.Momentum(rate, 0.9, parameters),
        losses={"types": [CrossEntropyLoss()], "coef": [1.0]},
        **{
            "save_dir": folder, "iters": STEPS, "batch_size": 2, "seed": 3, "save_interval": 4, "log_iters": 1,
            "num_workers": 0, "use_ema": True, "ema_decay": 0.9, "grad_accum_steps": 2, **arguments,
        },
    )  # fmt: skip


if __name__ == "__main__":
    paddle.set_device("cpu")
    run(sys.argv[1])
