# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A teacher that nobody trained, and a student whose configuration names it."""

import os

import paddle
import pytest

from paddleseg.models import DDRNet_23
from paddleseg.models.weights import META_KEY, make_meta
from paddleseg.utils.tensors import to_arrays
from tests.conftest import TINY_CONFIG

LOGITS = "{type: ChannelWiseKLLoss, weight: 3}"
FEATURES = "{type: ChannelWiseKLLoss, weight: 50, features: layer5_}"


@pytest.fixture(scope="session")
def teacher_weights(tmp_path_factory):
    """A file of 80 MB, made once."""
    path = tmp_path_factory.mktemp("teacher") / "model.pdparams"
    paddle.seed(8)
    network = DDRNet_23(num_classes=4)
    contents = {**to_arrays(dict(network.state_dict())), META_KEY: make_meta(network, classes=None)}
    paddle.save(contents, str(path))
    return path


@pytest.fixture
def teacher_folder(tmp_path, tiny_dataset, teacher_weights):
    """What a checkpoint of a DDRNet_23 leaves to read: weights that say what they are, beside their configuration."""
    folder = tmp_path / "teacher"
    folder.mkdir()
    os.link(teacher_weights, folder / "model.pdparams")  # tests replace the file, and write into none
    text = TINY_CONFIG.format(root=tiny_dataset).replace("_slim, enable_auxiliary_loss: True", "")
    (folder / "config.yml").write_text(text)
    return folder


@pytest.fixture
def distil(train_here, tiny_config, teacher_folder):
    """``distil("--iters", 2)``: train the tiny configuration with the teacher, by logits and by features."""
    own_text = tiny_config.read_text()

    def run(*arguments, teacher=teacher_folder, losses=(LOGITS, FEATURES), more="", **sections):
        section = f"distillation:\n  teacher: {teacher}\n  losses: [{', '.join(losses)}]\n{more}"
        tiny_config.write_text(own_text + section)
        return train_here(*arguments, **sections)

    return run
