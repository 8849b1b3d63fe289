# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Losses and gradients that are not finite, or jump."""

import re

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg.losses import CrossEntropyLoss
from paddleseg.training import finite_guard
from paddleseg.training.checkpoint import open_checkpoint
from paddleseg.training.finite_guard import FiniteGuard, Overflows
from paddleseg.training.hooks.base import Hook
from paddleseg.training.hooks.checkpoint import CheckpointHook
from paddleseg.training.hooks.ema import EmaHook
from paddleseg.training.hooks.log import LogHook
from paddleseg.training.hooks.loss import SpikeHook
from paddleseg.utils.errors import TrainingError
from tests.training.small_trainer import TOTAL_STEPS, Toy, make_batch, make_trainer, same, weights

pytestmark = [
    pytest.mark.usefixtures("cpu"),
    pytest.mark.parametrize("cpu", [("onednn", 1), ("paddle", 1)], indirect=True, ids=lambda cpu: cpu[0]),
]


def test_a_loss_that_is_not_finite_ends_the_run_naming_step_and_pictures_and_spares_the_weights(tmp_path):
    class Record(Hook):
        def after_step(self, trainer, losses):
            seen.append(weights(trainer))

    seen = []
    trainer = make_trainer(hooks=[Record(), LogHook(5), CheckpointHook(5, str(tmp_path), keep=5)], bad_step=3)
    with pytest.raises(TrainingError, match=r"step 3 is not finite \(loss: loss nan\).*picture_2\.png"):
        trainer.train()
    assert all(np.isfinite(value).all() for state in seen for value in state.values())
    assert same({n: v for n, v in seen[1].items() if "_mean" in n}, {n: v for n, v in seen[4].items() if "_mean" in n})
    assert not list(tmp_path.iterdir())


def skipping_trainer(bad_steps, max_skipped, total_steps=TOTAL_STEPS, **options):
    def batches_from(step):
        return (make_batch(n, n + 1 in bad_steps) for n in range(step, total_steps))

    return make_trainer(batches=batches_from, total_steps=total_steps, max_skipped_steps=max_skipped, **options)


def batches_without_the_third(step):
    return (make_batch(n) for n in (0, 1, 3, 4, 5, 6, 7, 8, 9))


def state(trainer):
    average = {name: value.numpy() for name, value in trainer.ema.state_dict().items()}
    return {**weights(trainer), **{f"average {name}": value for name, value in average.items()}}


@pytest.mark.parametrize("stop_at", [2, 3, 4, 7])
def test_a_run_with_a_step_left_out_is_the_run_without_it_also_when_it_is_resumed(stop_at, tmp_path):
    wanted = make_trainer(batches=batches_without_the_third, hooks=[EmaHook()], use_ema=True)
    wanted.total_steps = TOTAL_STEPS - 1
    wanted.train()
    first = skipping_trainer({3}, 1, hooks=[EmaHook()], use_ema=True)
    first.total_steps = stop_at
    first.train()
    first.save(str(tmp_path / "c"))
    second = skipping_trainer({3}, 1, hooks=[EmaHook()], use_ema=True)
    second.restore(open_checkpoint(tmp_path / "c"))
    second.train()
    assert second.step == TOTAL_STEPS and second.optimizer.get_lr() == wanted.optimizer.get_lr()
    assert same(state(second), state(wanted))


def test_steps_that_are_not_finite_are_left_out_as_if_they_had_not_been(log):
    class Record(Hook):
        def after_step(self, trainer, losses):
            seen.append((weights(trainer), {n: t.numpy().copy() for n, t in trainer.optimizer.state_dict().items()
                                            if hasattr(t, "numpy")}))  # fmt: skip

    seen = []
    skipping_trainer({3, 4}, 2, hooks=[Record(), LogHook(5)]).train()
    for before, after in ((1, 2), (2, 3)):
        assert all(same(a, b) for a, b in zip(seen[before], seen[after]))  # momentum and statistics too
    assert not same(seen[3][0], seen[4][0])
    assert re.search(r"step 3 is not finite .*picture_2\.png\. Left out, 1 of at most 2", log.text)
    assert "Left out, 2 of at most 2" in log.text
    assert "loss: nan" not in log.text.replace("(loss: loss nan)", "")


