# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A run's folder with random weights, for ``paddleseg.load``, and a picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from tests.commands.exported.running import CONFIG, small_network_known, write_weights


@pytest.fixture(autouse=True)
def network_is_known():
    with small_network_known():
        yield


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> Path:
    """A run with one checkpoint, ``iter_2``."""
    checkpoint = tmp_path_factory.mktemp("run") / "iter_2"
    checkpoint.mkdir()
    write_weights(checkpoint / "model.pdparams")
    (checkpoint / "config.yml").write_text(yaml.safe_dump(CONFIG))
    return checkpoint.parent


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """Coloured clouds, (60, 92, 3) uint8."""
    return cv2.resize(np.random.default_rng(1).integers(0, 256, (5, 6, 3), "uint8"), (92, 60))
