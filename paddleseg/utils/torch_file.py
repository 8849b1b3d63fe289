# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading files of torch.save, .pth and others, without PyTorch: its zip archives, and its format before version 1.6.

A zip archive holds NAME/data.pkl and the storages NAME/data/KEY. The older format has five pickles one after the
other (a mark, the version, the machine, the content, the keys of the storages), then of each storage the count of its
numbers and their bytes.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from paddleseg.utils.restricted_unpickler import RestrictedUnpickler, finished
from paddleseg.utils.safe_pickle import one_line_for_damage
from paddleseg.utils.stored_zip import StoredZip, ZipFault
from paddleseg.utils.torch_pickle import Storage, Tensor, TorchUnpickler

# A pickle of the number with which torch.save began before version 1.6.
OLD_MARK = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_OLD_VERSION = 1001
_ADVICE = "If you trust it, load it in PyTorch and save the network's state_dict() alone; else do not use it"


def is_torch_archive(names: list[str]) -> bool:
    """Whether a zip archive with entries of these names is one of torch.save, which puts all into one folder."""
    return any(name.count("/") == 1 and name.endswith("/data.pkl") for name in names)


def read_torch(path: str | os.PathLike[str], pick: Callable[[Any], Mapping[Any, Any]]) -> dict[Any, Any]:
    """Read the wanted tensors of a file of torch.save.

    Args:
        path: The file.
        pick: Takes the content, in which a ``torch_pickle.Tensor`` stands for each tensor, and returns the table of the
            wanted ones; only the bytes of the tensors in it are read.

    Returns:
        The table, with a numpy array for each tensor: its own copy, in this machine's byte order, float32 for bfloat16.

    Raises:
        WeightsError: The file is missing, damaged, or names anything besides tensors; none of its code has been run.
    """
    with one_line_for_damage(path, "file of torch.save", _ADVICE), open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size
        is_old = file.read(len(OLD_MARK)) == OLD_MARK
        source = _OldFile(file, length) if is_old else _Archive(file, length)
        table = dict(pick(finished(source.content)))
        _refuse_more_than(2 * length, table)
        return _with_arrays(table, source)


class _Archive:
    """The zip format."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._zip = StoredZip(file, length)
        names = self._zip.names()
        if not is_torch_archive(names):
            raise ZipFault("there is no entry data.pkl")
        self._folder = next(name for name in names if name.count("/") == 1 and name.endswith("/data.pkl"))[:-8]
        order = f"{self._folder}byteorder"
        is_big = order in names and self._zip.read(order) == b"big"
        self.byte_order = ">" if is_big else "<"
        pickled = self._zip.read(f"{self._folder}data.pkl")
        self.content = TorchUnpickler(io.BytesIO(pickled), len(pickled)).load()

    def read(self, storage: Storage) -> bytearray:
        data = self._zip.read(f"{self._folder}data/{storage.key}")
        if len(data) != storage.size:
            raise ZipFault(f"storage {storage.key} has {len(data)} bytes, not the {storage.size} of its numbers")
        return data


class _OldFile:
    """The format before version 1.6, which ``_use_new_zipfile_serialization=False`` still writes."""

    byte_order = "<"

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        version = RestrictedUnpickler(file, length).load()
        if version != _OLD_VERSION:
            raise ValueError(f"version {version} of the format, known is {_OLD_VERSION}")
        RestrictedUnpickler(file, length).load()  # byte order and sizes of C's types, neither of which matters
        unpickler = TorchUnpickler(file, length)
        self.content = unpickler.load()
        self._starts = self._found(unpickler.storages, RestrictedUnpickler(file, length).load(), length)

    def _found(self, storages: Mapping[str, Storage], keys: list[str], length: int) -> dict[str, int]:
        """The start of each storage's bytes."""
        starts = {}
        for key in keys:
            storage = storages[key]
            (count,) = struct.unpack("<q", self._file.read(8))
            start = self._file.tell()
            if count != storage.count or start + storage.size > length:
                raise ValueError(f"storage {key} has {count} numbers, or the file ends before them")
            starts[key] = start
            self._file.seek(start + storage.size)
        return starts

    def read(self, storage: Storage) -> bytearray:
        self._file.seek(self._starts[storage.key])
        data = bytearray(storage.size)
        if self._file.readinto(data) != len(data):
            raise EOFError("it ends too early")
        return data


def _refuse_more_than(most: int, table: Mapping[Any, Any]) -> None:
    """Refuse arrays much larger than the file: a tensor may repeat one number at will (``expand``)."""
    size = 0
    for value in table.values():
        if isinstance(value, Tensor):
            size += value.count * value.storage.size // max(value.storage.count, 1)
    if size > most:
        raise ValueError("its tensors have more than twice the bytes of the file")


def _with_arrays(table: dict[Any, Any], source: _Archive | _OldFile) -> dict[Any, Any]:
    read: dict[str, bytearray] = {}
    for name, value in table.items():
        if isinstance(value, Tensor):
            key = value.storage.key
            if key not in read:
                read[key] = source.read(value.storage)
            table[name] = value.array(read[key], source.byte_order)
    return table
