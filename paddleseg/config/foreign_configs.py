# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Configurations of other kits, reported as one problem rather than one for each of their keys."""

from __future__ import annotations

from collections.abc import Iterable

from paddleseg.utils.errors import ConfigError

_TAKE_OURS = (
    "begin with `_base_: configs/ddrnet/ddrnet23_slim_cityscapes_1024x1024_120k_official.yml` in a .yml file of yours"
)
# Top-level keys of DDRNet.pytorch and HRNet, which their default.py lists, and of PaddleSeg 1.
_YACS = {
    "AUG", "AUTO_RESUME", "BATCH_SIZE", "CUDNN", "DATASET", "DEBUG", "FREEZE", "GPUS", "LOG_DIR", "LOSS", "MODEL",
    "OUTPUT_DIR", "PIN_MEMORY", "PRINT_FREQ", "SOLVER", "TEST", "TRAIN", "TRAIN_CROP_SIZE", "WORKERS",
}  # fmt: skip
# Of MindSpore's model templates, where a key without a section is a flag.
_MINDSPORE = {"arch", "base_lr", "ckpt_url", "data_url", "device_num", "device_target", "mix_up", "warmup_lr"}


def refuse_foreign_file(path: str) -> None:
    """Refuse a file that cannot be YAML.

    Raises:
        ConfigError: It is a Python file; the message says what to give.
    """
    if path.endswith(".py"):
        raise ConfigError(
            f"{path}: this is a Python configuration, as in mmsegmentation; configurations here are YAML: {_TAKE_OURS}"
        )


def refuse_foreign_keys(path: str, keys: Iterable[object]) -> None:
    """Refuse a file whose top-level keys are those of another kit.

    Raises:
        ConfigError: They are; the message says what to give, and the names of the most important keys here.
    """
    found = set(keys)
    if len(found & _YACS) >= 2:
        raise ConfigError(
            f"{path}: this is a yacs configuration, as in DDRNet.pytorch and PaddleSeg before 2.0; {_TAKE_OURS}"
            ", and write END_EPOCH (NUM_EPOCHS) as epochs, BATCH_SIZE_PER_GPU (BATCH_SIZE) as batch_size, LR as "
            "lr_scheduler.learning_rate, PRETRAINED (PRETRAINED_MODEL_DIR) as model.pretrained"
        )
    if len(found & _MINDSPORE) >= 2:
        raise ConfigError(
            f"{path}: this is a configuration of MindSpore's DDRNet; {_TAKE_OURS}, and write base_lr as "
            "lr_scheduler.learning_rate, and the folder under data_url as dataset_root of the data sets"
        )
