# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whole trainings of the tiny configuration: schedules, optimisers and options as users give them."""

import re
import shutil

import numpy as np
import paddle
import pytest

from paddleseg import optimizers
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.trainer import Trainer
from paddleseg.utils.errors import ConfigError
from tests.training.resumed import assert_same_losses, assert_same_state, logged_losses, saved_state
from tests.training.small_trainer import InMemory, Toy


def rates(log):
    return [float(rate) for rate in re.findall(r", lr: ([\d.]+)", log)]


def schedule(kind, **settings):
    inner = ", ".join(f"{key}: {value}" for key, value in {"type": kind, "learning_rate": 0.04, **settings}.items())
    return f"{{{inner}}}"


# Each changes its rate, or ends its warm-up, after step 2 of 4, where the run is interrupted.
SCHEDULES = {
    "PolynomialDecay": (schedule("PolynomialDecay", warmup_iters=3), "AdamW"),
    "OneCycleLR": (schedule("OneCycleLR", phase_pct=0.6), "RMSProp, momentum: 0.5, centered: True"),
    "ReduceOnPlateau": (
        schedule("ReduceOnPlateau", warmup_iters=1, patience=0, factor=0.5, threshold=9.0, threshold_mode="abs"),
        "Adam",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_resumed_run_has_the_rates_and_weights_of_an_uninterrupted_one(name, train_here, tmp_path):
    lr_scheduler, optimizer = SCHEDULES[name]
    sections = {"lr_scheduler": lr_scheduler, "optimizer": f"{{type: {optimizer}}}"}
    straight = train_here("--save_interval", 2, save_dir="straight", **sections)
    shutil.copytree(tmp_path / "straight", tmp_path / "split")
    shutil.rmtree(tmp_path / "split" / "iter_4")
    resumed = train_here("--resume_model", "auto", save_dir="split", **sections)
    assert len(set(rates(straight))) > 1
    assert re.search(r"resumed from .*iter_2 at iter 2", resumed)
    assert_same_losses(resumed, straight, done=2)
    assert_same_state(tmp_path / "split/iter_4", tmp_path / "straight/iter_4")
    assert "settings differ from those of" not in resumed


def test_a_resumed_run_says_in_what_its_settings_are_others(train_here):
    train_here("--iters", 1)
    log = train_here("--iters", 2, "--resume_model", "auto", ema_decay=0.99, **{"lr_scheduler.power": 2})
    assert re.search(r"settings differ from those of \S+iter_1: ", log)
    assert "ema_decay was 0.999, now it is 0.99" in log
    assert "lr_scheduler.power was 0.9, now it is 2" in log
    assert "iters was 1, now it is 2" in log


def test_an_order_of_pictures_that_would_change_is_refused(train_here):
    train_here("--iters", 1)
    with pytest.raises(ConfigError, match="shuffle was True, now it is False"):
        train_here("--resume_model", "auto", **{"train_dataset.shuffle": False})


def test_a_list_in_another_order_is_refused_and_pictures_in_another_folder_are_not(train_here, tiny_dataset, tmp_path):
    train_here("--iters", 1)
    moved = shutil.copytree(tiny_dataset, tmp_path / "moved")
    places = {"dataset_root": moved, "train_path": moved / "train.txt"}
    sections = {f"train_dataset.{key}": place for key, place in places.items()}
    assert "iter: 2/2" in train_here("--iters", 2, "--resume_model", "auto", **sections)
    lines = (moved / "train.txt").read_text().splitlines()
    (moved / "train.txt").write_text("\n".join(reversed(lines)))
    with pytest.raises(ConfigError, match=r"order of training pictures \(checksum\) was \w+, now it is \w+\. Restore"):
        train_here("--iters", 3, "--resume_model", "auto", **sections)


def test_the_loss_of_each_step_drives_a_plateau(train_here):
    never_better = schedule("ReduceOnPlateau", patience=1, factor=0.5, threshold=99, threshold_mode="abs")
    log = train_here("--iters", 5, lr_scheduler=never_better)
    # The first loss is the best; steps 2 and 3 are not better, and so are 4 and 5.
    assert rates(log) == [0.04, 0.04, 0.04, 0.02, 0.02]
    assert "learning rate: 0.04 -> 0.02 at iter 3, because the loss did not improve on" in log


@pytest.mark.slow
def test_each_evaluation_drives_a_plateau_of_miou_and_the_best_model_knows_of_its_own(train_here, tmp_path):
    never_better = schedule(
        "ReduceOnPlateau", metric="mIoU", patience=1, factor=0.5, threshold=99, threshold_mode="abs"
    )
    options = ("--do_eval", "--save_interval", 1)
    expected = [0.04] * 3 + [0.02] * 2 + [0.01] * 2  # the first figure is the best, and every two more reduce
    straight = train_here("--iters", 4, *options, lr_scheduler=never_better)
    assert rates(straight) == expected[:4]
    best_step = int(re.findall(r"was saved at iter (\d+)", straight)[-1])
    best = tmp_path / "run" / "best_model"
    resumed = train_here("--iters", 7, *options, "--resume_model", best, save_dir="more", lr_scheduler=never_better)
    assert rates(resumed) == expected[best_step:]


def test_a_plateau_of_miou_needs_evaluations(train_here, tmp_path):
    with pytest.raises(
        ConfigError, match=r"lr_scheduler\.metric: mIoU is known only after evaluations; give --do_eval"
    ):
        train_here(lr_scheduler=schedule("ReduceOnPlateau", metric="mIoU"))
    assert not (tmp_path / "run").exists()


def test_resuming_with_another_kind_of_schedule_is_refused(train_here, tmp_path):
    train_here("--iters", 1)
    before = saved_state(tmp_path / "run/iter_1")
    with pytest.raises(ConfigError, match="the checkpoint was trained with another schedule"):
        train_here("--resume_model", "auto", lr_scheduler=schedule("ReduceOnPlateau"))
    np.testing.assert_equal(saved_state(tmp_path / "run/iter_1"), before)


def test_resuming_a_finished_run_says_so_and_changes_nothing(train_here, tmp_path):
    train_here("--iters", 2)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run/iter_2").iterdir()}
    log = train_here("--iters", 2, "--resume_model", "auto")
    assert "nothing to do: 2 steps are asked for; give more with --iters" in log
    assert logged_losses(log) == {}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run/iter_2").iterdir()} == before


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_a_seed_out_of_range_is_refused(seed, train_here):
    with pytest.raises(ConfigError, match=f"--seed: seed: found {seed}; it must be 0 or more, at most 2147483647"):
        train_here("--seed", seed)


def test_a_save_dir_that_cannot_be_written_is_named(train_here, tmp_path):
    (tmp_path / "notes.txt").write_text("a file, and no folder can be in it")
    with pytest.raises(ConfigError, match=r"--save_dir .*notes\.txt/run cannot be written: Not a directory"):
        train_here(save_dir="notes.txt/run")
    assert (tmp_path / "notes.txt").read_text() == "a file, and no folder can be in it"


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_fp16_and_another_precision_together_are_refused(precision, train_here):
    with pytest.raises(ConfigError, match=f"--precision {precision}: contradicts --fp16, .*; give one of them"):
        train_here("--fp16", "--precision", precision)


@pytest.mark.parametrize("flag", ["--use_multilabel", "--output_op argmax", "--input_shape 1 3 8 8", "--for_fd"])
def test_flags_of_paddleseg_that_do_nothing_here_name_what_to_use_instead(flag, train_here):
    name, *values = flag.split()
    with pytest.raises(ConfigError, match=rf"^{flag}: .+(leave it out|give it to export\.py)"):
        train_here(name, *values)


@pytest.mark.parametrize("kind", ["SGD", "Momentum", "Adam", "AdamW", "RMSProp"])
def test_o2_asks_paddle_for_master_weights_in_the_optimiser(kind, monkeypatch):
    """On the CPU ``decorate`` changes nothing, so what it is asked for is looked at."""
    asked = {}

    def decorate(models, optimizers, **settings):
        asked.update(settings)
        assert optimizers._multi_precision is False  # what decorate switches on where there is a card
        optimizers._multi_precision = settings["master_weight"]
        return models, optimizers

    monkeypatch.setattr(paddle.amp, "decorate", decorate)
    model = paddle.nn.Conv2D(3, 2, 1)
    rate = optimizers.PolynomialDecay(0.1, 10)
    optimizer = getattr(optimizers, kind)(model, rate)
    settings = RunSettings(iters=1, seed=0, precision="bf16", amp_level="O2")
    trainer = Trainer(model, Toy(), optimizer, InMemory(lambda step: iter(())), settings)
    assert asked == {"level": "O2", "dtype": "bfloat16", "master_weight": True}
    assert trainer.optimizer._multi_precision is True
