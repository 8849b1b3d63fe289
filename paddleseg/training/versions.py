# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The versions that a computation used."""

from __future__ import annotations

import platform

import cv2
import numpy as np
import paddle

from paddleseg import __version__
from paddleseg.utils.revision import checkout_revision


def versions() -> dict[str, str | None]:
    """The versions that a computation's bytes depend on, besides the machine."""
    return {
        "toolkit": __version__,
        "revision": checkout_revision(),
        "paddle": paddle.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "python": platform.python_version(),
    }
