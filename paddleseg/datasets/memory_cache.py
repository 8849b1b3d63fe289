# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The decoded cache in memory, shared by a process and those it forks."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import sys
import weakref
from pathlib import Path

import numpy as np

from paddleseg.datasets.decoded_cache import CachedSample, CacheKey, DecodedCache, pack_entry, unpack_entry, values_of
from paddleseg.utils.errors import ConfigError

# Addresses, not memory: unwritten pages take none. 2**31 samples fit into a file.
_SLOT_BYTES = 1 << 32
_CLOSE_ON_EXEC = 1  # MFD_CLOEXEC of memfd_create(2)
_KEPT_FREE = 0.1  # share of the memory
_CONTAINER = Path("/sys/fs/cgroup")  # of version 2


def make_memory_cache(num_samples: int) -> DecodedCache:
    """The best cache that this system allows."""
    return SharedMemoryCache(num_samples) if sys.platform == "linux" else ProcessMemoryCache()


class SharedMemoryCache(DecodedCache):
    """A file without a name in memory (``memfd_create``, Linux), which forked workers have in common.

    It is not limited by /dev/shm, which is small in containers and needed by the loader. A slot is filled once: a
    sample whose files change later is read from disk each time.

    Args:
        num_samples: Size of the data set.
    """

    def __init__(self, num_samples: int) -> None:
        super().__init__()
        self._file = _memory_file()
        weakref.finalize(self, os.close, self._file)
        os.ftruncate(self._file, num_samples * _SLOT_BYTES)

    def load(self, key: CacheKey) -> CachedSample | None:
        """See ``DecodedCache``."""
        start = key.index * _SLOT_BYTES
        length = int.from_bytes(os.pread(self._file, 8, start), "little")
        if length == 0:
            return None
        entry = start + mmap.ALLOCATIONGRANULARITY
        try:
            mapped = mmap.mmap(self._file, length, access=mmap.ACCESS_COPY, offset=entry)
        except OSError as error:  # the system allows no more addresses
            self._stop(error)
            return None
        return unpack_entry(mapped, key)

    def place(self) -> str:
        """See ``DecodedCache``."""
        return f"in memory, of which {memory_bytes()[0] / 1e9:.2f} GB are free"

    def _store(self, key: CacheKey, image: np.ndarray, label: np.ndarray | None) -> None:
        import fcntl  # not on Windows

        parts = pack_entry(key, image, label)
        length = sum(memoryview(part).nbytes for part in parts)
        available, total = memory_bytes()
        if available - length < _KEPT_FREE * total:
            raise OSError(errno.ENOMEM, "the memory is nearly full")
        start = key.index * _SLOT_BYTES
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, start)
        except OSError:  # another process is at it
            return
        try:
            if os.pread(self._file, 8, start) != bytes(8):
                return
            place = start + mmap.ALLOCATIONGRANULARITY
            for part in parts:
                place += os.pwrite(self._file, part, place)
            if place != start + mmap.ALLOCATIONGRANULARITY + length:
                raise OSError(errno.ENOMEM, "the memory is full")
            # Written last: it marks the slot as filled.
            os.pwrite(self._file, length.to_bytes(8, "little"), start)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, start)

    def _where(self) -> str:
        return "nothing more is kept in memory"


class ProcessMemoryCache(DecodedCache):
    """A dictionary, for systems on which the loader has no workers (see ``loader.py``)."""

    def __init__(self) -> None:
        super().__init__()
        self._samples: dict[str, tuple[str, CachedSample]] = {}

    def load(self, key: CacheKey) -> CachedSample | None:
        """See ``DecodedCache``."""
        state, sample = self._samples.get(key.name, ("", None))
        if sample is None or state != key.state:
            return None
        label = None if sample.label is None else sample.label.copy()
        return CachedSample(sample.image.copy(), label, sample.label_values)

    def place(self) -> str:
        """See ``DecodedCache``."""
        return "in memory"

    def _store(self, key: CacheKey, image: np.ndarray, label: np.ndarray | None) -> None:
        kept = None if label is None else label.copy()
        self._samples[key.name] = key.state, CachedSample(image.copy(), kept, values_of(label))

    def _where(self) -> str:
        return "nothing more is kept in memory"


def _memory_file() -> int:
    """An anonymous file in memory, for this process and those it forks."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("decoded pictures")
    # A Python built for a C library before glibc 2.27 lacks it, whatever library it runs with.
    create = getattr(ctypes.CDLL(None, use_errno=True), "memfd_create", None)
    if create is None:
        raise ConfigError(
            "cache: ram needs a C library with memfd_create (glibc 2.27 or later); set it to disk or none"
        )
    file = create(b"decoded pictures", _CLOSE_ON_EXEC)
    if file < 0:
        raise OSError(ctypes.get_errno(), "the system refuses the memory for cache: ram")
    return file


def memory_bytes() -> tuple[int, int]:
    """Available and total memory, of the machine or, if less, of the container (Linux)."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    available, total = kilobytes["MemAvailable"] * 1024, kilobytes["MemTotal"] * 1024
    try:
        limit = int(_CONTAINER.joinpath("memory.max").read_text(encoding="ascii"))
        lines = _CONTAINER.joinpath("memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):  # not in a container, or "max"
        return available, total
    used = {name: int(value) for name, value in (line.split() for line in lines)}
    # The page cache is not counted: it yields.
    return min(available, limit - used["anon"] - used["shmem"]), min(total, limit)
