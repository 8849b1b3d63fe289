# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the classification tests."""

from pathlib import Path

import pytest

import train
import val
from tests.classification.folders import CONFIG, make_folders


@pytest.fixture(autouse=True)
def networks_are_narrow(narrow):
    """Networks are there to be trained, read and called."""


@pytest.fixture
def class_folder(tmp_path) -> Path:
    """24 training and 12 validation pictures of 3 classes."""
    return make_folders(tmp_path / "pictures")


@pytest.fixture
def class_config(class_folder, tmp_path) -> Path:
    """A YAML that trains a classifier on ``class_folder`` for 4 steps."""
    path = tmp_path / "classes.yml"
    path.write_text(CONFIG.format(root=class_folder))
    return path


@pytest.fixture
def train_classes(class_config, tmp_path, log):
    """Run train.py's ``main`` on ``class_config``; gives the text of its log. Errors come as exceptions."""

    def run(*arguments, opts=(), save_dir="run"):
        log.clear()
        given = (
            "--config", class_config, "--save_dir", tmp_path / save_dir, "--seed", 3, "--num_workers", 0,
            "--log_iters", 1, "--device", "cpu", *arguments, *(["--opts", *opts] if opts else []),
        )  # fmt: skip
        train.main(train.make_parser().parse_args([*map(str, given)]))
        return log.text

    return run


@pytest.fixture
def val_classes(class_config, tmp_path, log):
    """Run val.py's ``main`` on ``class_config``; gives the text of its log."""

    def run(*arguments):
        log.clear()
        given = ("--config", class_config, "--num_workers", 0, "--device", "cpu", *arguments)
        val.main(val.make_parser().parse_args([*map(str, given)]))
        return log.text

    return run
