# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM, as ``timeout`` and schedulers of jobs send it, ends a command in good order."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_STATUS = 128 + signal.SIGTERM


@contextlib.contextmanager
def sigterm_as_exit() -> Iterator[None]:
    """Within the block SIGTERM is an exception like others, so that temporary folders go, as with Ctrl-C.

    By itself it ends a process at once. To be entered after Paddle is imported, which brings a handler of its own. In
    other threads than the main one, which gets the signals, it changes nothing.

    Raises:
        SystemExit: It was received; the status is 143.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    received = False

    def leave(number: int, _: object) -> None:
        nonlocal received
        received = True
        raise SystemExit(_STATUS)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except BaseException:
        if received:  # Paddle's tracing makes another exception of it
            raise SystemExit(_STATUS) from None
        raise
    finally:
        # None: a handler that is not Python's, which cannot be put back from here.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
