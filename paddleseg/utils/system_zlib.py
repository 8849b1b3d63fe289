# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps Paddle 2.6 away from the system's zlib; to be removed with the support of 2.6.

That Paddle contains a zlib of its own and exports its functions. If it is also the first to load the system's, the
functions of one call those of the other, and the next PNG file or archive ends the process with a segmentation fault,
whether OpenCV, Pillow, numpy or Python itself reads or writes it. A zlib loaded earlier is safe.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import warnings

_LIBRARY = "libz.so.1"
# Modules that load the library themselves; many programs have imported one of them before Paddle.
_USERS = ("zlib", "cv2", "PIL._imaging")


def load_system_zlib() -> None:
    """Load the system's zlib before Paddle does; warn if a Paddle that mixes both is already loaded."""
    paddle = sys.modules.get("paddle")
    if paddle is None:
        with contextlib.suppress(OSError):  # no such file, so nothing to mix: not Linux
            ctypes.CDLL(_LIBRARY)
    elif paddle.__version__.startswith("2.") and not _was_loaded_before_paddle():
        warnings.warn(
            f"Paddle {paddle.__version__} was imported before paddleseg, and with it a zlib that makes the process "
            "crash where something is compressed or decompressed, as in PNG files; import paddleseg, or zlib, first",
            RuntimeWarning,
            stacklevel=2,
        )


def _was_loaded_before_paddle() -> bool:
    names = list(sys.modules)  # in the order in which their imports finished
    before = names[: names.index("paddle.base.libpaddle")]
    return any(user in before for user in _USERS)
