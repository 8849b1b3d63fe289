# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""val.py's figures on a tiny data set with random weights, whatever computes them."""

import json
import re

import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg import onednn
from paddleseg.onednn import cpu_settings
from paddleseg.onednn.c_interface import opened_library
from paddleseg.tasks import segmentation
from tests.commands.evaluating import count_plainly, run_here
from tests.needs import CPU_BACKENDS


def test_figures_equal_counting_plainly_and_are_written_and_printed(
    run_command, build_network, tiny_config, tiny_dataset, weights, tmp_path
):
    done = run_command(
        "val.py", "--config", tiny_config, "--model_path", weights.parent, "--json", tmp_path / "val.json",
        "--batch_size", 2, "--num_workers", 2, "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "val.json").read_text())
    expected = count_plainly(build_network(tiny_config), weights, tiny_dataset)
    assert np.abs(np.array(figures["confusion_matrix"]) - expected).sum() <= 2e-4 * expected.sum()
    assert figures["num_images"] == 3
    printed = re.search(r"\[EVAL\] #Images: 3 mIoU: (\S+) Acc: (\S+) Kappa: \S+ Dice: \S+\n", done.stdout)
    assert float(printed.group(1)) == pytest.approx(figures["mean_iou"], abs=5e-5)
    assert float(printed.group(2)) == pytest.approx(figures["pixel_accuracy"], abs=5e-5)
    assert "[EVAL] Class IoU: \n[" in done.stdout
    assert re.search(r"^class 3 ", done.stdout, re.MULTILINE)
    assert "picture/s" not in done.stderr  # no progress bar where there is no terminal


@pytest.mark.slow
def test_two_processes_count_each_picture_once_and_one_prints(run_command, tiny_config, weights, tmp_path):
    options = (
        "--config",
        tiny_config,
        "--model_path",
        weights,
        "--num_workers",
        0,
        "--device",
        "cpu",
        "--json",
    )
    run_here(*options, tmp_path / "one.json")
    launch = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", tmp_path / "log")
    done = run_command(*launch, "val.py", *options, tmp_path / "two.json", "--device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "two.json").read_text()) == json.loads((tmp_path / "one.json").read_text())
    logs = [(tmp_path / "log" / f"workerlog.{rank}").read_text() for rank in range(2)]
    assert ["[EVAL] #Images: 3" in log for log in logs] == [True, False]


def test_weights_with_and_without_an_auxiliary_head_are_evaluated_alike(tiny_config, weights, tmp_path):
    full = paddle.load(str(weights))
    without = tmp_path / "without.pdparams"
    paddle.save({name: value for name, value in full.items() if not name.startswith("aux_head.")}, str(without))
    matrices = []
    for path, enabled in [(weights, True), (weights, False), (without, True)]:
        run_here(
            "--config", tiny_config, "--model_path", path, "--num_workers", 0, "--json", tmp_path / "val.json",
            "--opts", f"model.enable_auxiliary_loss={enabled}",
        )  # fmt: skip
        matrices.append(json.loads((tmp_path / "val.json").read_text())["confusion_matrix"])
    assert matrices == [matrices[0]] * 3


@pytest.mark.parametrize(
    ("flags", "backend", "threads"),
    [
        (("--cpu_backend", "paddle"), "Paddle's kernels", "1 thread"),
        (("--cpu_threads", 2), None, "2 threads"),
    ],
)
def test_backend_and_threads_are_those_of_the_flags_and_the_figures_are_the_same(
    flags, backend, threads, build_network, tiny_config, tiny_dataset, weights, tmp_path, log, monkeypatch
):
    monkeypatch.delenv(cpu_settings.ENVIRONMENT, raising=False)
    monkeypatch.setattr("paddleseg.utils.omp_environment._GIVEN", "1")
    options = ("--config", tiny_config, "--model_path", weights, "--num_workers", 0)
    run_here(*options, "--json", tmp_path / "val.json", *flags)
    figures = json.loads((tmp_path / "val.json").read_text())
    expected = count_plainly(build_network(tiny_config), weights, tiny_dataset)
    assert np.abs(np.array(figures["confusion_matrix"]) - expected).sum() <= 2e-4 * expected.sum()
    assert f"CPU: {backend or default_backend()}, {threads}\n" in log.text


def default_backend():
    return "Paddle's kernels" if onednn.why_unavailable() else f"oneDNN {opened_library().version}"


@pytest.mark.parametrize("backend", CPU_BACKENDS)
def test_the_network_is_built_channels_last_where_onednn_computes(backend, tiny_config, weights, monkeypatch):
    built = []
    monkeypatch.setattr(
        segmentation.SegmentationTask, "evaluate", lambda task, model, **_: built.append(model.data_format) or stop()
    )
    for stated in ([], ["--data_format", "NCHW"], ["--opts", "model.data_format=NHWC"]):
        with pytest.raises(StopIteration):
            run_here("--config", tiny_config, "--model_path", weights, "--cpu_backend", backend, *stated)
    assert built == ["NHWC" if backend == "onednn" else "NCHW", "NCHW", "NHWC"]


def stop():
    raise StopIteration


def test_the_training_list_can_be_evaluated_with_untouched_labels(tiny_config, tiny_dataset, weights, tmp_path):
    transforms = "val_dataset.transforms=[{type: Resize, target_size: [32, 32]}, {type: Normalize}]"
    run_here(
        "--config", tiny_config, "--model_path", weights, "--num_workers", 0, "--json", tmp_path / "val.json",
        "--opts", "val_dataset.mode=train", "val_dataset.train_path=train.txt", transforms,
    )  # fmt: skip
    figures = json.loads((tmp_path / "val.json").read_text())
    counts = np.zeros(256, np.int64)
    for line in (tiny_dataset / "train.txt").read_text().splitlines():
        counts += np.bincount(np.asarray(Image.open(tiny_dataset / line.split()[1])).ravel(), minlength=256)
    assert figures["num_images"] == 8
    np.testing.assert_array_equal(np.sum(figures["confusion_matrix"], axis=1), counts[:4])
