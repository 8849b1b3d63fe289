# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A check leaves no trace: later objects have the same names and numbers as without it."""

import builtins
import os
import random
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddleseg.config.components import import_components
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config

SHIPPED = Path(__file__).parents[2] / "configs/quick_start/ddrnet23_slim_roadscenes.yml"


def drawn() -> list[float]:
    """A number of each generator there is."""
    return [random.random(), float(np.random.random()), float(paddle.rand([]))]


@pytest.fixture
def config():
    return load_config(SHIPPED)


def test_names_of_parameters_made_after_a_check_are_those_of_a_fresh_process(config, tiny_config):
    with paddle.utils.unique_name.guard():
        check_config(load_config(tiny_config))
        check_config(config, check_files=False)
        assert paddle.nn.Linear(1, 1).weight.name == "linear_0.w_0"


def test_a_check_draws_no_random_number(config, tiny_config):
    def seed():
        random.seed(3), np.random.seed(3), paddle.seed(3)

    seed()
    expected = drawn()
    seed()
    check_config(load_config(tiny_config))
    check_config(config, check_files=False)
    assert drawn() == expected


def test_a_check_without_files_touches_none(tiny_config, monkeypatch):
    config = load_config(tiny_config)
    import_components()

    def touch(path, *args, **kwargs):
        raise AssertionError(f"the check touches {path}")

    for module, name in ((builtins, "open"), (os, "stat"), (os, "listdir"), (os, "open")):
        monkeypatch.setattr(module, name, touch)
    check_config(config, check_files=False)
