# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of an export in this process, and their results."""

import contextlib
import shutil
from pathlib import Path

import numpy as np
import paddle
import pytest
import yaml
from PIL import Image

import export
from paddleseg.registry import MODELS
from tests.distillation.small_networks import SmallStudent
from tests.scripts import load_script

INFER = Path(export.__file__).parent / "deploy" / "python" / "infer.py"
infer = load_script(INFER)
COLOURS = [[200, 10, 10], [10, 200, 10], [10, 10, 200], [0, 0, 0]]
CONFIG = {
    "model": {"type": "SmallStudent", "enable_auxiliary_loss": True},
    "val_dataset": {
        "type": "Dataset",
        "dataset_root": "/nowhere",
        "val_path": "/nowhere/val.txt",
        "num_classes": 4,
        "palette": COLOURS,
        "transforms": [{"type": "ResizeByShort", "short_size": 48}, {"type": "Normalize"}],
    },
}


# The network that processes know.
DDRNET = {"type": "DDRNet_23_slim", "enable_auxiliary_loss": True}


@contextlib.contextmanager
def small_network_known():
    """``CONFIG`` names its network: the graphs of a DDRNet, which Paddle translates line by line, take seconds each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS._components, SmallStudent.__name__, SmallStudent)
        yield


def write_weights(path: Path, network=SmallStudent) -> Path:
    """Random weights whose batch-norm statistics fit the pictures, so that several classes are predicted."""
    paddle.seed(2)
    model = network(num_classes=4, enable_auxiliary_loss=True)
    random = np.random.default_rng(0)
    for _ in range(3):
        model(paddle.to_tensor(random.uniform(-1, 1, (2, 3, 64, 64)).astype("float32")))
    paddle.save(model.state_dict(), str(path))
    return path


def call(script, *arguments) -> None:
    """The command of a module in this process, for errors as exceptions."""
    script.main(script.make_parser().parse_args([str(argument) for argument in arguments]))


def export_here(config, weights, folder, *arguments) -> Path:
    given = ["--config", config, "--model_path", weights, "--save_dir", folder, *arguments]
    export.main(export.make_parser().parse_args([str(argument) for argument in given]))
    return folder


def with_deploy_yaml(exported: Path, folder: Path, **values) -> Path:
    """A copy of an export with other values in its deploy.yaml; None takes the key out."""
    shutil.copytree(exported, folder)
    section = yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]
    section = {key: value for key, value in {**section, **values}.items() if value is not None}
    (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": section}))
    return folder


def infer_here(folder, pictures, save_dir, *arguments) -> None:
    """The command in this process, for errors as exceptions."""
    given = ["--config", folder, "--image_path", pictures, "--save_dir", save_dir, *arguments]
    infer.main(infer.make_parser().parse_args([str(argument) for argument in given]))


def labels_below(folder: Path) -> dict:
    """Values of the PNG files in a folder, by relative name."""
    files = sorted(folder.rglob("*.png"))
    return {str(file.relative_to(folder)): np.asarray(Image.open(file)) for file in files}


def share_of_equal_pixels(found: dict, expected: dict) -> float:
    assert found.keys() == expected.keys()
    assert all(found[name].shape == expected[name].shape for name in found)
    equal = sum(int((found[name] == expected[name]).sum()) for name in found)
    return equal / sum(label.size for label in found.values())
