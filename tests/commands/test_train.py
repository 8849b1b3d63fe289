# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""train.py as called by users, including those of PaddleSeg and DDRNet_paddle."""

import pickle
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.training.resumed import assert_same_losses, assert_same_state

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "configs"


@pytest.fixture
def train(run_command, tiny_config, tmp_path):
    """Run train.py on the tiny data set; it must succeed. Returns its output."""

    def run(*arguments, save_dir="run", seed=3, fails=False):
        seeding = [] if seed is None else ["--seed", seed]
        process = run_command(
            "train.py", "--config", tiny_config, *seeding, "--num_workers", 0, "--log_iters", 1,
            "--save_dir", tmp_path / save_dir, *arguments,
        )  # fmt: skip
        assert process.returncode == int(fails), process.stdout + process.stderr
        return process.stderr if fails else process.stdout

    return run


def losses(output):
    return re.findall(r"iter: (\d+)/\d+, loss: ([\d.]+)", output)


def weights(folder, name):
    content = pickle.loads((folder / name).read_bytes())
    return {name: value for name, value in content.items() if name != "__meta__"}


def test_a_run_leaves_checkpoints_the_best_model_the_configuration_and_parseable_lines(train, tmp_path):
    output = train("--do_eval", "--save_interval", 2, "--use_vdl", "--use_ema")
    assert len(losses(output)) == 4
    assert "optimizer: SGD, momentum 0.9" in output
    assert len(re.findall(r"\[EVAL\] #Images: 3 mIoU: [\d.]+ Acc: [\d.]+ Kappa: [-\d.]+ Dice: [\d.]+", output)) == 4
    run = tmp_path / "run"
    files = {"config.yml", "manifest.json", "model.pdparams", "model.pdopt", "model.pdstates", "ema_model.pdparams"}
    for folder in ("iter_2", "iter_4", "best_model"):
        assert {path.name for path in (run / folder).iterdir()} - {"scores.json"} == files
    assert list(run.glob("vdlrecords.*.log"))
    assert (run / "config.yml").is_file()


