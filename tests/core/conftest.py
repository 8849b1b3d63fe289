# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whole trainings within the test's process."""

import logging

import pytest

import train
from paddleseg.utils.logging import get_logger


@pytest.fixture
def train_here(tiny_config, tmp_path, monkeypatch, caplog):
    """Run train.py's ``main`` on the tiny data set; gives the text of its log. Errors come as exceptions.

    ``train_here("--iters", 2, save_dir="run", lr_scheduler={...})``: what is given by name, other than ``save_dir``,
    takes the place of a top-level key of the configuration.
    """
    monkeypatch.setattr(get_logger(), "propagate", True)
    caplog.set_level(logging.INFO, logger=get_logger().name)

    def run(*arguments, save_dir="run", **sections):
        caplog.clear()
        opts = [f"{key}={value}" for key, value in sections.items()]
        given = (
            "--config", tiny_config, "--save_dir", tmp_path / save_dir, "--seed", 3, "--num_workers", 0,
            "--log_iters", 1, "--device", "cpu", *arguments, *(["--opts", *opts] if opts else []),
        )  # fmt: skip
        train.main(train.make_parser().parse_args([*map(str, given)]))
        return caplog.text

    return run
