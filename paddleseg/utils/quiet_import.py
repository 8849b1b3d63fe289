# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Packages that report to their makers by themselves, imported so that they do not."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

# What OpenVINO and NNCF report with, OpenVINO on every import; both do without where it is not to be found.
_TELEMETRY = "openvino_telemetry"


def import_quietly(name: str) -> ModuleType:
    """Import a package that finds no ``openvino_telemetry`` meanwhile, and remembers that.

    It has to be the first import of the package in the process.

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
