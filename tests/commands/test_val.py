# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""val.py on a tiny data set with random weights."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
from PIL import Image

import val
from paddleseg.config.build import build_model
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.utils.errors import ConfigError, DataError, UserError, WeightsError


@pytest.fixture
def weights(tiny_config, tmp_path) -> Path:
    paddle.seed(1)
    path = tmp_path / "checkpoint" / "model.pdparams"
    paddle.save(build_checked(tiny_config).state_dict(), str(path))
    return path


def build_checked(path) -> paddle.nn.Layer:
    """The network of a configuration with random weights."""
    config = load_config(path)
    check_config(config, command="predict")
    return build_model(config)


def run_here(*arguments) -> None:
    """The command in this process, for errors as exceptions."""
    val.main(val.make_parser().parse_args([*map(str, arguments), "--device", "cpu"]))


def count_plainly(config, weights, dataset) -> np.ndarray:
    """The confusion matrix by the network's full-size output, one picture at a time."""
    model = build_checked(config)
    model.set_state_dict(paddle.load(str(weights)))
    model.eval()
    matrix = np.zeros((4, 4), np.int64)
    for line in (dataset / "val.txt").read_text().splitlines():
        picture, label = (np.asarray(Image.open(dataset / name)) for name in line.split())
        x = paddle.to_tensor((picture.astype("float32") / 255 - 0.5) / 0.5).transpose([2, 0, 1])
        prediction = model(x.unsqueeze(0))[0].argmax(axis=1).numpy()[0]
        counted = label != 255
        np.add.at(matrix, (label[counted], prediction[counted]), 1)
    return matrix


def test_figures_equal_counting_plainly_and_are_written_and_printed(
    run_command, tiny_config, tiny_dataset, weights, tmp_path
):
    done = run_command(
        "val.py", "--config", tiny_config, "--model_path", weights.parent, "--json", tmp_path / "val.json",
        "--batch_size", 2, "--num_workers", 2, "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "val.json").read_text())
    expected = count_plainly(tiny_config, weights, tiny_dataset)
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


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_label_out_of_range_ends_with_its_file(num_workers, tiny_config, tiny_dataset, weights):
    label = np.zeros((48, 64), np.uint8)
    label[5, 5] = 200
    cv2.imwrite(str(tiny_dataset / "labels" / "val_1.png"), label)
    with pytest.raises(DataError, match=r"val_1\.png.*200"):
        run_here("--config", tiny_config, "--model_path", weights, "--num_workers", num_workers)


def test_an_error_is_one_line_with_status_1(run_command, tiny_config, tmp_path):
    options = (
        "val.py",
        "--config",
        tiny_config,
        "--model_path",
        tmp_path / "none.pdparams",
        "--device",
        "cpu",
    )
    done = run_command(*options)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"val.py: error: {tmp_path / 'none.pdparams'}")
    assert "Traceback" not in done.stderr


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


def test_weights_of_another_number_of_classes_are_refused(tiny_config, weights, tmp_path):
    with pytest.raises(WeightsError, match=r"does not fit DDRNet_23_slim with 5 classes.*head"):
        other = ("train_dataset.num_classes=5", "val_dataset.num_classes=5")
        run_here("--config", tiny_config, "--model_path", weights, "--opts", *other)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--data_format", "NHWC"), "--data_format NHWC: only NCHW"),
        (("--batch_size", "0"), "--batch_size 0: must be at least 1"),
        (("--num_workers", "-1"), "--num_workers -1: must be 0"),
        (("--json", "/nowhere/figures.json"), "--json /nowhere/figures.json: give a file"),
    ],
)
def test_values_that_no_run_can_use_are_refused_first(option, message):
    with pytest.raises(ConfigError, match=message):
        run_here("--config", "unread.yml", "--model_path", "unread", *option)


def test_flags_that_are_not_built_in_are_not_swallowed(capsys):
    with pytest.raises(SystemExit):
        val.make_parser().parse_args(["--config", "c", "--model_path", "m", "--aug_eval"])
    assert "--aug_eval" in capsys.readouterr().err


def test_a_missing_data_set_is_named(tiny_config, weights):
    with pytest.raises(UserError, match="/nowhere"):
        run_here("--config", tiny_config, "--model_path", weights, "--opts", "val_dataset.dataset_root=/nowhere")
