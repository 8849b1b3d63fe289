# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that do not outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1  # from Linux's sys/prctl.h
_LOOK_SECONDS = 1.0


def end_with_parent(parent: int) -> None:
    """Let this process be killed when its parent ends, however that happens; called in the child after a fork.

    A worker that waits in a full queue would never look for its parent. Linux kills it with the thread that forked
    it; elsewhere a thread looks for the parent every second.

    Args:
        parent: The parent's process id.
    """
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) == 0:
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
