# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Steps that are not finite are saved, and give the same bytes when replayed."""

import json
import random
import shutil
import weakref

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg.losses import CrossEntropyLoss
from paddleseg.training.capsule import CapsuleWriter, capsules_in, open_capsule
from paddleseg.training.hooks.ema import EmaHook
from paddleseg.training.hooks.log import LogHook
from paddleseg.training.hooks.loss_record import LossRecordHook
from paddleseg.training.hooks.order import in_order
from paddleseg.training.layer_watch import LayerWatch
from paddleseg.training.replay import find_first_bad_layer, take_step
from paddleseg.training.run_facts import read_losses
from paddleseg.utils.errors import TrainingError, WeightsError
from tests.messages import naming
from tests.training.small_trainer import Toy, make_batch, make_trainer


class Noisy(CrossEntropyLoss):
    """Draws from Paddle's, numpy's and Python's own generators, as a loss of a user's may."""

    def forward(self, logits, label):
        noise = paddle.rand([]) + float(np.random.rand()) + random.random()
        return super().forward(logits, label) * noise


def failing_trainer(folder, *, bad_steps=(3,), recorder=None, batches=True, **options):
    """A training whose batch of step 3 has a picture with NaN."""
    accumulate = options.get("accumulate", 1)
    random.seed(1)
    np.random.seed(1)

    def from_step(step):
        numbers = range(step * accumulate, 10 * accumulate)
        return (make_batch(n, n // accumulate + 1 in bad_steps and n % accumulate == accumulate - 1) for n in numbers)

    trainer = make_trainer(
        batches=from_step if batches else lambda step: iter(()), hooks=[EmaHook(), LogHook(10)], use_ema=True,
        save_dir=str(folder), task=Toy([(Noisy(), 1.0)]), **options,
    )  # fmt: skip
    trainer._capsules = recorder or CapsuleWriter(trainer.settings)
    return trainer


def made_capsule(folder, **options):
    with pytest.raises(TrainingError, match=naming("step 3 is not finite", "tools/replay_step.py", "capsule_3")):
        failing_trainer(folder, **options).train()
    return open_capsule(folder / "capsule_3")


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_step_taken_again_elsewhere_gives_the_same_bytes(tmp_path, accumulate):
    capsule = made_capsule(tmp_path / "run", accumulate=accumulate)
    moved = shutil.move(tmp_path / "run" / "capsule_3", tmp_path / "elsewhere")
    found = take_step(
        open_capsule(moved),
        lambda recorder: failing_trainer(tmp_path / "no", recorder=recorder, batches=False, accumulate=accumulate),
    )
    assert found.differences(capsule.digests) == []
    assert np.isnan(found.terms["loss"]) and found.bad_gradients
    assert len(capsule.facts["pictures"]) == accumulate and len(capsule.digests.gradients) == 4
    assert not (tmp_path / "no").exists()


def test_accumulated_batches_are_given_back_to_the_workers_one_by_one(tmp_path):
    """Theirs is shared memory, of which a container has little."""
    loaded = []

    def from_step(step):
        for number in range(8):
            batch = make_batch(number)
            loaded.append(weakref.ref(batch["img"]))
            yield batch
            del batch
            # The trainer has the last one in its hands while it asks for another.
            assert sum(reference() is not None for reference in loaded) <= 1

    trainer = failing_trainer(tmp_path, accumulate=4, total_steps=2)
    trainer._batches.from_step = lambda step, total_steps: from_step(step)
    trainer.train()
    assert trainer.step == 2 and len(loaded) == 8


def test_what_has_other_bytes_is_named(tmp_path):
    capsule = made_capsule(tmp_path)
    facts = json.loads((tmp_path / "capsule_3" / "step.json").read_text())
    facts["terms"]["loss"] = facts["gradients"]["conv.bias"] = "0" * 64
    (tmp_path / "capsule_3" / "step.json").write_text(json.dumps(facts))
    found = take_step(capsule, lambda recorder: failing_trainer(tmp_path, recorder=recorder, batches=False))
    changed = open_capsule(tmp_path / "capsule_3").digests
    assert found.differences(changed) == ["loss term loss", "gradient conv.bias"]


def test_the_state_is_that_before_the_step_also_where_steps_are_left_out(tmp_path, log):
    whole = failing_trainer(tmp_path / "whole", bad_steps=())
    whole.total_steps = 2
    whole.train()
    failing_trainer(tmp_path / "run", max_skipped_steps=1).train()
    states = open_capsule(tmp_path / "run" / "capsule_3").state
    for file, wanted in (("model.pdparams", whole.model), ("ema_model.pdparams", whole.ema)):
        kept = states.read(file)
        assert all((kept[name] == value.numpy()).all() for name, value in wanted.state_dict().items())
    assert "capsule_3" in log.text


@pytest.mark.parametrize("total_steps", [8, 3])
def test_losses_up_to_the_line_that_ends_the_run_are_on_record(tmp_path, total_steps):
    hooks = in_order([LogHook(4), LossRecordHook(str(tmp_path), (4, 100))])
    trainer = make_trainer(hooks=hooks, bad_step=3, total_steps=total_steps)
    with pytest.raises(TrainingError, match="step 3 is not finite"):
        trainer.train()
    losses = read_losses(tmp_path)
    assert list(losses) == list(range(1, min(4, total_steps) + 1)) and np.isnan(losses[3])


def test_only_as_many_as_allowed_are_kept_also_by_a_run_that_begins_again(tmp_path, log):
    failing_trainer(tmp_path, bad_steps=(3, 5, 7), max_skipped_steps=3, failure_capsules=2).train()
    assert [path.name for path in capsules_in(tmp_path)] == ["capsule_3", "capsule_5"]
    assert "capsule_3, capsule_5 has an earlier one" in log.text
    before = (tmp_path / "capsule_3" / "step.json").stat().st_mtime_ns
    failing_trainer(tmp_path, bad_steps=(3,), max_skipped_steps=3, failure_capsules=2).train()
    assert (tmp_path / "capsule_3" / "step.json").stat().st_mtime_ns == before


def test_none_is_kept_where_none_is_wished_or_the_disk_has_no_room(tmp_path, log, monkeypatch):
    failing_trainer(tmp_path, max_skipped_steps=1, failure_capsules=0).train()
    assert capsules_in(tmp_path) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, 100))
    failing_trainer(tmp_path, max_skipped_steps=1).train()
    assert list(tmp_path.iterdir()) == [] and "MB free" in log.text


