# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Users' mistakes end in one clear line, exit status 1 and no traceback, with any number of workers."""

import re

import cv2
import numpy as np
import pytest

from tests.needs import needs_paddle_for_cpu


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def unknown_key(config, data):
    replace(config, "batch_size: 2", "batch_sise: 2")


def misspelt_type(config, data):
    replace(config, "DDRNet_23_slim", "DDRNet_32_slim")


def one_loss_for_two_outputs(config, data):
    replace(config, "coef: [1, 0.4]", "coef: [1]")


def missing_list(config, data):
    (data / "train.txt").unlink()


def missing_picture(config, data):
    (data / "images/train_3.png").unlink()


def batch_larger_than_the_data(config, data):
    replace(config, "batch_size: 2", "batch_size: 9")


def truncated_picture(config, data):
    path = data / "images/train_3.png"
    path.write_bytes(path.read_bytes()[:700])


def rgb_label(config, data):
    cv2.imwrite(str(data / "labels/train_3.png"), np.zeros((48, 64, 3), "uint8"))


def label_value_200(config, data):
    label = np.zeros((48, 64), "uint8")
    label[0, :7] = 200
    cv2.imwrite(str(data / "labels/train_3.png"), label)


def unequal_sizes(config, data):
    cv2.imwrite(str(data / "labels/train_3.png"), np.zeros((40, 64), "uint8"))


BEFORE_TRAINING = [
    (unknown_key, r"tiny\.yml.*batch_sise.*batch_size"),
    (misspelt_type, r"tiny\.yml.*model\.type.*DDRNet_32_slim.*DDRNet_23_slim"),
    (one_loss_for_two_outputs, r"tiny\.yml.*loss.*\b1\b.*\b2\b"),
    (missing_list, r"train\.txt"),
    (missing_picture, r"train_3\.png"),
    (batch_larger_than_the_data, r"batch_size: 9 .*8"),
]
WHILE_READING = [
    (truncated_picture, r"images/train_3\.png"),
    (rgb_label, r"labels/train_3\.png.*(RGB|channel)"),
    (label_value_200, r"labels/train_3\.png.*200 \(7 pixels\).*0\.\.3 and 255"),
    (unequal_sizes, r"labels/train_3\.png.*64x40.*64x48"),
]
SEEN_BY_THE_DATA_CHECK = [
    *(case for case in WHILE_READING if case[0] is not label_value_200),
    (label_value_200, r"train_dataset: 1 of 8 labels.*200 \(7 pixels in 1 file\).*0\.\.3 and 255.*labels/train_3\.png"),
]


def check(process, pattern):
    assert process.returncode == 1, process.stdout + process.stderr
    assert "Traceback" not in process.stdout + process.stderr
    message = process.stderr[process.stderr.index("error: ") :].strip()
    # Several problems, or a file with several, may take a line each.
    assert re.search(pattern, message, re.DOTALL), message
    assert len(message.splitlines()) <= 3, message


@pytest.mark.parametrize(
    ("spoil", "pattern"), [*BEFORE_TRAINING, *SEEN_BY_THE_DATA_CHECK], ids=lambda value: getattr(value, "__name__", "")
)
def test_mistakes_are_found_before_training(spoil, pattern, tiny_config, tiny_dataset, tmp_path, run_command):
    spoil(tiny_config, tiny_dataset)
    process = run_command("train.py", "--config", tiny_config, "--save_dir", tmp_path / "run", "--device", "cpu")
    check(process, pattern)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize(("spoil", "pattern"), WHILE_READING, ids=lambda value: getattr(value, "__name__", ""))
def test_bad_files_end_the_run_with_their_name(
    spoil, pattern, num_workers, tiny_config, tiny_dataset, tmp_path, run_command
):
    spoil(tiny_config, tiny_dataset)
    process = run_command(
        "train.py", "--config", tiny_config, "--save_dir", tmp_path / "run", "--num_workers", num_workers,
        "--opts", "check_labels=off", timeout=60,
    )  # fmt: skip
    check(process, pattern)


@needs_paddle_for_cpu
def test_a_device_that_is_not_there_is_named(tiny_config, tmp_path, run_command):
    process = run_command("train.py", "--config", tiny_config, "--device", "gpu", "--save_dir", tmp_path / "run")
    check(process, r"--device gpu: this Paddle is built for the CPU.*--device cpu")


def test_half_precision_on_the_cpu_is_refused(tiny_config, tmp_path, run_command):
    process = run_command("train.py", "--config", tiny_config, "--device", "cpu", "--fp16")
    check(process, r"--precision fp16: the CPU trains in fp32 only")


def test_debug_shows_the_traceback(tiny_config, tiny_dataset, run_command):
    misspelt_type(tiny_config, tiny_dataset)
    process = run_command("train.py", "--config", tiny_config, "--debug")
    assert process.returncode == 1
    assert "Traceback" in process.stderr


@pytest.fixture
def foreign_weights(tmp_path):
    """Weights of a network with 7 classes."""
    import pickle

    from paddleseg.models import DDRNet_23_slim

    state = DDRNet_23_slim(num_classes=7).state_dict()
    path = tmp_path / "foreign.pdparams"
    path.write_bytes(pickle.dumps({name: tensor.numpy() for name, tensor in state.items()}))
    return path


@pytest.mark.parametrize("command", ["val.py", "predict.py", "export.py"])
def test_weights_that_do_not_fit_are_named_with_their_shapes(
    command, foreign_weights, tiny_config, tiny_dataset, tmp_path, run_command
):
    arguments = [command, "--config", tiny_config, "--model_path", foreign_weights]
    if command != "val.py":
        arguments += ["--save_dir", tmp_path / "out"]
    if command == "predict.py":
        arguments += ["--image_path", tiny_dataset / "images"]
    # The auxiliary head is not in the file; both are named.
    check(run_command(*arguments), r"foreign\.pdparams does not fit DDRNet_23_slim with 4 classes.*\[7.*instead of")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures_is_named(foreign_weights, tiny_config, tmp_path, run_command):
    (tmp_path / "empty").mkdir()
    process = run_command(
        "predict.py", "--config", tiny_config, "--model_path", foreign_weights, "--image_path", tmp_path / "empty"
    )
    check(process, r"empty.*picture")


def test_a_missing_configuration_is_named(tmp_path, run_command):
    check(run_command("train.py", "--config", tmp_path / "no.yml"), r"no\.yml")
