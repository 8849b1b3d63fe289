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
from paddleseg.transforms.padding import Padding, PaddingByAspectRatio, ScalePadding
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.transforms.random_geometry import (
    RandomAffine,
    RandomCenterCrop,
    RandomRotation,
    RandomScaleAspect,
    ResizeRangeScaling,
)
from paddleseg.transforms.random_quality import RandomBlur, RandomNoise
from paddleseg.transforms.transforms import (
    LimitLong,
    LimitShort,
    Normalize,
    Resize,
    ResizeByLong,
    ResizeByShort,
)

__all__ = [
    "LimitLong",
    "LimitShort",
    "Normalize",
    "Padding",
    "PaddingByAspectRatio",
    "Pipeline",
    "RandomAffine",
    "RandomBlur",
    "RandomCenterCrop",
    "RandomDistort",
    "RandomHorizontalFlip",
    "RandomNoise",
    "RandomPaddingCrop",
    "RandomRotation",
    "RandomScaleAspect",
    "RandomVerticalFlip",
    "Resize",
    "ResizeByLong",
    "ResizeByShort",
    "ResizeRangeScaling",
    "ResizeStepScaling",
    "ScalePadding",
]
