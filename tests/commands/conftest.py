# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The network of the tiny configuration with random weights, for the commands that read a weight file."""

from collections.abc import Callable
from pathlib import Path

import paddle
import pytest

from paddleseg.config.build import build_model
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config


@pytest.fixture(autouse=True)
def networks_are_narrow(narrow):
    """Networks are there to be read, written and called."""


@pytest.fixture(scope="session")
def build_network() -> Callable[[Path], paddle.nn.Layer]:
    """``build_network(path)``: the network of a configuration as ``model`` says, with random weights."""

    def build(path: Path) -> paddle.nn.Layer:
        config = load_config(path)
        check_config(config, command="predict")
        return build_model(config)

    return build


@pytest.fixture
def weights(build_network, tiny_config, tmp_path) -> Path:
    """The weights of ``tiny_config``'s network, with its auxiliary head, in a folder of their own."""
    paddle.seed(1)
    path = tmp_path / "checkpoint" / "model.pdparams"
    paddle.save(build_network(tiny_config).state_dict(), str(path))
    return path
