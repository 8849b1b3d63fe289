# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Scripts as modules, including those outside packages, which cannot be imported by name."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def load_script(path: Path) -> ModuleType:
    """The script as a new module with each call; what it does as ``__main__`` is not done."""
    name = f"{path.parent.name}_{path.stem}"  # not train, which is the command's own name
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look up what their annotations mean
    spec.loader.exec_module(module)
    return module
