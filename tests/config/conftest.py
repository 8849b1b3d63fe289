# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Configurations for tests."""

from __future__ import annotations

import pytest

# Each section once, small enough to build.
_TRAINING = """
batch_size: 2
iters: 10
model:
  type: DDRNet_23_slim
  enable_auxiliary_loss: True
train_dataset:
  type: Dataset
  dataset_root: {root}
  train_path: {root}/train.txt
  num_classes: 4
  transforms:
    - type: ResizeStepScaling
      min_scale_factor: 0.5
    - type: Normalize
val_dataset:
  type: Dataset
  dataset_root: {root}
  val_path: val.txt
  num_classes: 4
  transforms:
    - type: Normalize
loss:
  types:
    - type: OhemCrossEntropyLoss
  coef: [1, 0.4]
optimizer:
  type: SGD
  momentum: 0.9
lr_scheduler:
  type: PolynomialDecay
  learning_rate: 0.01
"""


@pytest.fixture(autouse=True)
def networks_are_narrow(narrow):
    """Networks are there to be built."""


@pytest.fixture
def training_yaml(write_yaml, tmp_path):
    """Path of a complete configuration whose data folder and lists are there (and empty)."""
    root = tmp_path / "data"
    root.mkdir()
    for name in ("train.txt", "val.txt"):
        (root / name).touch()
    return write_yaml(_TRAINING.format(root=root.as_posix()), "training.yml")
