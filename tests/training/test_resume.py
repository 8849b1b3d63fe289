# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A run in several parts has the bytes of an uninterrupted one, wherever it is interrupted."""

from types import SimpleNamespace

import paddle
import pytest
from paddle import nn

from paddleseg.core import train
from paddleseg.datasets import RoadScenes
from paddleseg.losses import CrossEntropyLoss
from paddleseg.training.checkpoint import open_checkpoint
from paddleseg.transforms import Normalize, RandomHorizontalFlip, RandomPaddingCrop
from tests.training.resumed import assert_same_losses, assert_same_state, logged_losses

STEPS = 40


class OneLayer(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(3, 19, 1)
        self.bn = nn.BatchNorm2D(19)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x):
        return [self.bn(self.conv(self.dropout(x)))]


@pytest.fixture(scope="module")
def scenes():
    transforms = [RandomPaddingCrop([32, 32]), RandomHorizontalFlip(), Normalize()]
    return RoadScenes(transforms, mode="train", num_samples=7, size=(64, 32), cache="ram")


@pytest.fixture
def run(scenes, tmp_path, log):
    """``run([13, 27, 40])``: train in parts that end at these steps; gives the log, and the checkpoint of the end."""

    def in_parts(ends, num_workers=0):
        log.clear()
        folder = tmp_path / "_".join(map(str, [*ends, num_workers]))
        for end in ends:
            paddle.seed(7)
            model = OneLayer()
            rate = paddle.optimizer.lr.PolynomialDecay(0.1, STEPS)
            parameters = [p for p in model.parameters() if not p.stop_gradient]
            # 7 pictures in batches of 2, 2 batches a step: most cuts are within an epoch.
            train(
                model, scenes,
                optimizer=paddle.optimizer.Momentum(rate, 0.9, parameters),
                losses={"types": [CrossEntropyLoss()], "coef": [1.0]}, save_dir=folder, iters=end, batch_size=2,
                seed=3, save_interval=1000, log_iters=1, num_workers=num_workers, resume_model="auto",
                use_ema=True, ema_decay=0.9, grad_accum_steps=2,
            )  # fmt: skip
        return SimpleNamespace(log=log.text, checkpoint=folder / f"iter_{STEPS}")

    return in_parts


@pytest.fixture
def straight(run):
    made = run([STEPS])
    losses = logged_losses(made.log)
    assert list(losses) == list(range(1, STEPS + 1))
    assert len(set(losses.values())) > STEPS // 2
    return made


def assert_is(made, straight):
    assert_same_losses(made.log, straight.log)
    assert_same_state(made.checkpoint, straight.checkpoint)


@pytest.mark.slow
def test_every_split_into_two_is_the_straight_run_to_the_byte(run, straight):
    for cut in range(1, STEPS):
        assert_is(run([cut, STEPS]), straight)


@pytest.mark.slow
@pytest.mark.parametrize("cpu", [("onednn", 1), ("onednn", 2), ("paddle", 1)], indirect=True)
@pytest.mark.parametrize("ends", [[1, 2, STEPS], [13, 27, STEPS], [3, 38, STEPS]])
def test_splits_into_three_are_the_straight_run_to_the_byte(cpu, ends, run, straight):
    made = run(ends)
    assert_is(made, straight)
    facts = open_checkpoint(made.checkpoint).states["run"]["cpu"]
    assert (facts["backend"], facts["threads"]) == cpu


@pytest.mark.slow
@pytest.mark.parametrize("ends", [[STEPS], [17, STEPS], [5, 20, STEPS]])
def test_with_workers_it_is_the_straight_run_too(ends, run, straight):
    assert_is(run(ends, num_workers=2), straight)
