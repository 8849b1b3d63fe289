# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that do not outlive the one that started them."""

from __future__ import annotations

import atexit
import ctypes
import mmap
import multiprocessing.util  # noqa: F401  (registers its own exit function)
import os
import signal
import sys
import threading
import time
from types import FrameType

_PR_SET_PDEATHSIG = 1  # from Linux's sys/prctl.h
_LOOK_SECONDS = 1.0
_parent_leaves = mmap.mmap(-1, 1)  # one byte, shared with the processes that are forked


def end_with_parent(parent: int) -> None:
    """Make this process end with its parent, however that ends; called in the child after a fork.

    A worker that waits on a full queue would never check its parent. Linux kills it with the thread that forked it;
    elsewhere a thread checks for the parent every second.

    Args:
        parent: The parent's process id.
    """
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) == 0:
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def heed_sigterm_of_parent_alone() -> None:
    """Let SIGTERM end this process only when its parent is about to leave; called in the child after a fork.

    systemd and Slurm send it to all processes of a job, but the parent needs this one to finish its step. The parent's
    own signal comes when it leaves: ``multiprocessing`` then ends remaining children, and waits for them.
    """
    signal.signal(signal.SIGTERM, _end_if_parent_leaves)


def _end_if_parent_leaves(number: int, frame: FrameType | None) -> None:
    if _parent_leaves[0]:
        os._exit(0)


@atexit.register  # before that of multiprocessing, which comes last because it was registered first
def _say_that_parent_leaves() -> None:
    _parent_leaves[0] = 1


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
