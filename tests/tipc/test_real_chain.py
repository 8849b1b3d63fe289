# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whole chains with the real commands: they train, export and infer on drawn street scenes."""

import os
import re
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

OURS = "test_tipc/configs/ddrnet23_slim/train_infer_python.txt"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "tipc"
TIMEOUT_SECONDS = 900


def prepare(checkout, chain_file, **keywords) -> None:
    done = checkout.run("test_tipc/prepare.sh", chain_file, "lite_train_lite_infer", **keywords)
    assert done.returncode == 0, done.stderr


def run_chain(checkout, chain_file, **keywords):
    # The lines for cards are not for a test: a machine that has one would run them too.
    return checkout.run_chain(chain_file, timeout=TIMEOUT_SECONDS, CUDA_VISIBLE_DEVICES="", **keywords)


def states(checkout, **folder) -> list:
    log = (checkout.output(**folder) / "results_python.log").read_text()
    return re.findall(r"^\S+ +(passed|failed|skipped) ", log, re.MULTILINE)


def test_the_chain_of_23_slim_runs_and_its_label_maps_have_the_scores_of_the_training(checkout, run_command):
    real = {"python": sys.executable}
    prepare(checkout, OURS, **real)
    done = run_chain(checkout, OURS, **real)
    assert done.returncode == 0, done.stdout + done.stderr
    assert states(checkout) == ["passed"] * 4 + ["skipped"] * 3
    assert done.stdout.count("Run successfully with command - ddrnet23_slim - ") == 4
    assert "Run failed" not in done.stdout
    [report] = checkout.output().glob("python_infer_cpu_gpu_-1_usemkldnn_True_*.log")
    assert "----------------------- Perf info -----------------------" in report.read_text()
    training = (checkout.output() / "norm_train_gpus_-1_autocast_null_nodes_1.log").read_text()
    trained = re.search(r"\[EVAL\] #Images: 5 mIoU: ([\d.]+) Acc: ([\d.]+) Kappa: ([\d.-]+)", training)
    metrics = checkout.folder.parent / "metrics" / "slim_fp32.txt"
    metrics.parent.mkdir()
    metrics.write_text("#Images: 5\nmIoU: {}\nAcc: {}\nKappa: {}\n".format(*trained.groups()))
    compared = run_command(
        "test_tipc/compare_results.py", f"--metric_file={metrics}", "--num_classes=19",
        f"--predict_dir={checkout.output()}/python_infer_*_results",
        f"--gt_dir={checkout.folder}/test_tipc/data/cityscapes/gtFine/val",
    )  # fmt: skip
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert compared.stdout.count("Assert allclose passed!") == 2


def test_the_file_of_ddrnet_paddle_trains_and_exports(checkout, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (programs / "python").chmod(0o755)
    real = {"python": "", "PATH": f"{programs}:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
    prepare(checkout, FIXTURES / "ddrnet_paddle.txt", **real)
    done = run_chain(checkout, FIXTURES / "ddrnet_paddle.txt", **real)
    assert done.returncode == 0, done.stdout + done.stderr
    assert states(checkout, model="ddrnet") == ["skipped", "passed", "passed", "skipped"]
    folder = checkout.output(model="ddrnet") / "norm_gpus_null_autocast_null"
    assert (folder / "best_model" / "model.pdparams").is_file()
    assert (folder / "deploy.yaml").is_file()
    assert "iter: 50/50" in folder.with_name(f"{folder.name}_nodes_1.log").read_text()
