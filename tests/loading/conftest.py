# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A run's folder with random weights, as ``paddleseg.load`` finds it, and a picture."""

from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
import yaml

from paddleseg.models import DDRNet_23_slim
from tests.commands.exported.running import CONFIG


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> Path:
    """A run with one checkpoint, ``iter_2``; batch-norm statistics fit pictures, so that several classes are found."""
    paddle.seed(2)
    network = DDRNet_23_slim(num_classes=4, enable_auxiliary_loss=True)
    random = np.random.default_rng(0)
    for _ in range(3):
        network(paddle.to_tensor(random.uniform(-1, 1, (2, 3, 64, 64)).astype("float32")))
    checkpoint = tmp_path_factory.mktemp("run") / "iter_2"
    checkpoint.mkdir()
    paddle.save(network.state_dict(), str(checkpoint / "model.pdparams"))
    (checkpoint / "config.yml").write_text(yaml.safe_dump(CONFIG))
    return checkpoint.parent


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """Coloured clouds, (60, 92, 3) uint8."""
    return cv2.resize(np.random.default_rng(1).integers(0, 256, (5, 6, 3), "uint8"), (92, 60))
