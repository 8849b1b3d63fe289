# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A run of today resumed from a checkpoint of version 0.1 ends where version 0.1 ended."""

import json
import pickle
import shutil
from pathlib import Path

import pytest

from paddleseg.models.weights import read_weights
from paddleseg.utils.errors import ConfigError
from tests.training.old_run import run
from tests.training.resumed import assert_same_state

OLD = Path(__file__).resolve().parent / "old_run_checkpoints"
# Other processors, and other versions of Paddle, sum in another order; the arrays are about 1, and a step that is
# another moves them by a hundredth. The bias before the batch normalisation is rounding altogether (1e-8).
ROUNDING = 1e-5


@pytest.fixture
def folder(tmp_path):
    """A run's folder as version 0.1 left it after step 4."""
    shutil.copytree(OLD / "iter_4", tmp_path / "run" / "iter_4")
    return tmp_path / "run"


def state_of_evaluations(checkpoint):
    return pickle.loads((checkpoint / "model.pdstates").read_bytes())["hooks"]["EvaluateHook"]


def without_average(checkpoint, copy):
    """The checkpoint but for its moving average: early in a training its decay is another than version 0.1's."""
    shutil.copytree(checkpoint, copy)
    (copy / "ema_model.pdparams").unlink()
    return copy


def test_it_is_resumed_and_ends_with_the_arrays_of_version_0_1(folder, log, tmp_path):
    run(folder, resume_model="auto")
    assert f"resumed from {folder / 'iter_4'} at iter 4" in log.text
    assert "iter_4 is from an older version, which ignored EXIF orientation" in log.text
    ours = without_average(folder / "iter_8", tmp_path / "ours")
    theirs = without_average(OLD / "iter_8", tmp_path / "theirs")
    assert_same_state(ours, theirs, tolerance=ROUNDING, with_meta=False)
    now, then = state_of_evaluations(folder / "iter_8"), state_of_evaluations(OLD / "iter_8")
    assert now.pop("best_mean_iou") == pytest.approx(then.pop("best_mean_iou"), rel=1e-3)  # few pixels: each counts
    assert now == then
    assert read_weights(folder / "best_model" / "model.pdparams")[1]["step"] == 8


def test_its_best_figure_is_known_and_its_best_model_is_brought_back(folder):
    run(folder, resume_model="auto", iters=4)  # at its end before it begins: nothing else is best
    then = state_of_evaluations(OLD / "iter_4")
    best = folder / "best_model"
    assert json.loads((best / "manifest.json").read_text())["step"] == then["best_step"] == 4
    assert read_weights(best / "model.pdparams")[1]["metric"] == {"mIoU": then["best_mean_iou"]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"batch_size": 3}, "batch_size was 2, now it is 3"),
        ({"seed": 4}, "seed was 3, now it is 4"),
        ({"grad_accum_steps": 1}, "grad_accum_steps was 2, now it is 1"),
        ({"shuffle": False}, "shuffle was True, now it is False"),
    ],
)
def test_it_is_refused_with_other_samples_by_name(changed, message, folder):
    with pytest.raises(ConfigError, match=message):
        run(folder, resume_model="auto", **changed)
    assert [path.name for path in folder.iterdir()] == ["iter_4"]
