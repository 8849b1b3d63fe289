# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The optimiser's state of a run with master weights, in another process than the one that saved it.

The CPU has no kernel for a step in half precision, and ``decorate`` does nothing there. Paddle still creates master
weights and states before it looks for the kernel, and their names are tested here.
"""

import numpy as np
import paddle
import pytest

from paddleseg import optimizers
from paddleseg.training.checkpoint import open_checkpoint
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.trainer import Trainer
from tests.training.small_trainer import InMemory, OneLayer, Toy


@pytest.fixture
def as_on_a_card(monkeypatch):
    """Let ``decorate`` do to parameters what it does on a card."""

    def decorate(models, optimizers, **settings):
        models.conv.to(dtype="bfloat16")
        optimizers._multi_precision = settings["master_weight"]
        return models, optimizers

    monkeypatch.setattr(paddle.amp, "decorate", decorate)


def make_trainer(kind):
    """A trainer of a new network, whose parameters have other names than those of the one before."""
    model = OneLayer()
    optimizer = getattr(optimizers, kind)(model, optimizers.PolynomialDecay(0.1, 10))
    settings = RunSettings(iters=10, seed=0, precision="bf16", amp_level="O2")
    return Trainer(model, Toy(), optimizer, InMemory(lambda step: iter(())), settings)


def begin_step(trainer):
    """Take a step as far as a CPU can: until the kernel is looked for."""
    for parameter in trainer.optimizer._parameter_list:
        parameter.grad = paddle.ones(parameter.shape, parameter.dtype)
    with pytest.raises(RuntimeError, match="kernel .* is not registered"):
        trainer.optimizer.step()


def states_of(trainer):
    """Master weights and states by the names of the network, which are the same in all processes."""
    by_parameter = {parameter.name: name for name, parameter in trainer.model.named_parameters()}
    masters = trainer.optimizer._master_weights
    owners = {**by_parameter, **{master.name: by_parameter[name] for name, master in masters.items()}}
    states = {("master", by_parameter[name]): master.numpy() for name, master in masters.items()}
    for kind, accumulators in trainer.optimizer._accumulators.items():
        states.update({(kind, owners[name]): value.numpy() for name, value in accumulators.items()})
    return states


@pytest.mark.parametrize("kind", ["Momentum", "Adam", "AdamW", "RMSProp"])
def test_a_run_with_master_weights_goes_on_with_its_state_in_another_process(kind, as_on_a_card, tmp_path):
    first = make_trainer(kind)
    begin_step(first)
    rng = np.random.default_rng(0)
    for accumulators in [first.optimizer._master_weights, *first.optimizer._accumulators.values()]:
        for value in accumulators.values():
            value.set_value(rng.standard_normal(value.shape).astype("float32"))
    first.save(tmp_path / "iter_1")
    resumed = make_trainer(kind)
    resumed.restore(open_checkpoint(tmp_path / "iter_1"))
    begin_step(resumed)
    before, after = states_of(first), states_of(resumed)
    assert ("master", "conv.weight") in before and before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, err_msg=str(name))
    resumed.save(tmp_path / "iter_2")  # and what it saves can be resumed in turn
    third = make_trainer(kind)
    third.restore(open_checkpoint(tmp_path / "iter_2"))
    begin_step(third)
    assert all(np.array_equal(value, states_of(third)[name]) for name, value in before.items())
