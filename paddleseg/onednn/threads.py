# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The number of computing threads: those of the OpenMP in Paddle's wheel, which oneDNN and the MKL use."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import paddle

from paddleseg.utils.cpus import processes_here, usable_cpus
from paddleseg.utils.logging import get_logger
from paddleseg.utils.omp_environment import spins_as_given

_of_this_thread = threading.local()  # like OpenMP's own counts; ``for_large_work``, within compute_with


@contextmanager
def compute_with(threads: int, *, only_large_work: bool = False) -> Iterator[None]:
    """Compute with this many threads, within this context and in this Python thread.

    Args:
        threads: How many; more than there are cores are accepted, with a warning.
        only_large_work: Only within ``for_large_work``; the rest uses one. Waking a thread takes a tenth of a
            millisecond, and more if its core is busy; Paddle's kernels do it even for little work.
    """
    openmp = _openmp()
    if openmp is None:
        if threads > 1:
            get_logger().warning("no OpenMP was found in this Paddle: one thread computes, not %d", threads)
        yield
        return
    if threads * processes_here() > usable_cpus():
        get_logger().warning(
            "%d threads in each of %d processes share %d cores, so they wait for each other",
            *(threads, processes_here(), usable_cpus()),
        )
    before = openmp.omp_get_max_threads()
    openmp.omp_set_num_threads(threads)
    if openmp.omp_get_max_threads() != threads:
        get_logger().warning("OpenMP computes with %d threads, not %d", openmp.omp_get_max_threads(), threads)
    blocktime, large_before = openmp.kmp_get_blocktime(), _threads_for_large_work()
    if not spins_as_given():
        openmp.kmp_set_blocktime(0)
    _of_this_thread.for_large_work = threads
    if only_large_work:
        openmp.omp_set_num_threads(1)
    try:
        yield
    finally:
        _of_this_thread.for_large_work = large_before
        openmp.kmp_set_blocktime(blocktime)
        openmp.omp_set_num_threads(before)


def current_threads() -> int:
    """The current number of computing threads."""
    openmp = _openmp()
    return 1 if openmp is None else openmp.omp_get_max_threads()


@contextmanager
def for_large_work() -> Iterator[None]:
    """Compute with all threads of ``compute_with``."""
    before, threads = current_threads(), _threads_for_large_work()
    if threads in (None, before):
        yield
        return
    openmp = _openmp()
    openmp.omp_set_num_threads(threads)
    try:
        yield
    finally:
        openmp.omp_set_num_threads(before)


def _threads_for_large_work() -> int | None:
    return getattr(_of_this_thread, "for_large_work", None)


def default_threads() -> int:
    """This process's share of the cores."""
    return max(1, usable_cpus() // processes_here())


@cache
def _openmp() -> ctypes.CDLL | None:
    path = str(Path(paddle.__file__).parent / "libs" / "libiomp5.so")
    try:
        return ctypes.CDLL(path, mode=getattr(os, "RTLD_NOLOAD", 0) | getattr(os, "RTLD_NOW", 0))
    except OSError:
        return None
