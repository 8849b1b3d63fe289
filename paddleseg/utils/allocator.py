# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The C library's allocator, which provides Paddle's tensors on a CPU."""

from __future__ import annotations

import ctypes
import os

# Numbers of mallopt's parameters, from glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def keep_freed_memory() -> bool:
    """Let glibc keep freed memory for the next tensors instead of giving it back to the system.

    It maps large blocks singly and unmaps them when freed, so that in every step of a training all pages are cleared
    and mapped again: a tenth of the time of DDRNet-23-slim with batches of 8 at 320x256. The process never shrinks. The
    environment variables MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_MAX_
    take precedence.

    Returns:
        Whether it was done; another C library is left as it is.
    """
    if "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}) or not os.confstr("CS_GNU_LIBC_VERSION"):
        return False
    if os.environ.keys() & {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_"}:
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # -1 becomes the largest size: memory at the end of the heap is never trimmed.
    return bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, -1))
