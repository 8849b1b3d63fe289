# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shared by both fuzz tests: the number of cases, their selection, and the time limit of each."""

import contextlib
import os
import signal
import time

SEED = int(os.environ.get("FUZZ_SEED", "0"))
"""Another number makes other cases: ``FUZZ_SEED=7 FUZZ_CASES=20000 pytest tests/faults/test_fuzz_*.py``."""
CASES = int(os.environ.get("FUZZ_CASES", "1000"))
"""Cases of each of the two files."""
SECONDS = 20.0
"""A case takes milliseconds; this is for machines that do something else meanwhile."""


@contextlib.contextmanager
def no_hang(seconds=SECONDS):
    """Fail after ``seconds``: at once where Python code runs, after the call where a library computes."""

    def stop(*_):
        raise AssertionError(f"still at it after {seconds} seconds")

    before, started = signal.signal(signal.SIGALRM, stop), time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < seconds
