# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The page about your own parts, followed word by word: its file, its configuration, every command, its program."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from paddleseg.training.checkpoint import open_checkpoint

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own_parts.md"


def block(language, number=0):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)[number]


@pytest.fixture
def project(tmp_path, tiny_dataset):
    """The page's files beside data in the layout that its data set wants."""
    (tmp_path / "my_parts.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "mine.yml").write_text(block("yaml"), encoding="utf-8")
    for mode in ("train", "val"):
        for kind in ("images", "labels"):
            folder = tmp_path / "data" / "mine" / mode / kind
            folder.mkdir(parents=True)
            for file in (tiny_dataset / kind).glob(f"{mode}_*.png"):
                shutil.copy(file, folder)
    return tmp_path


@pytest.mark.slow
def test_the_pages_parts_train_evaluate_predict_export_and_infer(project, run_command):
    def run(script, *arguments):
        done = run_command(run_command.repository / script, *arguments, cwd=project)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    small = ["train_dataset.transforms.0.crop_size=[64,48]"]
    log = run("train.py", "--config", "mine.yml", "--do_eval", "--iters", 3, "--save_dir", "run", "--device", "cpu",
              "--num_workers", 2, "--opts", *small)  # fmt: skip
    assert "iter: 3/3" in log
    # From the run's own folder: the resolved configuration finds the user's file.
    config, weights = "run/config.yml", "run/best_model/model.pdparams"
    assert "[EVAL] #Images: 3" in run("val.py", "--config", config, "--model_path", weights, "--device", "cpu")
    run("predict.py", "--config", config, "--model_path", weights, "--image_path", "data/mine/val/images",
        "--save_dir", "predicted", "--device", "cpu")  # fmt: skip
    run("export.py", "--config", config, "--model_path", weights, "--save_dir", "exported")
    run("deploy/python/infer.py", "--config", "exported/deploy.yaml", "--image_path", "data/mine/val/images",
        "--save_dir", "deployed", "--device", "cpu")  # fmt: skip
    for i in range(3):
        predicted = cv2.imread(str(project / f"predicted/label/val_{i}.png"), cv2.IMREAD_UNCHANGED)
        deployed = cv2.imread(str(project / f"deployed/val_{i}.png"), cv2.IMREAD_UNCHANGED)
        assert predicted.shape[:2] == deployed.shape[:2] == (48, 64)
        assert np.isin(predicted, range(4)).all()


@pytest.mark.slow
def test_the_pages_task_and_hook_are_part_of_a_training(project, run_command):
    """With a smaller teacher than the page's, whose weights are made here."""
    from paddleseg.models import DDRNet_23_slim
    from paddleseg.models.weights import write_weights

    teacher = {name: tensor.numpy() for name, tensor in DDRNet_23_slim(4).state_dict().items()}
    write_weights(project / "ddrnet39.pdparams", teacher, None)
    task, hook = block("python", 1).replace("DDRNet_39", "DDRNet_23_slim"), block("python", 2)
    (project / "my_distillation.py").write_text(task, encoding="utf-8")
    (project / "my_hooks.py").write_text(hook, encoding="utf-8")
    sections = "".join(block("yaml", number).partition("\n")[2] for number in (1, 2))
    text = block("yaml").replace("[my_parts.py]", "[my_parts.py, my_distillation.py, my_hooks.py]") + sections
    (project / "mine.yml").write_text(text.replace("num_classes: 19", "num_classes: 4"), encoding="utf-8")
    done = run_command(
        run_command.repository / "train.py", "--config", "mine.yml", "--iters", 2, "--save_dir", "run", "--device",
        "cpu", "--num_workers", 0, "--use_vdl", "--log_iters", 1, "--opts", "hooks.0.ignored=0",
        "train_dataset.transforms.0.crop_size=[64,48]", cwd=project,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    states = open_checkpoint(project / "run/iter_2").states
    assert states["hooks"]["LargestLoss"]["largest"] > 0
    [record] = (project / "run").glob("vdlrecords.*.log")
    assert b"Train/teacher" in record.read_bytes()


def test_a_misspelt_argument_of_an_own_part_ends_before_anything_is_built(project, run_command):
    done = run_command(
        run_command.repository / "train.py", "--config", "mine.yml", "--opts", "model.widht=3", cwd=project
    )
    assert done.returncode == 1
    assert "model.widht" in done.stderr
    assert "Did you mean 'width'" in done.stderr
    assert "Traceback" not in done.stderr
