# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whole trainings within the test's process."""

import pytest

import train


@pytest.fixture
def train_here(tiny_config, tmp_path, log):
    """Run train.py's ``main`` on the tiny data set; gives the text of its log. Errors come as exceptions.

    ``train_here("--iters", 2, save_dir="run", lr_scheduler={...})``: what is given by name, other than ``save_dir``,
    takes the place of a top-level key of the configuration.
    """

    def run(*arguments, save_dir="run", **sections):
        log.clear()
        opts = [f"{key}={value}" for key, value in sections.items()]
        given = (
            "--config", tiny_config, "--save_dir", tmp_path / save_dir, "--seed", 3, "--num_workers", 0,
            "--log_iters", 1, "--device", "cpu", *arguments, *(["--opts", *opts] if opts else []),
        )  # fmt: skip
        train.main(train.make_parser().parse_args([*map(str, given)]))
        return log.text

    return run
