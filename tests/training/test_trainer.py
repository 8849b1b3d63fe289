# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop with a network of one layer and real hooks."""

import re

import numpy as np
import pytest

from paddleseg.training.checkpoint import open_checkpoint
from paddleseg.training.ema import ExponentialMovingAverage
from paddleseg.training.hooks.base import Hook
from paddleseg.training.hooks.ema import EmaHook
from paddleseg.training.hooks.log import LogHook, format_train_line
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.tensors import to_arrays
from tests.training.resumed import assert_same_state
from tests.training.small_trainer import OneLayer, Toy, make_batch, make_trainer, weights

pytestmark = [
    pytest.mark.usefixtures("cpu"),
    pytest.mark.parametrize("cpu", [("onednn", 1), ("paddle", 1)], indirect=True, ids=lambda cpu: cpu[0]),
]


def test_the_train_line_begins_with_paddlesegs_byte_for_byte():
    line = format_train_line(
        epoch=3,
        step=50,
        total_steps=2000,
        loss=1.23456,
        learning_rate=0.01,
        batch_cost=2.0,
        reader_cost=0.00012,
        ips=4.0,
        grad_norm=0.0123456,
    )
    assert line == (
        "[TRAIN] epoch: 3, iter: 50/2000, loss: 1.2346, lr: 0.010000, batch_cost: 2.0000, reader_cost: 0.00012, "
        "ips: 4.0000 samples/sec | ETA 01:05:00"
        " | grad_norm: 0.01235"  # ours
    )


def test_lines_come_at_the_interval_and_at_the_end_with_the_right_epoch(log):
    make_trainer(hooks=[LogHook(4)]).train()
    found = re.findall(r"epoch: (\d+), iter: (\d+)/10, loss: ([\d.]+), lr: ([\d.]+)", log.text)
    assert [(int(epoch), int(step)) for epoch, step, *_ in found] == [(1, 4), (2, 8), (3, 10)]
    # The rate of the last step: 0.5 * (1 - 3/10), 0.5 * (1 - 7/10), 0.5 * (1 - 9/10).
    assert [float(rate) for *_, rate in found] == [0.35, 0.15, 0.05]


def test_the_log_has_the_terms_of_a_loss_where_the_task_says_so(log):
    class TwoTerms(Toy):
        def loss_terms(self, network, batch):
            terms = super().loss_terms(network, batch)
            return {**terms, "half": terms["loss"] / 2}

    task = TwoTerms()
    make_trainer(hooks=[LogHook(5)], task=task).train()
    assert "terms without" not in log.text
    task.logs_terms = True
    make_trainer(hooks=[LogHook(5)], task=task).train()
    assert log.text.count("terms of the loss: half ") == 2


def test_the_logged_loss_is_the_mean_since_the_last_line(log):
    losses = []

    class Record(Hook):
        def after_step(self, trainer, terms):
            losses.append(float(terms["loss"]))

    make_trainer(hooks=[Record(), LogHook(5)]).train()
    found = [float(loss) for loss in re.findall(r"loss: ([\d.]+)", log.text)]
    assert found == pytest.approx([np.mean(losses[:5]), np.mean(losses[5:])], abs=1e-4)


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("stop_at", [1, 4, 7])
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(tmp_path, stop_at, accumulate):
    straight = make_trainer(hooks=[EmaHook()], use_ema=True, accumulate=accumulate)
    straight.train()

    class StopAt(Hook):
        def after_step(self, trainer, losses):
            if trainer.step == stop_at:
                trainer.stop("enough")

    first = make_trainer(hooks=[EmaHook(), StopAt()], use_ema=True, accumulate=accumulate)
    first.train()
    first.save(str(tmp_path / "c"))
    second = make_trainer(hooks=[EmaHook()], use_ema=True, accumulate=accumulate)
    for tensor in second.model.state_dict().values():
        tensor.set_value(tensor + 1)  # what is not restored cannot pass unseen
    second.restore(open_checkpoint(tmp_path / "c"))
    assert second.step == stop_at
    second.train()
    for name, trainer in (("straight", straight), ("second", second)):
        trainer.save(str(tmp_path / name))
    assert_same_state(tmp_path / "second", tmp_path / "straight")


def test_a_run_of_other_samples_is_refused_on_resume_by_name(tmp_path):
    make_trainer(seed=1).save(str(tmp_path / "c"))
    with pytest.raises(ConfigError, match="seed was 1, now it is 2"):
        make_trainer(seed=2).restore(open_checkpoint(tmp_path / "c"))


def test_the_epoch_counts_batches_and_not_optimiser_steps():
    trainer = make_trainer(accumulate=3)  # 4 batches per epoch
    epochs = []
    for trainer.step in range(1, 6):
        epochs.append(trainer.epoch)
    assert epochs == [1, 2, 3, 3, 4]


def test_two_accumulated_batches_give_the_mean_of_their_gradients():
    batch = make_batch(0)
    twice = make_trainer(total_steps=1, accumulate=2, batches=lambda step: iter([batch, batch]))
    once = make_trainer(total_steps=1, batches=lambda step: iter([batch]))
    for trainer in (once, twice):
        trainer.train()
    for name in ("conv.weight", "conv.bias", "bn.weight"):
        np.testing.assert_allclose(weights(once)[name], weights(twice)[name], rtol=1e-5, atol=1e-7)


def test_the_moving_average_of_weights_and_statistics_follows_by_its_formula():
    model = OneLayer()
    ema = ExponentialMovingAverage(model, decay=0.5)
    names = ("conv.weight", "bn._mean", "bn._variance")
    expected = {name: to_arrays(model.state_dict())[name].astype("float64") for name in names}
    for step in range(1, 12):
        model.conv.weight.set_value(model.conv.weight + 0.1 * step)
        model.bn._mean.set_value(model.bn._mean + 1)
        model.bn._variance.set_value(model.bn._variance * 1.5)
        ema.update(step)
        decay = min(0.5, (1 + step) / (10 + step))  # 0.5 from step 8
        for name in names:
            expected[name] = decay * expected[name] + (1 - decay) * to_arrays(model.state_dict())[name]
    own = to_arrays(model.state_dict())
    with ema.applied():
        averaged = to_arrays(model.state_dict())
    for name in names:
        np.testing.assert_allclose(averaged[name], expected[name], rtol=1e-5)
        assert (to_arrays(model.state_dict())[name] == own[name]).all()
    assert [id(tensor) for tensor in ema.running_statistics()] == [
        id(ema.state_dict()[name]) for name in ("bn._mean", "bn._variance")
    ]


def test_a_moving_average_that_is_given_up_is_said(tmp_path, log):
    make_trainer(use_ema=True).save(str(tmp_path / "c"))
    make_trainer().restore(open_checkpoint(tmp_path / "c"))
    assert "has a moving average of the weights; without --use_ema it ends there" in log.text
