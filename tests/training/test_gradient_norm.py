# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The norm of the gradients in the line of training, against plain numpy."""

import re

import numpy as np
import paddle
import pytest

from paddleseg.training.hooks.base import Hook
from paddleseg.training.hooks.log import LogHook
from paddleseg.training.trainer import Trainer
from tests.training.small_trainer import make_trainer, same, weights


class PlainNorms(Hook):
    """The norm of each step's gradients in float64."""

    def __init__(self):
        self.norms = []

    def before_update(self, trainer):
        gradients = [p.grad.numpy().astype(np.float64) for p in trainer.model.parameters() if p.grad is not None]
        self.norms.append(np.sqrt(sum((gradient**2).sum() for gradient in gradients)))


def logged(log):
    return [float(norm) for norm in re.findall(r"\| grad_norm: (\S+)$", log.text, re.MULTILINE)]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_line_has_the_norm_of_its_steps_gradients_before_they_are_clipped(accumulate, log):
    plain = PlainNorms()
    trainer = make_trainer(hooks=[plain, LogHook(4)], accumulate=accumulate)
    trainer.optimizer._grad_clip = paddle.nn.ClipGradByGlobalNorm(1e-6)
    trainer.train()
    assert len(plain.norms) == 10 and min(plain.norms) > 1e-3
    assert logged(log) == pytest.approx([plain.norms[step - 1] for step in (4, 8, 10)], rel=6e-4)  # four digits


class Scaler:
    """Scales as Paddle's does on a card; on a CPU that one is off."""

    def __init__(self, enable):
        self.factor = 4096.0

    def scale(self, loss):
        return loss * self.factor

    def step(self, optimizer):
        for parameter in optimizer._parameter_list:
            paddle.assign(parameter.grad / self.factor, parameter.grad)
        optimizer._set_auxiliary_var("found_inf", False)
        optimizer.step()

    def update(self):
        pass

    def state_dict(self):
        return {"scale": np.array([self.factor], np.float32)}


def test_the_scale_of_fp16_is_no_part_of_the_norm(monkeypatch, log):
    make_trainer(hooks=[fp32 := PlainNorms()], total_steps=2).train()
    monkeypatch.setattr(paddle.amp, "GradScaler", Scaler)
    make_trainer(hooks=[fp16 := PlainNorms(), LogHook(1)], total_steps=2, precision="fp16").train()
    assert fp16.norms == pytest.approx([4096 * norm for norm in fp32.norms], rel=1e-3)
    assert logged(log) == pytest.approx(fp32.norms, rel=1e-3)


def test_steps_without_a_line_take_no_time_for_a_norm(monkeypatch):
    calls, real = [], Trainer.gradient_norm
    monkeypatch.setattr(Trainer, "gradient_norm", lambda trainer: calls.append(trainer.step + 1) or real(trainer))
    make_trainer(hooks=[LogHook(4)]).train()
    assert calls == [4, 8, 10]


def velocities_of(trainer):
    state = trainer.optimizer.state_dict()
    return [tensor.numpy().tobytes() for name, tensor in state.items() if "velocity" in name]


@pytest.mark.parametrize("options", [{}, {"accumulate": 2}, {"precision": "fp16"}, {"max_skipped_steps": 1}], ids=str)
def test_a_training_that_logs_each_norm_has_the_bytes_of_one_that_logs_none(options):
    with_norms, without = make_trainer(hooks=[LogHook(1)], **options), make_trainer(**options)
    with_norms.train()
    without.train()
    assert same(weights(with_norms), weights(without))
    velocities = [velocities_of(trainer) for trainer in (with_norms, without)]
    assert velocities[0] == velocities[1]
    assert len(velocities[0]) == 4
