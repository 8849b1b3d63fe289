# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Zip archives with uncompressed entries, as written by PyTorch; nothing is unpacked to the disk.

The archive's directory is checked before it is trusted: compressed entries (a small file may become a huge one), sizes
beyond the file, overlapping entries and links are refused.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # mark, lengths of name and extra field
_LOCAL_MARK = b"PK\x03\x04"
_ENCRYPTED = 1


class ZipFault(Exception):
    """A fault of an archive, in words."""


@dataclass(frozen=True)
class _Entry:
    start: int
    size: int
    crc: int


class StoredZip:
    """The entries of an archive by name.

    Args:
        file: The archive.
        length: Its bytes.

    Raises:
        ZipFault: It is not an archive of stored entries, each within the file and separate from the others.
        zipfile.BadZipFile: Its directory is damaged.
    """

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._entries: dict[str, _Entry] = {}
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
        end_before = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            entry = self._located(info, length)
            if info.header_offset < end_before:
                raise ZipFault(f"entry {info.filename} overlaps another one")
            if info.filename in self._entries:
                raise ZipFault(f"two entries are called {info.filename}")
            self._entries[info.filename] = entry
            end_before = entry.start + entry.size

    def _located(self, info: zipfile.ZipInfo, length: int) -> _Entry:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ZipFault(f"entry {info.filename} is compressed, or its sizes differ")
        if info.flag_bits & _ENCRYPTED or stat.S_ISLNK(info.external_attr >> 16):
            raise ZipFault(f"entry {info.filename} is encrypted or a link")
        self._file.seek(info.header_offset)
        mark, name_length, extra_length = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
        start = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if mark != _LOCAL_MARK or start + info.file_size > length:
            raise ZipFault(f"entry {info.filename} is not where the directory says, or larger than the file")
        return _Entry(start, info.file_size, info.CRC)

    def names(self) -> list[str]:
        """Names of all entries."""
        return list(self._entries)

    def read(self, name: str) -> bytearray:
        """The bytes of an entry, writable.

        Raises:
            ZipFault: There is no such entry, or it is damaged.
        """
        if name not in self._entries:
            raise ZipFault(f"there is no entry {name}")
        entry = self._entries[name]
        self._file.seek(entry.start)
        data = bytearray(entry.size)
        # torch.serialization.set_crc32_options(False) leaves zeros for the checksums.
        if self._file.readinto(data) != entry.size or (entry.crc and zlib.crc32(data) != entry.crc):
            raise ZipFault(f"the bytes of entry {name} are not those that were written")
        return data
