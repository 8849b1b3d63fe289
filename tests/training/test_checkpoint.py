# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoint folders and the files in them."""

import pickle

import numpy as np
import paddle
import pytest

from paddleseg.models.weights import apply_weights
from paddleseg.training import checkpoint
from paddleseg.training.checkpoint import open_checkpoint
from paddleseg.training.hooks.checkpoint import CheckpointHook
from paddleseg.training.optimizer_state import rename_optimizer_state
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.tensors import to_arrays
from tests.training.small_trainer import OneLayer, make_batch, make_trainer, same, weights


def test_checkpoints_are_saved_at_the_interval_and_the_oldest_pruned(tmp_path):
    make_trainer(hooks=[CheckpointHook(3, str(tmp_path), keep=2)], total_steps=6).train()
    (tmp_path / "iter_3" / ".DS_Store").touch()  # of somebody who has looked at it with Finder
    make_trainer(hooks=[CheckpointHook(3, str(tmp_path), keep=2)]).train()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["iter_10", "iter_9"]
    assert sorted(path.name for path in (tmp_path / "iter_9").iterdir()) == [
        "manifest.json", "model.pdopt", "model.pdparams", "model.pdstates",
    ]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_weights_are_saved_and_loaded_as_the_numbers_they_are(dtype):
    half = OneLayer().to(dtype=dtype)
    saved = to_arrays(dict(half.state_dict()))
    assert all(array.dtype == np.float32 for array in saved.values())
    for other in (OneLayer(), OneLayer().to(dtype=dtype)):
        assert apply_weights(other, saved).complete
        assert same({n: t.astype("float32").numpy() for n, t in other.state_dict().items()}, saved)


def test_files_are_readable_by_paddle_itself(tmp_path):
    trainer = make_trainer()
    trainer.train()
    trainer.save(str(tmp_path / "c"))
    loaded = paddle.load(str(tmp_path / "c/model.pdparams"))
    other = OneLayer()
    other.set_state_dict(loaded)
    assert same(weights(trainer), {n: t.numpy() for n, t in other.state_dict().items()})


def test_the_optimizer_state_finds_its_parameters_in_a_process_that_built_other_layers_first(tmp_path):
    trainer = make_trainer()
    trainer.train_step(iter([make_batch(7)]))
    trainer.save(str(tmp_path / "c"))
    other = make_trainer()  # Paddle counts layers, so its parameters have other internal names
    other.restore(open_checkpoint(tmp_path / "c"))
    for one in (trainer, other):
        one.train_step(iter([make_batch(0)]))
    assert same(weights(trainer), weights(other))


def test_an_optimizer_state_of_another_network_is_refused():
    with pytest.raises(WeightsError, match="strange_velocity_0"):
        rename_optimizer_state({"strange_velocity_0": 1}, {"conv.weight": "conv2d_0.w_0"}, {})


def test_similar_internal_names_are_told_apart():
    old = {"a": "conv2d_1.w_0", "b": "conv2d_1.w_0_1"}
    new = {"a": "conv2d_5.w_0", "b": "conv2d_9.w_0"}
    state = {"conv2d_1.w_0_velocity_0": 1, "conv2d_1.w_0_1_velocity_0": 2, "LR_Scheduler": {"last_lr": 0.1}}
    assert rename_optimizer_state(state, old, new) == {
        "conv2d_5.w_0_velocity_0": 1,
        "conv2d_9.w_0_velocity_0": 2,
        "LR_Scheduler": {"last_lr": 0.1},
    }


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path, log):
    make_trainer(hooks=[CheckpointHook(5, str(tmp_path), keep=5)]).train()
    assert checkpoint.latest_checkpoint(tmp_path).folder.name == "iter_10"
    with open(tmp_path / "iter_10/model.pdparams", "r+b") as file:
        file.seek(100)
        file.write(b"\xff")
    assert checkpoint.latest_checkpoint(tmp_path).folder.name == "iter_5"
    assert "iter_10" in log.text


def test_an_interrupted_replacement_is_brought_back(tmp_path):
    trainer = make_trainer()
    trainer.save(str(tmp_path / "best_model"))
    (tmp_path / "best_model").rename(tmp_path / "best_model.replaced")
    (tmp_path / "iter_9.writing").mkdir()
    (tmp_path / "notes.writing").mkdir()
    (tmp_path / "iter_x.replaced").write_text("the user's own")
    checkpoint.recover(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best_model", "iter_x.replaced", "notes.writing"]
    checkpoint.open_checkpoint(tmp_path / "best_model")


def test_checkpoints_of_later_steps_are_found_the_best_model_among_them(tmp_path):
    trainer = make_trainer()
    for trainer.step, name in ((3, "iter_3"), (5, "iter_5"), (5, "best_model")):
        trainer.save(str(tmp_path / name))
    assert [path.name for path in checkpoint.newer_than(tmp_path, 5)] == []
    assert [path.name for path in checkpoint.newer_than(tmp_path, 4)] == ["iter_5", "best_model"]


def test_a_folder_without_manifest_is_not_resumed(tmp_path):
    (tmp_path / "iter_5").mkdir()
    (tmp_path / "iter_5/model.pdparams").write_bytes(pickle.dumps({}))
    reasons = {"iter_5": "it has no manifest", "iter_5/model.pdparams": "it is a file", "x": "no such folder"}
    for place, reason in reasons.items():
        with pytest.raises(WeightsError, match=rf"{place} is not a complete checkpoint: {reason}.*give an iter_N"):
            make_trainer().restore(open_checkpoint(tmp_path / place))
