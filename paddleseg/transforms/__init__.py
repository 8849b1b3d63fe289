# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms of samples: importing this package registers them."""

from paddleseg.transforms.augmentation import (
    RandomDistort,
    RandomHorizontalFlip,
    RandomPaddingCrop,
    RandomVerticalFlip,
    ResizeStepScaling,
)
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.transforms.transforms import (
    LimitLong,
    LimitShort,
    Normalize,
    Padding,
    Resize,
    ResizeByLong,
    ResizeByShort,
)

__all__ = [
    "LimitLong",
    "LimitShort",
    "Normalize",
    "Padding",
    "Pipeline",
    "RandomDistort",
    "RandomHorizontalFlip",
    "RandomPaddingCrop",
    "RandomVerticalFlip",
    "Resize",
    "ResizeByLong",
    "ResizeByShort",
    "ResizeStepScaling",
]
