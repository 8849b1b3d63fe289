# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Importing packages that report usage to their makers so that they do not."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

# OpenVINO and NNCF report with it, OpenVINO on every import; both work without it.
_TELEMETRY = "openvino_telemetry"


def import_quietly(name: str) -> ModuleType:
    """Import a package while ``openvino_telemetry`` cannot be found, which the package remembers.

    It must be the first import of the package in the process.

    Raises:
        ImportError: It is not installed, or does not load.
    """
    hidden = sys.modules.get(_TELEMETRY)
    sys.modules[_TELEMETRY] = None
    try:
        return importlib.import_module(name)
    finally:
        if hidden is None:
            del sys.modules[_TELEMETRY]
        else:
            sys.modules[_TELEMETRY] = hidden
