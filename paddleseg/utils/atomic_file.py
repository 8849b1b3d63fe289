# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Files and folders that appear whole or not at all.

Each is created beside its place, on the same disk, and renamed. What must survive a power cut is flushed to the disk
first, as a rename may reach it before the content.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from paddleseg.utils.errors import DataError, UserError
from paddleseg.utils.logging import get_logger

WRITING, REPLACED = ".writing", ".replaced"
"""What ``replace_folder`` adds to a folder's name for the new one that is being filled and for the old one."""


def write_atomically(path: str | os.PathLike, data: bytes) -> None:
    """Write a file; missing folders are created.

    Readers of ``path`` find the old content or the new one, even if the program is killed in between.

    Raises:
        UserError: The disk is full or the place is not writable; nothing is left behind.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(data)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error


@contextlib.contextmanager
def replacing(path: Path, *, sync: bool = False) -> Iterator[BinaryIO]:
    """A file to write, which replaces ``path`` when the block ends, unless it ends with an error.

    Args:
        path: The place.
        sync: Flush the content to the disk first, so that the name never outlives it.

    Raises:
        OSError: The file cannot be written; nothing is left behind.
    """
    temporary = temporary_beside(path)
    try:
        with synced_file(temporary) if sync else open(temporary, "wb") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def synced_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, flushed to the disk when the block ends."""
    with open(path, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def move_into_place(temporary: Path, path: Path) -> None:
    """Flush a finished file to the disk and rename it."""
    _sync(temporary, os.O_RDWR)  # Windows flushes only writable files
    os.replace(temporary, path)


def temporary_beside(path: Path) -> Path:
    """A free hidden name beside ``path``.

    Process number and host name would not suffice: containers may share both, and the folder.
    """
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


@contextlib.contextmanager
def folder_beside(folder: Path) -> Iterator[Path]:
    """An empty folder beside ``folder``, to be renamed; gone afterwards."""
    with _temporary_folder(temporary_beside(folder)) as temporary:
        yield temporary


@contextlib.contextmanager
def new_save_dir(folder: Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``folder`` when the block ends, unless it ends with an error.

    Raises:
        DataError: There is something other than an empty folder, or it cannot be written; the message names
            ``--save_dir``.
    """
    if folder.is_dir():
        if any(folder.iterdir()):
            raise DataError(f"--save_dir: {folder} is not empty; name a new folder, or remove it first")
    elif folder.exists():
        raise DataError(f"--save_dir: {folder} is a file; name a folder")
    try:
        with folder_beside(folder.absolute()) as unfinished:
            yield unfinished
            if folder.exists():
                folder.rmdir()
            unfinished.rename(folder)
    except OSError as error:
        raise DataError(f"--save_dir: {folder} cannot be written ({error.strerror or error})") from error


@contextlib.contextmanager
def folder_on_disk_of(folder: Path) -> Iterator[Path]:
    """An empty hidden folder from which files are moved into ``folder``; gone afterwards.

    It is in ``folder`` if that exists: a place beside it may be on another disk, as it can be a link or a mount point.
    """
    place = temporary_beside(folder / "unfinished" if folder.is_dir() else folder)
    with _temporary_folder(place) as temporary:
        yield temporary


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        if folder.is_dir():
            shutil.rmtree(folder)


def move_files(source: Path, target: Path, names: Sequence[str], *, obsolete: Sequence[str] = ()) -> None:
    """Flush files to the disk and move them into a folder whose last file certifies that all are there; others stay.

    That last file, the seal, is removed just before the renames, and is the last one renamed: a folder in which this is
    interrupted has either its old files or no seal.

    Args:
        source: Where they are, see ``folder_on_disk_of``.
        target: The folder; created if needed.
        names: The files, the seal last.
        obsolete: Files in ``target`` to delete, as nothing in ``names`` replaces them.

    Raises:
        OSError: The disk is full, the place is not writable, or a folder has the name of a file.
    """
    target.mkdir(exist_ok=True)
    *contents, seal = names
    for name in names:
        _sync(source / name, os.O_RDWR)
    for name in (*names, *obsolete):
        if (target / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target / name))
    (target / seal).unlink(missing_ok=True)
    _sync(target)  # on the disk, too, the seal goes first and comes last
    for name in obsolete:
        (target / name).unlink(missing_ok=True)
    for name in contents:
        os.replace(source / name, target / name)
    _sync(target)
    os.replace(source / seal, target / seal)
    _sync(target)


def replace_folder(folder: Path, fill: Callable[[Path], None], delete: Callable[[Path], None] = shutil.rmtree) -> None:
    """Fill a folder beside ``folder``, flush it to the disk, and replace the old one by it.

    No call exchanges two folders: between two renames neither is in place, and ``mend_folder`` restores the old one if
    the program dies then.

    Args:
        folder: The place.
        fill: Writes the files into the given folder; each must be flushed, as by ``synced_file``.
        delete: Disposes of the old one.

    Raises:
        OSError: The disk is full or the place is not writable; the old folder is in place.
    """
    writing, replaced = _with_suffix(folder, WRITING), _with_suffix(folder, REPLACED)
    try:
        mend_folder(folder, delete)
        writing.mkdir(parents=True)
        fill(writing)
        _sync(writing)
        if folder.exists():
            os.rename(folder, replaced)
        os.rename(writing, folder)
        _sync(folder.parent)
    except OSError:
        shutil.rmtree(writing, ignore_errors=True)
        with contextlib.suppress(OSError):  # if this fails, too, the next ``mend_folder`` does it
            mend_folder(folder, delete)
        raise
    delete_folder(replaced, delete)


def mend_folder(folder: Path, delete: Callable[[Path], None] = shutil.rmtree) -> None:
    """Undo an interrupted ``replace_folder`` of ``folder`` with the same ``delete``."""
    writing, replaced = _with_suffix(folder, WRITING), _with_suffix(folder, REPLACED)
    if replaced.is_dir() and not folder.exists():
        os.rename(replaced, folder)
        get_logger().warning("%s: restored after an interrupted save", folder)
    for left, away_with in ((replaced, delete), (writing, shutil.rmtree)):
        if left.is_dir():
            away_with(left)


def delete_folder(folder: Path, delete: Callable[[Path], None] = shutil.rmtree) -> None:
    """Delete a folder that is no longer needed, if it exists; a failure does not end the program."""
    try:
        if folder.is_dir():
            delete(folder)
    except OSError as error:
        get_logger().warning("%s: cannot be deleted: %s", folder, error.strerror or error)


def _with_suffix(folder: Path, suffix: str) -> Path:
    return folder.with_name(folder.name + suffix)


def _sync(path: Path, flags: int = os.O_RDONLY) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
