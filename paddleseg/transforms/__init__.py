# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms of samples. A name's module is loaded on first access, and registers its transforms.

Deployment needs resizing, padding and normalisation, and does not load random transforms. ``config.components`` loads
all names.
"""

from importlib import import_module
from typing import Any

_MODULES = {
    "augmentation": (
        "RandomDistort",
        "RandomHorizontalFlip",
        "RandomPaddingCrop",
        "RandomVerticalFlip",
        "ResizeStepScaling",
    ),
    "center_crop": ("ResizeCenterCrop",),
    "padding": ("Padding", "PaddingByAspectRatio", "ScalePadding"),
    "pipeline": ("Compose", "Pipeline"),
    "rand_augment": ("RandAugment",),
    "random_crop": ("RandomErasing", "RandomResizedCrop"),
    "random_geometry": (
        "RandomAffine",
        "RandomCenterCrop",
        "RandomRotation",
        "RandomScaleAspect",
        "ResizeRangeScaling",
    ),
    "random_quality": ("RandomBlur", "RandomNoise"),
    "transforms": ("LimitLong", "LimitShort", "Normalize", "Resize", "ResizeByLong", "ResizeByShort"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}
_RANDOM_MODULES = ("augmentation", "rand_augment", "random_crop", "random_geometry", "random_quality")

__all__ = sorted(_MODULE_OF)


def is_always_random(name: str) -> bool:
    """Whether a transform of this package, loaded or not, is random whatever its arguments."""
    return _MODULE_OF.get(name) in _RANDOM_MODULES


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
