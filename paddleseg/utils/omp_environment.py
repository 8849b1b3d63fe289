# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The environment's OpenMP settings, read before Paddle's import, which sets ``OMP_NUM_THREADS=1``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_NAME = "OMP_NUM_THREADS"
_GIVEN: str | None = None
_SPINS_AS_GIVEN = False


def prepare_environment() -> None:
    """Remember the user's ``OMP_NUM_THREADS``, and keep OpenMP's threads from spinning.

    Threads that wait for the next parallel region spin for 0.2 seconds by default, on cores needed by processes that
    read data. Call it before importing paddle; the user's settings are kept.
    """
    global _GIVEN, _SPINS_AS_GIVEN
    _GIVEN = os.environ.get(_NAME)
    if _GIVEN == "1":
        # paddle.distributed.launch imports paddle before it starts the processes, which inherit the changed
        # environment.
        is_paddles = "PADDLE_TRAINER_ID" in os.environ or ("paddle" in sys.modules and not _is_in_first_environment())
        _GIVEN = None if is_paddles else _GIVEN
    _SPINS_AS_GIVEN = os.environ.get("KMP_BLOCKTIME") not in (None, "0")
    os.environ.setdefault("KMP_BLOCKTIME", "0")


def spins_as_given() -> bool:
    """Whether the user has set how long threads spin (``KMP_BLOCKTIME``)."""
    return _SPINS_AS_GIVEN


def given_threads() -> int | None:
    """The user's ``OMP_NUM_THREADS``; None if it is not set, or not a count."""
    first = (_GIVEN or "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


def _is_in_first_environment() -> bool:
    """Whether the process was started with it; known on Linux only."""
    try:
        variables = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(variable.startswith(f"{_NAME}=".encode()) for variable in variables)