def test_nothing_in_a_capsule_runs_when_it_is_read(tmp_path):
    made_capsule(tmp_path)
    files = {path.name for path in (tmp_path / "capsule_3").iterdir()}
    assert files == {"state", "batch_0.npz", "step.json"}
    with np.load(tmp_path / "capsule_3" / "batch_0.npz", allow_pickle=False) as arrays:
        assert set(arrays.files) == {"batch.img", "batch.label"} and np.isnan(arrays["batch.img"]).any()


@pytest.mark.parametrize("harm", ["missing", "batch", "text", "facts", "none", "file"])
def test_a_damaged_capsule_is_one_line(tmp_path, harm):
    made_capsule(tmp_path)
    folder = tmp_path / "capsule_3"
    if harm == "missing":
        (folder / "batch_0.npz").unlink()
    elif harm == "batch":
        (folder / "batch_0.npz").write_bytes(b"x")
    elif harm == "text":
        (folder / "step.json").write_text("{")
    elif harm == "facts":
        facts = json.loads((folder / "step.json").read_text())
        (folder / "step.json").write_text(json.dumps({**facts, "step": "3"}))
    else:
        folder = tmp_path if harm == "none" else folder / "step.json"
    with pytest.raises(WeightsError) as caught:
        open_capsule(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)
    assert ("is not a capsule" in str(caught.value)) == (harm in ("none", "file", "missing"))


class Chain(nn.Layer):
    """Three layers, and an operation between the last two."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.first, self.second, self.third = (nn.Linear(2, 2) for _ in range(3))
        self._factor = factor

    def forward(self, x):
        return self.third(paddle.exp(self.second(self.first(x)) * self._factor))


def test_the_first_layer_is_named_whatever_makes_the_values():
    inputs = paddle.ones([1, 2])
    network = Chain()
    with paddle.no_grad():
        network.second.bias[0] = np.nan
    assert watched(network, inputs).forward == "second (Linear): its bias had been so before"
    bad = watched(Chain(), inputs * np.inf).forward
    assert bad == "the network (Chain): the pictures had values that are not finite"
    network = Chain(1000.0)
    with paddle.no_grad():
        network.second.bias[:] = 1.0
        network.second.weight[:] = 0.0
    assert watched(network, inputs).forward.startswith("third (Linear): what reaches it")


def test_the_way_back_is_looked_at_too():
    network = Chain()
    network.third.register_forward_post_hook(lambda layer, inputs, outputs: paddle.sqrt(outputs * 0.0))
    watch = LayerWatch(network)
    with watch.watching():
        network(paddle.ones([1, 2])).sum().backward()
    assert watch.forward is None and watch.backward.startswith("second (Linear)")


def watched(network, inputs):
    watch = LayerWatch(network)
    with watch.watching():
        network(inputs)
    assert not network._forward_pre_hooks and not network.first._forward_post_hooks
    return watch


def test_of_a_capsule_the_layer_is_found(tmp_path):
    capsule = made_capsule(tmp_path)
    watch = find_first_bad_layer(capsule, lambda recorder: failing_trainer(tmp_path, recorder=recorder, batches=False))
    assert watch.forward == "the network (OneLayer): the pictures had values that are not finite"
