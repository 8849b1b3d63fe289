# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An untrained teacher, and a student whose configuration names it."""

import json

import paddle
import pytest

from paddleseg.models.weights import make_meta, write_weights
from paddleseg.registry import MODELS
from paddleseg.utils.tensors import to_arrays
from tests.conftest import TINY_CONFIG
from tests.distillation.small_networks import SmallStudent, SmallTeacher

LOGITS = "{type: ChannelWiseKLLoss, weight: 3}"
FEATURES = "{type: ChannelWiseKLLoss, weight: 50, features: layer5_}"


@pytest.fixture(autouse=True)
def small_networks(narrow, monkeypatch):
    """The small networks are known by their names while a test runs, and DDRNets are narrow."""
    for network in (SmallStudent, SmallTeacher):
        monkeypatch.setitem(MODELS._components, network.__name__, network)


@pytest.fixture
def teacher_folder(tmp_path, tiny_dataset):
    """What a checkpoint of a teacher leaves to read: weights that say what they are, beside their configuration."""
    folder = tmp_path / "teacher"
    folder.mkdir()
    paddle.seed(8)
    network = SmallTeacher(num_classes=4)
    meta = json.loads(make_meta(network, classes=None))
    write_weights(folder / "model.pdparams", to_arrays(dict(network.state_dict())), meta)
    text = TINY_CONFIG.format(root=tiny_dataset)
    (folder / "config.yml").write_text(text.replace("DDRNet_23_slim, enable_auxiliary_loss: True", "SmallTeacher"))
    return folder


@pytest.fixture
def student_config(tiny_config):
    """The tiny configuration with the small student."""
    tiny_config.write_text(tiny_config.read_text().replace("DDRNet_23_slim", "SmallStudent"))
    return tiny_config


@pytest.fixture
def distil(train_here, student_config, teacher_folder):
    """``distil("--iters", 2)``: train the student with the teacher, by logits and by features."""
    tiny_config, own_text = student_config, student_config.read_text()

    def run(*arguments, teacher=teacher_folder, losses=(LOGITS, FEATURES), more="", **sections):
        section = f"distillation:\n  teacher: {teacher}\n  losses: [{', '.join(losses)}]\n{more}"
        tiny_config.write_text(own_text + section)
        return train_here(*arguments, **sections)

    return run
