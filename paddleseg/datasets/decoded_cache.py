# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Decoded pictures and labels, kept on disk or in memory so that each file is decoded once.

An entry is a header of one page, the picture's bytes and the label's. It is mapped into memory, not read: a crop
touches only its own pixels, and processes share the pages. The header records the entry's sources (names, sizes and
modification times of the files); an entry with other ones counts as absent.

An entry appears whole or not at all. On disk it is written to a temporary file, synchronised and renamed; in memory the
header is written last, under a lock that the kernel releases if a process dies.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import multiprocessing
import os
import shutil
import time
import weakref
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from paddleseg.utils.atomic_file import replacing, temporary_beside
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger

CacheKind = Literal["none", "disk", "ram"]

_FOLDER = ".decoded_cache"
_MAGIC = b"DDRNET decoded 1\n"
_HEADER_BYTES = 4096  # data begins at a page boundary
# Python keeps a file open as long as it is mapped, and some systems allow a process only 256. Beyond this number,
# samples of a batch are read, not mapped.
_MOST_MAPPED = 128
_LEFT_OVER_SECONDS = 3600  # a temporary file of this age belongs to no living process


@dataclass(frozen=True)
class CacheKey:
    """A sample, and the state of its files.

    Attributes:
        index: Position in the data set.
        name: The sample's identity: data set class, absolute paths, number of channels.
        state: Sizes and modification times of its files.
    """

    index: int
    name: str
    state: str


@dataclass(frozen=True)
class CachedSample:
    """A stored sample.

    Attributes:
        image: (H, W, C) in its stored dtype; writing to it changes only this copy.
        label: (H, W) uint8, or None.
        label_values: The values that occur in the label.
    """

    image: np.ndarray
    label: np.ndarray | None
    label_values: list[int]


class DecodedCache(ABC):
    """The base of all caches: if storing fails, they stop taking samples for good, with one warning.

    The warning is shared by this process and those it forks, so the cache must be created before them.
    """

    def __init__(self) -> None:
        self._stopped = mmap.mmap(-1, 1)  # shared with forked processes
        self._warning = multiprocessing.Lock()

    @abstractmethod
    def load(self, key: CacheKey) -> CachedSample | None:
        """The sample, or None if it is not cached in this state."""

    @abstractmethod
    def place(self) -> str:
        """The samples' location and the free space, for the log."""

    def store(self, key: CacheKey, image: np.ndarray, label: np.ndarray | None) -> None:
        """Keep a sample if possible."""
        if self._stopped[0]:
            return
        try:
            self._store(key, image, label)
        except OSError as error:
            self._stop(error)

    @abstractmethod
    def _store(self, key: CacheKey, image: np.ndarray, label: np.ndarray | None) -> None:
        """Keep a sample, or raise OSError if that is not possible."""

    def _stop(self, error: OSError) -> None:
        self._stopped[0] = 1
        if self._warning.acquire(block=False):  # never released: the first one warns
            get_logger().warning(
                "cache: %s (%s); what is cached is used, everything else is read from its files",
                self._where(), error.strerror or error,
            )  # fmt: skip

    @abstractmethod
    def _where(self) -> str:
        """What stops, for the warning."""


