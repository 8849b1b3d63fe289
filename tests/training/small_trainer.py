# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A trainer of a network of one layer, whose whole training takes milliseconds."""

import json
from types import SimpleNamespace

import numpy as np
import paddle
from paddle import nn

from paddleseg.losses import CrossEntropyLoss
from paddleseg.models.weights import read_weights
from paddleseg.tasks import Scores, SegmentationTask
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.trainer import Trainer
from paddleseg.training.trainer_state import RunRecord
from paddleseg.transforms import Pipeline
from paddleseg.transforms.transforms import Normalize

TOTAL_STEPS = 10


class OneLayer(nn.Layer):
    arch = "OneLayer"

    def __init__(self, num_classes=2):
        super().__init__()
        self.conv = nn.Conv2D(3, num_classes, 1)
        self.bn = nn.BatchNorm2D(num_classes)

    def forward(self, x):
        return [self.bn(self.conv(x))]


def make_batch(number, bad=False, side=8):
    random = np.random.default_rng(number)
    image = random.integers(0, 256, (2, side, side, 3)).astype("uint8")
    if bad:
        image = np.where(np.arange(side)[:, None] == 3, np.nan, image.astype("float32"))
    label = random.integers(0, 2, (2, side, side)).astype("uint8")
    return {
        "img": paddle.to_tensor(image),
        "label": paddle.to_tensor(label),
        "paths": [f"picture_{number}.png"],
    }


class InMemory:
    """Batches from a function of the step."""

    per_epoch = 4

    def __init__(self, from_step):
        self.from_step = lambda step, total_steps: from_step(step)


class Toy(SegmentationTask):
    """Two classes, pictures of ``make_batch``."""

    def __init__(self, losses=None):
        dataset = SimpleNamespace(pipeline=Pipeline([Normalize()]), class_names=None)
        super().__init__(losses or [(CrossEntropyLoss(), 1.0)], dataset)


def make_trainer(
    *, hooks=(), seed=0, total_steps=TOTAL_STEPS, accumulate=1, use_ema=False, bad_step=None, batches=None, task=None,
    **settings,
):  # fmt: skip
    paddle.seed(seed)
    model = OneLayer()
    schedule = paddle.optimizer.lr.PolynomialDecay(0.5, total_steps, end_lr=0.0)
    parameters = [p for p in model.parameters() if not p.stop_gradient]
    optimizer = paddle.optimizer.Momentum(schedule, 0.9, parameters)

    def from_step(step):
        return (make_batch(n, n + 1 == bad_step) for n in range(step * accumulate, total_steps * accumulate))

    return Trainer(
        model,
        task or Toy(),
        optimizer,
        InMemory(batches or from_step),
        RunSettings(iters=total_steps, grad_accum_steps=accumulate, use_ema=use_ema, ema_decay=0.9, seed=0, **settings),
        hooks=hooks,
        record=RunRecord({"seed": seed, "batch_size": 2}),
    )


def scores(mean_iou):
    """What an evaluation gives."""
    return Scores({"mIoU": mean_iou, "Acc": mean_iou}, "mIoU")


def evaluate_hook(figures, folder, **options):
    figures = iter(figures)
    return EvaluateHook(lambda model: scores(next(figures)), folder=str(folder), **options)


def weights(trainer):
    return {name: tensor.numpy().copy() for name, tensor in trainer.model.state_dict().items()}


def same(a, b):
    return all((a[name] == b[name]).all() for name in a)


def best_of(folder):
    """Step and figure of the best model, as its files say."""
    meta = read_weights(folder / "best_model" / "model.pdparams")[1]
    assert json.loads((folder / "best_model" / "manifest.json").read_text())["step"] == meta["step"]
    return meta["step"], meta["metric"]["mIoU"]
