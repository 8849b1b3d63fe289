# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The sections, values and files that each command requires."""

import re

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from tests.config.messages import message_of


def test_a_complete_configuration_passes_for_every_command(training_yaml):
    for command in ("train", "val", "predict", "export"):
        assert message_of(training_yaml, command=command) == ""
    assert message_of(training_yaml, command="train", do_eval=True) == ""


def test_each_command_needs_its_own_sections(write_yaml):
    path = write_yaml("seed: 1\n")
    for command, keys in {
        "train": ["batch_size", "model", "loss", "optimizer", "lr_scheduler", "train_dataset", "iters"],
        "val": ["model", "val_dataset"],
        "predict": ["model"],
        "export": ["model"],
    }.items():
        found = re.findall(r": (\w+): missing", message_of(path, command=command))
        assert found == keys
    assert "val_dataset: missing; train.py needs it with --do_eval" in message_of(path, do_eval=True)


def test_the_number_of_classes_must_be_stated_somewhere(write_yaml):
    assert "model.num_classes: missing" in message_of(write_yaml("model: {type: DDRNet_23}\n"), command="export")
    assert message_of(write_yaml("model: {type: DDRNet_23, num_classes: 3}\n"), command="export") == ""
    text = "model: {type: DDRNet_23}\nval_dataset: {type: Cityscapes, dataset_root: nowhere, transforms: []}\n"
    assert message_of(write_yaml(text), command="export") == ""


def test_a_number_stated_by_one_data_set_serves_the_other(training_yaml):
    assert message_of(training_yaml, "val_dataset.num_classes=None") == ""
    config = load_config(training_yaml)
    del config.data["val_dataset"]["num_classes"]
    check_config(config)


def test_files_are_asked_for_by_the_commands_that_read_them(training_yaml):
    missing = ["train_dataset.dataset_root=nowhere", "val_dataset.dataset_root=nowhere2"]
    assert message_of(training_yaml, *missing, command="predict") == ""
    assert message_of(training_yaml, *missing, check_files=False) == ""
    train = message_of(training_yaml, *missing, command="train")
    assert "train_dataset.dataset_root: there is no folder 'nowhere'" in train and "nowhere2" not in train
    assert "nowhere2" in message_of(training_yaml, *missing, command="train", do_eval=True)
    assert "nowhere2" in message_of(training_yaml, *missing, command="val")


def test_list_files_may_be_relative_to_the_data_and_must_exist(training_yaml):
    assert message_of(training_yaml, "train_dataset.train_path=train.txt") == ""
    message = message_of(training_yaml, "train_dataset.train_path=tarin.txt")
    assert message.startswith("--opts: train_dataset.train_path: there is no file 'tarin.txt'")


def test_pretrained_files_must_exist_where_they_are_read(training_yaml, write_yaml):
    option = "model.pretrained=nowhere.pdparams"
    assert message_of(training_yaml, option).startswith("--opts: model.pretrained: there is no file 'nowhere.pdparams'")
    assert message_of(training_yaml, option, command="val") == ""
    assert message_of(training_yaml, "model.pretrained=https://example.org/w.pdparams") == ""
    assert message_of(training_yaml, f"model.pretrained={write_yaml('', 'w.pdparams')}") == ""


def test_the_auxiliary_weight_matters_in_training_only(training_yaml):
    option = "model.enable_auxiliary_loss=False"
    assert "2 weights for 1 model output" in message_of(training_yaml, option)
    for command in ("val", "predict", "export"):
        assert message_of(training_yaml, option, command=command) == ""


def test_a_data_set_of_one_key_still_needs_its_type(write_yaml):
    text = "model: {type: DDRNet_23, num_classes: 3}\ntrain_dataset: {shuffle: True}\n"
    assert "config.yml:2: train_dataset.type: missing; name a dataset. Known: " in message_of(
        write_yaml(text), command="predict"
    )
