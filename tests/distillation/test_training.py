# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trainings with a teacher: what they save, how they resume, and that the teacher does not change."""

import re

import numpy as np
import pytest

import export
from paddleseg.config import training
from paddleseg.models.weights import read_weights
from paddleseg.training.checkpoint import open_checkpoint
from tests.distillation.conftest import FEATURES, LOGITS
from tests.distillation.small_networks import SmallStudent
from tests.training.resumed import assert_same_losses, assert_same_state

PROJECTION = "teacher_layer5_.weight"


def test_a_resumed_run_has_the_bytes_of_the_uninterrupted_one(distil, tmp_path):
    every = ("--save_interval", 2, "--use_ema")
    accumulated = {"grad_accum_steps": 2}
    straight = distil("--iters", 4, *every, save_dir="straight", **accumulated)
    stopped = distil("--iters", 4, *every, save_dir="halves", **accumulated)
    last = tmp_path / "halves" / "iter_4"
    for path in last.iterdir():
        path.unlink()
    last.rmdir()
    resumed = distil("--iters", 4, *every, "--resume_model", "auto", save_dir="halves", **accumulated)
    assert "resumed from" in resumed and "at iter 2" in resumed
    assert_same_losses(resumed, straight, done=2)
    assert_same_losses(stopped, straight)
    ours, wanted = (tmp_path / run / "iter_4" for run in ("halves", "straight"))
    assert_same_state(ours, wanted)
    projections = [open_checkpoint(folder).states["extra_layers"][PROJECTION] for folder in (ours, wanted)]
    before = open_checkpoint(tmp_path / "straight/iter_2").states["extra_layers"][PROJECTION]
    assert projections[0].tobytes() == projections[1].tobytes() != before.tobytes()
    # The optimiser's state of it too: its velocity is among those that were compared.
    assert any("extra" in name for name in open_checkpoint(ours).states["parameter_names"])


def test_weights_and_an_export_hold_the_student_alone(verified_here, distil, tmp_path, tiny_config):
    # Small weights, for after a step of these sizes graph and network would differ in most of the pixels.
    losses = [term.replace("weight: ", "weight: 0.0") for term in (LOGITS, FEATURES)]
    distil("--iters", 1, "--use_ema", losses=losses)
    folder = tmp_path / "run/iter_1"
    own = SmallStudent(4, enable_auxiliary_loss=True).state_dict()
    for file in ("model.pdparams", "ema_model.pdparams"):
        weights, meta = read_weights(folder / file)
        assert weights.keys() == own.keys() and meta["arch"] == "SmallStudent"
    assert open_checkpoint(folder).states["extra_layers"][PROJECTION].shape == (6, SmallStudent.width, 1, 1)
    # An export of it reads neither the teacher nor the projection.
    for path in (tmp_path / "teacher").iterdir():
        path.unlink()
    given = ("--config", tmp_path / "run/config.yml", "--model_path", folder, "--save_dir", tmp_path / "exported")
    export.main(export.make_parser().parse_args([*map(str, given)]))
    assert (tmp_path / "exported/deploy.yaml").is_file()


def test_the_teacher_stays_as_it_was_and_in_evaluation_mode(distil, monkeypatch):
    found = []

    def load(*arguments):
        teacher = load_teacher(*arguments)
        found.append((teacher, {name: value.numpy().tobytes() for name, value in teacher.state_dict().items()}))
        return teacher

    load_teacher = training.load_teacher
    monkeypatch.setattr(training, "load_teacher", load)
    distil("--iters", 2)
    [(teacher, before)] = found
    assert {name: value.numpy().tobytes() for name, value in teacher.state_dict().items()} == before
    assert not any(layer.training for layer in teacher.sublayers(include_self=True))
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_the_log_shows_each_term_and_the_loss_is_their_weighted_sum(distil):
    log = distil("--iters", 1)
    terms = {
        name: float(value)
        for name, value in re.findall(r"(\w+) (\d+\.\d{4})(?:,|\n)", log.split("terms of the loss: ")[1])
    }
    assert list(terms) == ["main", "auxiliary", "labels", "teacher_logits", "teacher_layer5_"]
    [total] = re.findall(r"iter: 1/1, loss: ([\d.]+)", log)
    labels = terms["main"] + 0.4 * terms["auxiliary"]
    assert terms["labels"] == pytest.approx(labels, abs=2e-4)
    wanted = labels + 3 * terms["teacher_logits"] + 50 * terms["teacher_layer5_"]
    assert float(total) == pytest.approx(wanted, abs=6e-3)
    assert min(terms.values()) > 0
    assert re.search(r"teacher: SmallTeacher with 4 classes, .*teacher/model\.pdparams", log)


def test_the_student_comes_nearer_to_the_teacher(distil):
    settings = {"lr_scheduler": "{type: PolynomialDecay, learning_rate: 0.02, power: 0.9, end_lr: 0.0}"}
    log = distil("--iters", 12, losses=["{type: ChannelWiseKLLoss, weight: 3, temperature: 1}"], **settings)
    distances = [float(value) for value in re.findall(r"teacher_logits ([\d.]+)", log)]
    assert len(distances) == 12 and np.mean(distances[-3:]) < 0.7 * np.mean(distances[:3])
