# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Real-time semantic segmentation with DDRNet in PaddlePaddle.

Importing this package does not import paddle, so that deployment code can use its numpy parts alone. ``load`` and
``decode_image`` are imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from paddleseg.utils.foreign_imports import advise_on_foreign_imports
from paddleseg.utils.omp_environment import prepare_environment
from paddleseg.utils.system_zlib import load_system_zlib

if TYPE_CHECKING:
    from paddleseg.loading import load as load
    from paddleseg.utils.image_io import decode_image as decode_image

__version__ = "0.1.0"
_HOMES = {"load": "paddleseg.loading", "decode_image": "paddleseg.utils.image_io"}

prepare_environment()
load_system_zlib()
advise_on_foreign_imports()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
