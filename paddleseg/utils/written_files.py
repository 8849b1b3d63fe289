# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The record of files written by commands, so that they replace only their own results.

``written_files.jsonl`` in the folder has a line for each file: its name and the checksum of its content. A file with
other content, for instance an edited label map, no longer counts as the command's own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from paddleseg.utils.atomic_file import replacing, write_atomically
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import ConfigError, DataError, UserError

INDEX_NAME = "written_files.jsonl"
_NAMED_AT_MOST = 3


class WrittenFiles:
    """The index of a folder.

    A line is appended before its file appears. So a program killed in between leaves at most an extra line, which is
    harmless, and never a file of its own that it would refuse to replace; and several processes can write at once.

    Args:
        folder: ``--save_dir``; it need not exist yet.

    Raises:
        ConfigError: The name is empty.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        if not str(folder):
            raise ConfigError("the name of the output folder is empty; give one, or . for this folder")
        self._folder = Path(folder)
        self._index = self._folder / INDEX_NAME
        self._checksums: dict[str, set[str]] | None = None

    def refuse_foreign(self, files: Iterable[str | os.PathLike[str]]) -> None:
        """Refuse to replace existing files that are not the folder's own.

        Args:
            files: The files to be written.

        Raises:
            DataError: Names the first of them; or the folder cannot be one, or cannot be written to.
        """
        self._check_place()
        # First the existing files, then the index: another process of this run may already be writing.
        there = [Path(file) for file in files if os.path.lexists(file)]
        self._checksums = None
        foreign = [str(file) for file in there if not self.has(file)]
        if foreign:
            more = len(foreign) - _NAMED_AT_MOST
            names = ", ".join(foreign[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
            raise DataError(
                f"{names}: would be replaced, but according to {self._index} no command wrote this content; save "
                "in another folder, or move it away"
            )

    def _check_place(self) -> None:
        folder = self._folder.absolute()
        there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        if not there.is_dir():
            raise DataError(f"{self._folder}: {there} is not a folder; give another place")
        if not os.access(there, os.W_OK):
            raise DataError(f"{self._folder}: {there} cannot be written to; give another place")

    def has(self, file: str | os.PathLike[str]) -> bool:
        """Whether a file exists with a content that a command wrote into this folder."""
        known = self._read().get(self._name(file))
        if not known or os.path.islink(file) or not os.path.isfile(file):
            return False
        try:
            return sha256_of(file) in known
        except OSError:  # unreadable files are not known to be its own
            return False

    def write(self, file: str | os.PathLike[str], data: bytes) -> None:
        """Write a file, whole or not at all, and its line in the index.

        Raises:
            UserError: The disk is full or the place not writable.
        """
        self.note(file, hashlib.sha256(data).hexdigest())
        write_atomically(file, data)

    def write_by(self, file: str | os.PathLike[str], fill: Callable[[BinaryIO], object]) -> None:
        """Write a file piece by piece, whole or not at all, and its line in the index.

        Args:
            file: Its place.
            fill: Writes the content into the given file.

        Raises:
            UserError: The disk is full or the place not writable.
        """
        path = Path(file)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as opened:
                fill(opened)
                opened.flush()
                self.note(path, sha256_of(opened.name))
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error

    def adopt(self, finished: Path, file: str | os.PathLike[str]) -> None:
        """Move a finished file on the same disk to its place, and write its line in the index.

        Raises:
            UserError: The place is not writable.
        """
        try:
            self.note(file, sha256_of(finished))
            os.replace(finished, file)
        except OSError as error:
            raise UserError(f"{file}: cannot be written ({error.strerror or error})") from error

    def note(self, file: str | os.PathLike[str], checksum: str) -> None:
        """Add the line of a file about to appear.

        Args:
            file: Its place.
            checksum: SHA-256 of its content, as hexadecimal digits.

        Raises:
            UserError: The disk is full or the place not writable.
        """
        name = self._name(file)
        known = self._read().setdefault(name, set())
        if checksum in known:
            return
        line = json.dumps({"file": name, "sha256": checksum}) + "\n"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(self._index, "a+b") as index:
                if index.tell() > 0:
                    index.seek(-1, os.SEEK_END)
                    line = line if index.read(1) == b"\n" else f"\n{line}"  # after a truncated line
                index.write(line.encode())
        except OSError as error:
            raise UserError(f"{self._index}: cannot be written ({error.strerror or error})") from error
        known.add(checksum)

    def _name(self, file: str | os.PathLike[str]) -> str:
        return Path(os.path.relpath(os.path.abspath(file), os.path.abspath(self._folder))).as_posix()

    def _read(self) -> dict[str, set[str]]:
        """The checksums of each name; invalid lines are ignored."""
        if self._checksums is None:
            self._checksums = {}
            try:
                text = self._index.read_bytes() if self._index.exists() else b""
            except OSError as error:
                raise UserError(f"{self._index}: cannot be read ({error.strerror or error})") from error
            for line in text.splitlines():
                try:
                    content = json.loads(line)
                    self._checksums.setdefault(str(content["file"]), set()).add(str(content["sha256"]))
                except (ValueError, TypeError, KeyError, RecursionError):
                    continue
        return self._checksums
