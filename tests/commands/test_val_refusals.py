# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What val.py refuses, each in one line that names it: flags, weights, labels and data sets."""

import cv2
import numpy as np
import pytest

from paddleseg.models.weights import read_weights, write_weights
from paddleseg.utils.errors import ConfigError, DataError, UserError, WeightsError
from tests.commands.evaluating import run_here
from tests.messages import assert_names, naming


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


def test_threads_that_cannot_be_are_refused_before_the_weights_are_read(tiny_config):
    with pytest.raises(ConfigError, match="cpu_threads: found 0; it must be 1 or more"):
        run_here("--config", tiny_config, "--model_path", "unread", "--cpu_threads", 0)


def test_weights_of_another_number_of_classes_are_refused(tiny_config, weights, tmp_path):
    with pytest.raises(WeightsError, match=r"does not fit DDRNet_23_slim with 5 classes.*head"):
        other = ("train_dataset.num_classes=5", "val_dataset.num_classes=5")
        run_here("--config", tiny_config, "--model_path", weights, "--opts", *other)


def test_weights_that_name_their_classes_otherwise_are_warned_of(tiny_config, weights, log):
    state, _ = read_weights(weights)
    write_weights(weights, state, {"classes": ["road", "car", "tree", "sky"]})
    names = ("--opts", "val_dataset.class_names=[road, tree, car, sky]")
    run_here("--config", tiny_config, "--model_path", weights, *names)
    [warning] = [record.getMessage() for record in log.records if record.levelname == "WARNING"]
    assert_names(warning, str(weights), "class 1 is 'car' in the weights, and 'tree' here")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--batch_size", "0"), "--batch_size 0: must be at least 1"),
        (("--num_workers", "-1"), "--num_workers -1: must be 0"),
        (("--json", "/nowhere/figures.json"), "--json /nowhere/figures.json: there is no folder /nowhere"),
    ],
)
def test_values_that_no_run_can_use_are_refused_first(option, message):
    with pytest.raises(ConfigError, match=message):
        run_here("--config", "unread.yml", "--model_path", "unread", *option)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--crop_size", 64, 64), naming("--crop_size: test_config.crop_size", "is_slide")),
        (("--is_slide",), naming("--is_slide: test_config.is_slide", "crop_size and stride")),
        (("--is_slide", "--crop_size", 8, 8, "--stride", 9, 8), naming("--stride", "[9, 8]", "crop_size [8, 8]")),
        (("--scales", 0.5), naming("--scales: test_config.scales", "aug_eval: True")),
        (("--aug_eval", "--scales", 0), naming("--scales: test_config.scales", "[0.0]", "above 0")),
        (("--auc_roc", "True"), naming("--auc_roc", "IoU")),
        (("--use_multilabel",), naming("--use_multilabel", "class ids")),
    ],
)
def test_flags_that_do_not_go_together_are_refused_before_the_weights_are_read(flags, message, tiny_config):
    with pytest.raises(ConfigError, match=message) as info:
        run_here("--config", tiny_config, "--model_path", "unread", *flags)
    assert "\n" not in str(info.value)


def test_a_missing_data_set_is_named(tiny_config, weights):
    with pytest.raises(UserError, match="/nowhere"):
        run_here("--config", tiny_config, "--model_path", weights, "--opts", "val_dataset.dataset_root=/nowhere")
