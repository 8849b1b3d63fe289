# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A synthetic data set of class folders that a network learns in a few steps, and a configuration for it."""

from pathlib import Path

import cv2
import numpy as np

CLASSES = ("apple", "leaf", "sea")


def make_folders(root: Path, train: int = 8, val: int = 4, classes=CLASSES, size_wh=(56, 48)) -> Path:
    """``root/{train,val}/<class>/<number>.jpg``: noise about a colour that each class has for itself."""
    random = np.random.default_rng(7)
    width, height = size_wh
    for mode, count in (("train", train), ("val", val)):
        for class_id, name in enumerate(classes):
            folder = root / mode / name
            folder.mkdir(parents=True)
            colour = np.roll([210, 90, 40], class_id)
            for number in range(count):
                noise = random.integers(-40, 41, (height, width, 3))
                cv2.imwrite(str(folder / f"{number}.jpg"), np.clip(colour + noise, 0, 255).astype("uint8")[..., ::-1])
    return root


CONFIG = """\
batch_size: 6
iters: 4
model: {{type: DDRNet_23_slim_cls}}
train_dataset:
  type: ImageFolder
  dataset_root: {root}
  num_classes: 3
  transforms:
    - {{type: Resize, target_size: [40, 40]}}
    - {{type: RandomHorizontalFlip}}
    - {{type: Normalize}}
val_dataset:
  type: ImageFolder
  dataset_root: {root}
  num_classes: 3
  transforms:
    - {{type: Resize, target_size: [40, 40]}}
    - {{type: Normalize}}
optimizer: {{type: SGD, momentum: 0.9, weight_decay: 0.0001}}
lr_scheduler: {{type: CosineAnnealingDecay, learning_rate: 0.02}}
loss:
  types: [{{type: SoftTargetCrossEntropyLoss, label_smoothing: 0.1}}]
  coef: [1]
"""
