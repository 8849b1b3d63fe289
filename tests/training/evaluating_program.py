# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluates a network and builds a trainer in each of several processes, and records each one's results."""

import json
import sys
import zlib  # noqa: F401 - before Paddle 2.6.2, which crashes the process without it; isort wants paddleseg after paddle

import paddle

from paddleseg.core import evaluate
from paddleseg.datasets import RoadScenes
from paddleseg.tasks import SegmentationTask
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.trainer import Trainer
from paddleseg.transforms import Normalize


class Pointwise(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(3, 19, 1)

    def forward(self, x):
        return [self.conv(x)]


def evaluated():
    """Mean IoU and kappa of a network and three pictures that are the same wherever this is called."""
    paddle.seed(5)
    dataset = RoadScenes([Normalize()], mode="val", num_samples=3, size=(64, 32))
    figures = evaluate(Pointwise(), dataset, num_workers=0)
    return {"mean_iou": figures[0], "kappa": figures[4]}


def sums_of_weights(rank):
    """Of the network and of its average. Each process makes its own; Paddle's wrapper gives all those of the first."""
    paddle.seed(rank)
    model = Pointwise()
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    trainer = Trainer(model, SegmentationTask(), optimizer, None, RunSettings(iters=1, seed=0, use_ema=True))
    return [state["conv.weight"].sum().item() for state in (model.state_dict(), trainer.ema.state_dict())]


if __name__ == "__main__":
    paddle.set_device("cpu")
    rank = paddle.distributed.get_rank()
    with open(f"{sys.argv[1]}/{rank}.json", "w") as file:
        json.dump({**evaluated(), "weights": sums_of_weights(rank)}, file)
