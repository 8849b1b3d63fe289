# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A first configuration for a converted data set: it can be trained with as it is, and is meant to be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from paddleseg.datasets.conversion.class_list import ClassList
from paddleseg.utils.yaml_text import to_yaml

_LARGEST_CROP, _SMALLEST_CROP, _STEP = 512, 64, 32
_BATCH_SIZE = 4
_MEAN, _STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]  # ImageNet's, on which published weights were trained


def starting_config(
    folder: Path,
    classes: ClassList,
    lists: Mapping[str, int],
    *,
    sizes: Sequence[tuple[int, int]],
    separator: str = " ",
) -> str:
    """YAML for training DDRNet-23-slim.

    Args:
        folder: The data set, as named by the user.
        classes: Names and colours in the order of the class ids.
        lists: Number of pictures by list file.
        sizes: (width, height) of the pictures, which determine the crop size.
        separator: Of the lists.
    """
    crop = [_crop_length(np.median([size[axis] for size in sizes])) for axis in (0, 1)]
    normalize = {"type": "Normalize", "mean": _MEAN, "std": _STD}
    common = {
        "num_classes": len(classes.names),
        "class_names": classes.names,
        "palette": classes.palette[: len(classes.names)].tolist(),
        **({} if separator == " " else {"separator": separator}),
    }
    train = {
        "type": "Dataset",
        "mode": "train",
        "dataset_root": str(folder),
        "train_path": "train.txt",
        **common,
        "transforms": [
            {"type": "ResizeStepScaling", "min_scale_factor": 0.5, "max_scale_factor": 2.0, "scale_step_size": 0.25},
            {"type": "RandomPaddingCrop", "crop_size": crop},
            {"type": "RandomHorizontalFlip"},
            {"type": "RandomDistort", "brightness_range": 0.4, "contrast_range": 0.4, "saturation_range": 0.4},
            normalize,
        ],
    }
    val = {
        "type": "Dataset",
        "mode": "val",
        "dataset_root": str(folder),
        "val_path": "val.txt",
        **common,
        "transforms": [normalize],
    }
    kept = _BATCH_SIZE * crop[0] * crop[1] // 16
    data = {
        "batch_size": _BATCH_SIZE,
        "iters": 10000,
        "model": {"type": "DDRNet_23_slim", "enable_auxiliary_loss": True},
        "train_dataset": train,
        **({"val_dataset": val} if "val.txt" in lists else {}),
        "loss": {"types": [{"type": "OhemCrossEntropyLoss", "thresh": 0.9, "min_kept": kept}], "coef": [1, 0.4]},
        "optimizer": {"type": "SGD", "momentum": 0.9, "weight_decay": 5.0e-4},
        "lr_scheduler": {
            "type": "PolynomialDecay",
            "learning_rate": 0.01 * _BATCH_SIZE / 8,
            "end_lr": 0,
            "power": 0.9,
            "warmup_iters": 200,
            "warmup_start_lr": 0.001,
        },
    }
    counts = ", ".join(f"{count} in {name}" for name, count in lists.items())
    return (
        f"# {counts}. Written by tools/convert_dataset.py; docs/train_own_data.md says what to change first:\n"
        "# pretrained weights (model.pretrained), batch_size and with it learning_rate, crop_size, iters.\n"
        f"{to_yaml(data)}"
    )


def _crop_length(median: float) -> int:
    return int(np.clip(median // _STEP * _STEP, _SMALLEST_CROP, _LARGEST_CROP))
