# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Leaving a failed process of several so that the launcher shows its message, not another one's."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings

# The launcher (Paddle 2.6.2 and 3.3.1) checks its processes every second.
_SECONDS = 3.0


def is_behind_others() -> bool:
    """Whether ``paddle.distributed.launch`` started processes with lower numbers than this one."""
    return int(os.environ.get("PADDLE_TRAINER_ID", "0")) > 0


def leave_before_others(status: int) -> None:
    """End this process, but keep its connections to the others open for some seconds.

    When they close, gloo aborts the other processes within a tenth of a second. The launcher then finds several failed
    ones, and prints the log of the first by number. So an idle copy of this process keeps the sockets until the
    launcher has checked, and this one ends without Paddle's clean-up, which would shut them down.

    Args:
        status: The exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # nobody reads it any more
            stream.flush()
    if hasattr(os, "fork"):
        with warnings.catch_warnings():
            # Python 3.12 warns of locks that other threads hold. The copy takes none.
            warnings.simplefilter("ignore", DeprecationWarning)
            if os.fork() == 0:
                time.sleep(_SECONDS)
    os._exit(status)