def test_one_more_than_max_skipped_steps_ends_the_run_and_a_resume_goes_on_counting(tmp_path):
    trainer = skipping_trainer({2, 5}, 1)
    with pytest.raises(TrainingError, match=r"step 5 is not finite .*picture_4\.png\. 1 steps were left out before it"):
        trainer.train()
    first = skipping_trainer({2}, 1, total_steps=3)
    first.train()
    first.save(str(tmp_path / "c"))
    again = skipping_trainer({5}, 1)
    again.restore(open_checkpoint(tmp_path / "c"))
    with pytest.raises(TrainingError, match="step 5 is not finite"):
        again.train()


def test_a_jump_of_the_loss_is_reported_with_its_step(log):
    hook = SpikeHook(interval=2, window=4)
    trainer = make_trainer()
    for trainer.step in range(1, 13):
        hook.after_step(trainer, {"loss": paddle.to_tensor(9.0 if trainer.step in (2, 12) else 1.0)})
    assert re.findall(r"jumped to ([\d.]+) at iter (\d+), from about ([\d.]+)", log.text) == [
        ("5.0000", "12", "1.0000")
    ]


def test_a_step_that_is_left_out_does_not_reach_the_weights_through_a_loss_scaler(monkeypatch):
    """A loss may be infinite where its gradients are not, and those the scaler lets pass."""
    updates = []

    class Scaler:
        def __init__(self, enable):
            pass

        def scale(self, loss):
            return loss

        def step(self, optimizer):
            updates.append("step")
            optimizer.step()

        def update(self):
            updates.append("update")

    class InfiniteInStepTwo(CrossEntropyLoss):
        calls = 0

        def forward(self, logits, label):
            self.calls += 1
            return super().forward(logits, label) + (np.inf if self.calls == 2 else 0.0)

    monkeypatch.setattr(paddle.amp, "GradScaler", Scaler)
    task = Toy([(InfiniteInStepTwo(), 1.0)])
    trainer = make_trainer(total_steps=3, max_skipped_steps=1, precision="fp16", task=task)
    seen = []
    batches = iter([make_batch(0), make_batch(1), make_batch(2)])
    for _ in range(3):
        trainer.train_step(batches)
        seen.append(weights(trainer))
    assert same(seen[0], seen[1])
    assert not same(seen[1], seen[2])
    assert updates == ["step", "update"] * 2


def scaler_that_overflows_in(*bad_steps):
    """Paddle's loss scaler works on cards alone; this one tells the optimiser as that one does."""

    class Scaler:
        def __init__(self, enable):
            self.steps = 0

        def scale(self, loss):
            return loss

        def step(self, optimizer):
            self.steps += 1
            optimizer._set_auxiliary_var("found_inf", paddle.to_tensor([self.steps in bad_steps]))
            optimizer.step()

        def update(self):
            pass

        def state_dict(self):
            return {"steps": self.steps}

        def load_state_dict(self, state):
            self.steps = int(state["steps"])

    return Scaler


def test_steps_that_overflow_are_counted_beside_the_line_of_training_and_at_the_end(monkeypatch, log):
    monkeypatch.setattr(paddle.amp, "GradScaler", scaler_that_overflows_in(1, 2, 6))
    trainer = make_trainer(hooks=[LogHook(4)], precision="fp16")
    trainer.total_steps = 10
    trainer.train()
    messages = [message for message in log.messages if "[TRAIN]" in message or "overflowed" in message]
    assert ["[TRAIN]" in message for message in messages] == [True, False, True, False, True, False]
    assert messages[1] == "2 of these 4 steps changed nothing: their scaled gradients overflowed in fp16 (2 in all)"
    assert messages[3] == "1 of these 4 steps changed nothing: their scaled gradients overflowed in fp16 (3 in all)"
    assert messages[5] == "3 of 10 steps changed nothing: their scaled gradients overflowed in fp16"