def test_a_run_can_be_repeated_from_its_folder_alone(train, run_command, tmp_path):
    first = train(seed=None)
    process = run_command(
        "train.py", "--config", tmp_path / "run/config.yml", "--num_workers", 2, "--log_iters", 1,
        "--save_dir", tmp_path / "again",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert_same_losses(process.stdout, first)
    assert_same_state(tmp_path / "again/iter_4", tmp_path / "run/iter_4")


def test_resume_auto_with_nothing_there_starts_from_scratch_and_says_so(train):
    output = train("--resume_model", "auto")
    assert "no complete checkpoint" in output
    assert len(losses(output)) == 4


def test_an_earlier_run_in_the_folder_is_moved_aside_and_nothing_is_lost(train, tmp_path):
    train("--iters", 1)
    before = (tmp_path / "run/iter_1/model.pdparams").read_bytes()
    output = train("--iters", 2, seed=4)
    assert "moved to" in output
    [aside] = (tmp_path / "run").glob("earlier_run_*")
    assert (aside / "iter_1/model.pdparams").read_bytes() == before


def test_a_refused_resume_leaves_the_run_as_it_was(train, tmp_path):
    train("--iters", 2)
    before = (tmp_path / "run/config.yml").read_text()
    error = train("--resume_model", "auto", "--batch_size", 4, fails=True)
    assert "batch_size was 2, now it is 4" in error
    error = train("--resume_model", "auto", "--opts", "model.type=DDRNet_23", fails=True)
    assert "does not fit the network" in error
    assert (tmp_path / "run/config.yml").read_text() == before
    assert [path.name for path in (tmp_path / "run").iterdir() if path.is_dir()] == ["iter_2"]


def test_training_on_the_static_graph_gives_the_same_losses(run_command, tmp_path):
    # On pictures of 64 x 64 as in tiny_config, batch normalisation at 1/64 would see two values, and rounding decide.
    def run(*arguments, save_dir):
        process = run_command(
            "train.py", "--config", "configs/quick_start/ddrnet23_slim_roadscenes.yml", "--device", "cpu",
            "--iters", 4, "--batch_size", 2, "--learning_rate", 0.001, "--log_iters", 1, "--num_workers", 0,
            "--opts", "train_dataset.num_samples=8", "--save_dir", tmp_path / save_dir, *arguments,
        )  # fmt: skip
        assert process.returncode == 0, process.stderr
        return [float(loss) for _, loss in losses(process.stdout + process.stderr)]

    # Static graphs are computed by Paddle's kernels, and in float32 those of oneDNN part from them after some steps.
    eager = run("--cpu_backend", "paddle", save_dir="eager")
    assert len(set(eager)) == 4
    assert run("--to_static_training", save_dir="static") == pytest.approx(eager, rel=1e-3)


def test_resuming_an_older_checkpoint_moves_the_branch_that_is_left_aside(train, tmp_path):
    train("--save_interval", 1, "--do_eval")
    train("--resume_model", tmp_path / "run/iter_2", "--save_interval", 3)
    [aside] = (tmp_path / "run").glob("earlier_run_*")
    assert {path.name for path in aside.iterdir() if path.is_dir()} - {"best_model"} == {"iter_3", "iter_4"}
    kept = {path.name for path in (tmp_path / "run").glob("iter_*")}
    assert kept == {"iter_1", "iter_2", "iter_3", "iter_4"}


def test_epochs_become_iterations_once(train, tiny_config):
    tiny_config.write_text(tiny_config.read_text().replace("iters: 4", "epochs: 2"))
    assert [step for step, _ in losses(train("--batch_size", 4))] == ["1", "2", "3", "4"]


def test_a_loss_that_is_not_finite_ends_the_run_with_status_1(run_command, tiny_config, tmp_path):
    process = run_command(
        "train.py", "--config", tiny_config, "--learning_rate", "1e6", "--save_dir", tmp_path / "run",
        "--num_workers", 0,
    )  # fmt: skip
    assert process.returncode == 1
    assert re.search(r"error: step \d is not finite .*images/train_\d\.png", process.stderr)
    assert not (tmp_path / "run/iter_4").exists()


@pytest.fixture
def mini_cityscapes(tmp_path):
    """Two training pictures and one for validation in the layout of Cityscapes, 256x128."""
    random = np.random.default_rng(0)
    for mode, count in (("train", 4), ("val", 1)):
        folders = tmp_path / "leftImg8bit" / mode / "aachen", tmp_path / "gtFine" / mode / "aachen"
        for folder in folders:
            folder.mkdir(parents=True)
        for i in range(count):
            name = f"aachen_{i:06d}_000019"
            picture = random.integers(0, 256, (128, 256, 3)).astype("uint8")
            label = np.kron(random.integers(0, 19, (4, 8)), np.ones((32, 32))).astype("uint8")
            cv2.imwrite(str(folders[0] / f"{name}_leftImg8bit.png"), picture)
            cv2.imwrite(str(folders[1] / f"{name}_gtFine_labelTrainIds.png"), label)
    return tmp_path


@pytest.mark.slow
def test_with_two_processes_the_moving_average_follows_weights_and_statistics(run_command, tiny_config, tmp_path):
    process = run_command(
        "-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log", "train.py",
        "--config", tiny_config, "--seed", 3, "--num_workers", 0, "--use_ema", "--iters", 3, "--save_interval", 1,
        "--save_dir", tmp_path / "run", "--device", "cpu",
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    own = [weights(tmp_path / f"run/iter_{step}", "model.pdparams") for step in (1, 2, 3)]
    average = [weights(tmp_path / f"run/iter_{step}", "ema_model.pdparams") for step in (1, 2, 3)]
    for step in (2, 3):
        decay = (1 + step) / (10 + step)  # below ema_decay so early
        before, now, after = average[step - 2], own[step - 1], average[step - 1]
        for name in now:
            expected = decay * before[name] + (1 - decay) * now[name]
            np.testing.assert_allclose(after[name], expected, rtol=1e-4, atol=1e-6, err_msg=name)
    changed = np.abs(own[2]["conv1.0._conv.weight"] - average[2]["conv1.0._conv.weight"]).max()
    assert changed > 1e-4  # the average is not merely the weights


FOREIGN = ["ddrnet_paddle/configs", "paddleseg/configs"]
SMALL = [
    "model.pretrained=null",
    "train_dataset.transforms.1.crop_size=[128,64]",  # the command is meant, not the crop of 1024x1024
]


@pytest.mark.slow
@pytest.mark.parametrize("kit", FOREIGN)
@pytest.mark.parametrize("processes", [1, 2])
def test_the_commands_of_ddrnet_paddles_readme_run(kit, processes, mini_cityscapes, run_command, tmp_path):
    config = FIXTURES / kit / "ddrnet/ddrnet23_cityscapes_1024x1024_120k.yml"
    roots = [f"{part}_dataset.dataset_root={mini_cityscapes}" for part in ("train", "val")]
    opts = ["--opts", *roots, *SMALL]
    launch = ["-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log"]
    process = run_command(
        *(launch if processes == 2 else []), "train.py", "--config", config, "--do_eval", "--use_vdl",
        "--log_iter", 100, "--save_interval", 4000, "--save_dir", tmp_path / "output", "--iters", 1,
        "--batch_size", 2, *opts, timeout=240,
    )  # fmt: skip
    log = process.stdout + process.stderr
    assert process.returncode == 0, log
    model = tmp_path / "output/best_model/model.pdparams"
    assert model.is_file()
    if processes == 1:
        process = run_command("val.py", "--config", config, "--model_path", model, *opts)
        assert process.returncode == 0, process.stderr
        assert "[EVAL] #Images: 1 mIoU:" in process.stdout
