# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM, sent by ``timeout`` and job schedulers, ends a command cleanly."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_STATUS = 128 + signal.SIGTERM


@contextlib.contextmanager
def sigterm_as_exit() -> Iterator[None]:
    """Within the block SIGTERM raises an exception, so that temporary folders are removed, as with Ctrl-C.

    By default it ends a process at once. Enter it after importing Paddle, which installs a handler of its own. Only the
    main thread gets signals; in others it changes nothing.

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
        if received:  # Paddle's tracing turns it into another exception
            raise SystemExit(_STATUS) from None
        raise
    finally:
        # None: a handler not set from Python, which cannot be restored.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
