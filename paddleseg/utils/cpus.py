# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The number of processors that this process may use, and of threads or processes that read data."""

from __future__ import annotations

import os

from paddleseg.utils.errors import ConfigError

# More threads do not help: the interpreter's lock is held between files.
_MOST_READING_THREADS = 8


def usable_cpus() -> int:
    """Number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_num_workers() -> int:
    """The default number of processes that read data: this process's share of the cores, at most 8.

    On the CPU the network needs the cores itself, and two workers suffice.
    """
    import paddle

    most = 2 if paddle.device.get_device() == "cpu" else 8
    return max(1, min(most, usable_cpus() // processes_here()))


def processes_here() -> int:
    """Processes of this run that share this machine's cores: with several machines, those started here."""
    from paddleseg.utils import distributed

    return int(os.environ.get("PADDLE_LOCAL_SIZE", distributed.world_size()))


def default_reading_threads() -> int:
    """The default number of threads that read labels: one per core, at most 8."""
    return min(_MOST_READING_THREADS, usable_cpus())


def check_num_workers(num_workers: int | None, kind: str = "process") -> None:
    """Refuse a ``--num_workers`` below 0.

    Args:
        num_workers: The given value; None: not given.
        kind: Their kind, for the message.

    Raises:
        ConfigError: It is negative.
    """
    if num_workers is not None and num_workers < 0:
        raise ConfigError(f"--num_workers {num_workers}: must be 0 (no extra {kind}) or more")
