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


def heed_sigterm_of(parent: int) -> None:
    """Let SIGTERM end this process only when it comes from ``parent``; called in the child after a fork.

    systemd and Slurm send it to all processes of a job, and the parent needs this one to finish what it has begun. The
    parent's own comes when it leaves: ``multiprocessing`` ends what is still there.

    Args:
        parent: The parent's process id.
    """
    if hasattr(signal, "sigwaitinfo"):  # Linux, where alone the loader has processes
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_wait_for_sigterm, args=(parent,), daemon=True).start()


def _wait_for_sigterm(sender: int) -> None:
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != sender:
        pass
    os._exit(0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
