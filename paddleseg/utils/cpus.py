# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How many processors this process may use, and work that several of its threads share."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

_Item = TypeVar("_Item")


def usable_cpus() -> int:
    """Number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_num_workers() -> int:
    """Processes that read data, when none are asked for: this process's share of the cores, at most 8.

    On the CPU the network needs the cores itself, and two workers feed it.
    """
    import paddle

    most = 2 if paddle.device.get_device() == "cpu" else 8
    return max(1, min(most, usable_cpus() // processes_here()))


def processes_here() -> int:
    """Processes of this run that share this machine's cores: of several machines, those that were started here."""
    from paddleseg.utils import distributed

    return int(os.environ.get("PADDLE_LOCAL_SIZE", distributed.world_size()))


_threads = 1


def compute_threads() -> int:
    """Threads over which numpy's part of a step is dealt out; what comes of it is the same with any number."""
    return _threads


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Let ``compute_threads`` be this many within the context."""
    global _threads
    before, _threads = _threads, threads
    try:
        yield
    finally:
        _threads = before


def share_among_threads(work: Callable[[Iterator[_Item]], None], items: Sequence[_Item], least: int = 1) -> None:
    """Call ``work(share)`` in each of ``compute_threads()`` threads; every item is in one share.

    There are no more threads than ``least`` items for each.

    A share is an iterator that hands out what is left: a thread that is held up gets fewer. The threads end with the
    call, so that a process forked later misses none; starting one takes a twentieth of a millisecond.
    """
    left = iter(items)  # next() on it is one step under the interpreter's lock
    helpers = min(compute_threads(), len(items) // least) - 1
    if helpers < 1:
        work(left)
        return
    with ThreadPoolExecutor(helpers) as pool:
        shares = [pool.submit(work, left) for _ in range(helpers)]
        work(left)
    for share in shares:
        share.result()