class DiskCache(DecodedCache):
    """One file per sample in a folder, which several runs may share.

    Args:
        folder: Created if needed. Files in it that are not entries are never touched.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        super().__init__()
        self._mapped: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()  # those still used by a sample
        self._folder = Path(folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_left_overs()
            probe = temporary_beside(self._folder / "probe")
            probe.touch()
            probe.unlink()
        except OSError as error:
            self._stop(error)

    def load(self, key: CacheKey) -> CachedSample | None:
        """See ``DecodedCache``."""
        try:
            with open(self._path(key), "rb") as file:
                entry = self._map(file) if len(self._mapped) < _MOST_MAPPED else bytearray(file.read())
        except (OSError, ValueError):  # missing, or empty
            return None
        return unpack_entry(entry, key)

    def _map(self, file: BinaryIO) -> mmap.mmap:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self._mapped.add(mapped)
        return mapped

    def place(self) -> str:
        """See ``DecodedCache``."""
        if self._stopped[0]:
            return f"in {self._folder}, which cannot be written"
        return f"in {self._folder}, where {shutil.disk_usage(self._folder).free / 1e9:.2f} GB are free"

    def _store(self, key: CacheKey, image: np.ndarray, label: np.ndarray | None) -> None:
        path = self._path(key)
        if path.exists() and not _is_entry(path):
            raise FileExistsError(0, f"{path.name} is not a cache file and is left alone")
        with replacing(path, sync=True) as file:
            for part in pack_entry(key, image, label):
                file.write(part)

    def _path(self, key: CacheKey) -> Path:
        # Without the state, so that a changed picture replaces its entry.
        return self._folder / f"{hashlib.sha256(key.name.encode()).hexdigest()[:32]}.decoded"

    def _remove_left_overs(self) -> None:
        for path in self._folder.glob(".*.decoded.*.tmp"):
            with contextlib.suppress(FileNotFoundError):  # another run may clean up at the same time
                if time.time() - path.stat().st_mtime > _LEFT_OVER_SECONDS:
                    path.unlink()

    def _where(self) -> str:
        return f"nothing more is written to {self._folder}"


def cache_folder(cache: str, cache_dir: str | None, root: str | os.PathLike) -> str | None:
    """``cache_dir``, or for a disk cache without one the folder inside ``root``."""
    return os.path.join(root, _FOLDER) if cache == "disk" and cache_dir is None else cache_dir


def check_cache(cache: CacheKind, cache_dir: str | os.PathLike | None) -> None:
    """Raise ConfigError if a disk cache has no folder, or it cannot be one."""
    if cache == "disk" and cache_dir is None:
        raise ConfigError("cache_dir: missing; cache: disk needs a folder here")
    if cache_dir is not None and os.path.exists(cache_dir) and not os.path.isdir(cache_dir):
        raise ConfigError(f"cache_dir: {cache_dir} is a file; give a folder")
    if cache_dir is not None and "\0" in os.fspath(cache_dir):
        raise ConfigError(f"cache_dir: {os.fspath(cache_dir)!r} is not a valid folder name")


def pack_entry(key: CacheKey, image: np.ndarray, label: np.ndarray | None) -> list[Any]:
    """Header and data of an entry, to be written one after the other."""
    header = {
        "name": key.name,
        "state": key.state,
        "image": [image.dtype.str, list(image.shape)],
        "label": None if label is None else list(label.shape),
        "label_values": values_of(label),
    }
    text = _MAGIC + json.dumps(header).encode()
    if len(text) > _HEADER_BYTES:
        raise OSError(0, f"the names of a sample's files have more than {_HEADER_BYTES} letters")
    arrays = [image] if label is None else [image, label]
    return [text.ljust(_HEADER_BYTES), *(np.ascontiguousarray(array).data for array in arrays)]


def unpack_entry(buffer: mmap.mmap | bytearray, key: CacheKey) -> CachedSample | None:
    """The sample of an entry; None if the entry is of another sample or state, or is incomplete."""
    header = _read_header(buffer[:_HEADER_BYTES])
    try:
        if header is None or (header["name"], header["state"]) != (key.name, key.state):
            return None
        return _sample_of(header, buffer)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):  # a damaged header that is still JSON
        return None


def _sample_of(header: dict[str, Any], buffer: mmap.mmap | bytearray) -> CachedSample | None:
    dtype, shape = np.dtype(header["image"][0]), header["image"][1]
    count = int(np.prod(shape))
    label_start = _HEADER_BYTES + count * dtype.itemsize
    label_count = int(np.prod(header["label"])) if header["label"] else 0
    if min(count, label_count) < 0 or len(buffer) < label_start + label_count:
        return None
    image = np.frombuffer(buffer, dtype, count, _HEADER_BYTES).reshape(shape)
    label = None
    if header["label"]:
        label = np.frombuffer(buffer, np.uint8, label_count, label_start).reshape(header["label"])
    return CachedSample(image, label, header["label_values"])


def values_of(label: np.ndarray | None) -> list[int]:
    """The values that occur in a label."""
    return [] if label is None else np.flatnonzero(np.bincount(label.ravel())).tolist()


def _read_header(page: bytes) -> dict[str, Any] | None:
    if len(page) < _HEADER_BYTES or not page.startswith(_MAGIC):
        return None
    try:
        return json.loads(page[len(_MAGIC) :])
    except ValueError:  # damaged
        return None


def _is_entry(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC
