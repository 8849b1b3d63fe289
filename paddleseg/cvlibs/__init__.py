# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's names for the registries, a configuration and the parts built from it.

``from paddleseg.cvlibs import Config, SegBuilder, manager``. The two classes are imported on first use, so that
registering a component does not import the configuration's code.
"""

import importlib
from typing import Any

_HOMES = {"Config": "paddleseg.cvlibs.config", "SegBuilder": "paddleseg.cvlibs.builder"}
__all__ = ["Config", "SegBuilder", "manager"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
