# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's face.

``train``, ``evaluate`` and ``predict`` are PaddleSeg's library functions; they are imported on first use,
so that importing this package does not import paddle.
"""

import importlib
from typing import Any

_HOMES = {
    "evaluate": "paddleseg.inference.api",
    "predict": "paddleseg.inference.api",
    "train": "paddleseg.training.api",
}
__all__ = ["evaluate", "predict", "train"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
