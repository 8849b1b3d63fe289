# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A network of four classes with random weights, exported once, and pictures for it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from paddleseg.models import DDRNet_23_slim
from tests.commands.exported.running import CONFIG, DDRNET, export_here, small_network_known, write_weights
from tests.conftest import make_dataset


@pytest.fixture(autouse=True)
def network_is_known(verified_here):
    with small_network_known():
        yield


@pytest.fixture(scope="session")
def config(tmp_path_factory) -> Path:
    """A configuration whose data set is not there."""
    path = tmp_path_factory.mktemp("config") / "config.yml"
    path.write_text(yaml.safe_dump(CONFIG))
    return path


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights") / "model.pdparams")


@pytest.fixture(scope="session")
def ddrnet(tmp_path_factory) -> tuple[Path, Path]:
    """Configuration and weights of a DDRNet, for processes of their own."""
    folder = tmp_path_factory.mktemp("ddrnet")
    (folder / "config.yml").write_text(yaml.safe_dump({**CONFIG, "model": DDRNET}))
    return folder / "config.yml", write_weights(folder / "model.pdparams", DDRNet_23_slim)


@pytest.fixture(scope="session")
def exported(config, weights, tmp_path_factory) -> Path:
    with small_network_known():
        return export_here(config, weights, tmp_path_factory.mktemp("exported") / "out", "--no_verify")


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Pictures of several sizes, in a folder and in a folder in it."""
    random = np.random.default_rng(1)
    (tmp_path / "pictures" / "night").mkdir(parents=True)
    sizes = {"a.png": (48, 64), "b.png": (48, 64), "c.jpg": (60, 47), "night/a.png": (48, 64), "night/d.png": (50, 99)}
    for name, (height, width) in sizes.items():
        clouds = cv2.resize(random.integers(0, 256, (5, 6, 3), "uint8"), (width, height))
        cv2.imwrite(str(tmp_path / "pictures" / name), clouds)
    return tmp_path / "pictures"


@pytest.fixture(scope="session")
def dataset(tmp_path_factory) -> Path:
    """Labelled pictures of the four classes."""
    return make_dataset(tmp_path_factory.mktemp("data") / "set")


@pytest.fixture(scope="session")
def section(dataset) -> dict:
    """The ``val_dataset`` of a configuration that reads them."""
    places = {"dataset_root": str(dataset), "val_path": str(dataset / "val.txt")}
    return {**CONFIG["val_dataset"], **places}


@pytest.fixture(scope="session")
def training(section, tmp_path_factory) -> Path:
    """The training configuration of the exported network, with data."""
    path = tmp_path_factory.mktemp("training") / "config.yml"
    train = {"transforms": [{"type": "RandomPaddingCrop", "crop_size": [64, 32]}, {"type": "Normalize"}]}
    content = {**CONFIG, "iters": 70, "batch_size": 5, "val_dataset": section, "train_dataset": train}
    path.write_text(yaml.safe_dump(content))
    return path
