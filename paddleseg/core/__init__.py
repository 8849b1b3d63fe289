# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Training, evaluation, prediction and export of built objects.

``train``, ``evaluate`` and ``predict`` are PaddleSeg's library functions; they are imported when they are asked for,
so that importing this package does not import paddle.
"""

from typing import Any

__all__ = ["evaluate", "predict", "train"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from paddleseg.training import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