def test_nothing_is_said_of_overflows_where_there_are_none(monkeypatch, log):
    monkeypatch.setattr(paddle.amp, "GradScaler", scaler_that_overflows_in())
    make_trainer(hooks=[LogHook(4)], precision="fp16").train()
    assert "overflowed" not in log.text


def test_many_steps_that_overflow_one_after_the_other_are_warned_of(log):
    overflows = Overflows()
    for step in range(1, 62):
        overflows.note(step, overflowed=step != 20)
    assert overflows.count == 60
    assert [message.partition(":")[0] for message in log.messages] == ["iter 40", "iter 60"]
    assert "of 40 steps in a row have overflowed in fp16" in log.messages[1]


@pytest.mark.parametrize("stop_at", [2, 3, 7])
def test_a_step_whose_scaled_gradients_overflow_is_as_if_it_had_not_been(stop_at, tmp_path, monkeypatch, log):
    monkeypatch.setattr(paddle.amp, "GradScaler", scaler_that_overflows_in(3))
    options = {"hooks": [EmaHook(), LogHook(1)], "use_ema": True, "precision": "fp16"}
    wanted = make_trainer(batches=batches_without_the_third, **options)
    wanted._scaler.steps = 10  # it has no step 3
    wanted.total_steps = TOTAL_STEPS - 1
    wanted.train()
    first = make_trainer(**options)
    first.total_steps = stop_at
    first.train()
    assert first.last_step_counts == (stop_at != 3)
    first.save(str(tmp_path / "c"))
    second = make_trainer(**options)
    second.restore(open_checkpoint(tmp_path / "c"))
    second.train()
    assert second.step == TOTAL_STEPS and second.counted_steps == TOTAL_STEPS - 1
    assert second.optimizer.get_lr() == wanted.optimizer.get_lr()
    assert same(state(second), state(wanted))
    assert re.search(r"iter: 3/\d+, loss: \d", log.text) and "loss: nan" not in log.text  # its loss is what it is


def test_gradients_in_several_precisions_are_judged_together(log):
    """With bf16 and O2 on a card the batch norm stays in float32."""

    class Mixed(nn.Layer):
        def __init__(self):
            super().__init__()
            self.coarse = self.create_parameter([2], dtype="bfloat16")
            self.fine = self.create_parameter([2], dtype="float32")

    model = Mixed()
    loss = model.coarse.astype("float32").sum() + model.fine.sum()
    loss.backward()
    guard = FiniteGuard(model, max_skipped=1)  # which does not touch the gradients: the CPU has no kernel for these
    guard.start_step()
    assert guard.finish_step(1, {"loss": loss.detach()}, ["picture.png"])
    model.coarse.grad.set_value(model.coarse.grad * float("inf"))
    assert not guard.finish_step(2, {"loss": loss.detach()}, ["picture.png"])
    assert re.search(r"step 2 is not finite \(loss: loss \S+, but gradients are not finite\)", log.text)


@pytest.mark.parametrize("max_skipped", [0, 1])
def test_a_loss_that_is_infinite_in_another_process_alone_ends_the_step_in_all(max_skipped, monkeypatch, log):
    """Gradients are the mean over the processes, and may be finite where one loss is not."""
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1D(2))
    model(paddle.randn([3, 2]))
    guard = FiniteGuard(model, max_skipped=max_skipped)
    monkeypatch.setattr(finite_guard, "world_size", lambda: 2)
    monkeypatch.setattr(finite_guard, "maximum_over_processes", paddle.ones_like)
    before = model[1]._mean.numpy()
    guard.start_step()
    loss = model(paddle.randn([3, 2])).square().sum()
    loss.backward()
    does_update = guard.finish_step(1, {"loss": loss.detach()}, ["picture.png"])
    assert (model[1]._mean.numpy() == before).all()
    if max_skipped:
        assert not does_update and "or the loss of another process is not: see its log" in log.text
    else:
        assert not any(parameter.grad.abs().sum() for parameter in model[0].parameters())
        with pytest.raises(TrainingError, match="or the loss of another process is not: see its log"):
            guard.raise_if_bad()
