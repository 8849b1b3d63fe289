# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Finding pictures: folders, patterns, and list files as people write them."""

from __future__ import annotations

import contextlib
import glob
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_file
from paddleseg.utils.logging import get_logger

IMAGE_SUFFIXES = (
    ".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip
BLANK = " "
_LIST_SUFFIXES = (".txt", ".list")
# Separators of list columns, for the advice; the default first.
_SEPARATORS = (BLANK, ",", ";", "|")


def list_images(
    path: str | os.PathLike, separator: str = BLANK, *, place: str = "of the data set"
) -> tuple[list[str], str]:
    """Find the pictures that a path names.

    Args:
        path: A picture; a folder (searched with its subfolders, and links to folders); a `.txt` or `.list` file with
            one picture per line, relative to the list's folder, further columns being ignored; or a glob pattern.
        separator: The separator of a list's columns.
        place: Where the user sets it, for messages.

    Returns:
        The sorted paths (a list file keeps its order) and the folder that they are relative to.

    Raises:
        DataError: There is nothing at the path, there are no pictures in it, or a list cannot be read or names a
            picture that does not exist.
    """
    path = str(path)
    if os.path.isdir(path):
        images = sorted(_images_below(path), key=lambda image: image.split(os.sep))
        if not images:
            raise DataError(f"{path}: no pictures in this folder or below it; known suffixes: {_suffixes()}")
        return images, path
    if os.path.isfile(path):
        if path.lower().endswith(_LIST_SUFFIXES):
            return _images_of_list(path, separator, place)
        return [path], os.path.dirname(path)
    if glob.has_magic(path):
        images = sorted(p for p in glob.glob(_pattern(path), recursive=True) if has_image_suffix(p))
        if not images:
            raise DataError(f"{path}: no picture matches this pattern; known suffixes: {_suffixes()}")
        return images, os.path.commonpath([os.path.dirname(p) for p in images])
    raise DataError(f"{path}: no such file or folder; give a picture, a folder, a .txt or .list file or a glob pattern")


def walk(root: str, fail: Callable[[str, OSError], None]) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder, ``root`` first, with the names of the files in it, sorted and without hidden ones.

    Links are followed. Each folder is visited once, even with several or circular links; a link to a folder that
    contains ``root`` leads outside and is skipped.

    Args:
        root: The folder to begin with.
        fail: Called with a folder that cannot be read, and why.
    """
    top = os.path.realpath(root)
    seen: set[str] = set()
    folders, links = [root], []
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)  # a folder itself before links to it
        real = os.path.realpath(folder)
        if real in seen or (real != top and f"{top}{os.sep}".startswith(os.path.join(real, ""))):
            continue
        seen.add(real)
        try:
            inner, files = list_folder(folder)
        except OSError as error:
            fail(folder, error)
            continue
        for path in (os.path.join(folder, name) for name in inner):
            (links if os.path.islink(path) else folders).append(path)
        yield folder, files


def list_folder(folder: str) -> tuple[list[str], list[str]]:
    """The names of the folders and of the files in a folder, sorted, with links but without hidden ones.

    Notebook servers leave thumbnails in folders such as .ipynb_checkpoints, macOS files such as ._1.jpg. Entries that
    are neither folder nor file, such as pipes or circular links, are left out.

    Raises:
        OSError: The folder cannot be read.
    """
    folders, files = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                with contextlib.suppress(OSError):  # fails for a circular link
                    (folders if entry.is_dir() else files if entry.is_file() else []).append(entry.name)
    return sorted(folders), sorted(files)


def read_list_lines(path: str | os.PathLike, names_files: Callable[[str], bool] | None = None) -> list[tuple[int, str]]:
    """Read the lines of a list file that are not blank, each stripped and with its number from 1.

    Args:
        path: Text in UTF-8, with or without a byte order mark.
        names_files: Whether the files named in a line exist. If given, a list in GBK, as written on Chinese Windows, is
            also read, with a warning, if this holds for any of its non-ASCII lines.

    Raises:
        DataError: The file cannot be read or is not UTF-8; the message names the line.
    """
    data = read_file(path, "list")
    try:
        return _lines(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        # error.object begins after the byte order mark, as error.start does.
        line = error.object.count(b"\n", 0, error.start) + 1
        found = error.object[error.start]
    lines = _lines_in_gbk(data)
    if names_files is not None and any(names_files(text) for _, text in lines if not text.isascii()):
        get_logger().warning("%s: is not UTF-8; read as GBK, in which its names match files", path)
        return lines
    raise DataError(f"{path}, line {line}: byte 0x{found:02X} is not UTF-8; save the list as UTF-8")


def split_line(line: str, separator: str, counts: Sequence[int], root: str) -> tuple[list[str], list[str]] | None:
    """The paths in a line of a list, and those of them that do not exist.

    Names may contain blanks, so the line is first split literally, and accepted if that names files. Otherwise blanks
    beside a separator are ignored, and if it is a blank, several blanks or tabs count as one.

    Args:
        line: One picture or several columns.
        separator: The separator of the columns.
        counts: Allowed numbers of columns.
        root: Folder that the paths are relative to.

    Returns:
        None if the number of columns is wrong.
    """
    first = None
    for columns in _splits(line, separator):
        if len(columns) not in counts or not all(columns):
            continue
        paths = [_resolve(root, name) for name in columns]
        missing = [path for path in paths if not os.path.isfile(path)]
        if not missing:
            return paths, []
        first = first or (paths, missing)
    return first


def advise_separator(line: str, separator: str, counts: Sequence[int], root: str) -> str:
    """Advice on a line with a wrong number of columns."""
    for other in _SEPARATORS:
        found = split_line(line, other, counts, root) if other != separator and other in line else None
        if found is not None and not found[1]:
            return f"set separator: {other!r}, which fits this line"
    return "correct the line or set separator"


def advise_separator_of_pictures(line: str, separator: str, root: str, place: str) -> str:
    """An addition to a message on a line without a picture: the separator with which it has one, or nothing."""
    others = (other for other in _SEPARATORS if other != separator and other in line)
    fitting = next((other for other in others if _names_picture(line, other, root)), None)
    return "" if fitting is None else f"; its first column is there with separator: {fitting!r} {place}"


def advise_folder(name: str, root: str, others: Sequence[tuple[str, str]]) -> str:
    """The place of a file that is not in ``root``: an addition to a message, or nothing.

    Args:
        name: Its path in the list.
        root: Folder that it should be relative to.
        others: (name for the user, folder) to search.
    """
    for what, folder in others:
        if os.path.isfile(_resolve(folder, name)) and os.path.realpath(folder) != os.path.realpath(root):
            return f"; it is there relative to {what}, {os.path.abspath(folder)}"
    return ""


def warn_of_repeats(list_path: str, pictures: Sequence[tuple[int, str]]) -> None:
    """Warn once of pictures in several lines of a list: they count more than others.

    Args:
        list_path: Path of the list file, for the message.
        pictures: (line, path) of each.
    """
    first_line: dict[str, int] = {}
    pictures = [(line, os.path.normpath(path)) for line, path in pictures]  # a/b.png is ./a//b.png too
    repeats = [(line, path) for line, path in pictures if first_line.setdefault(path, line) != line]
    if repeats:
        line, path = repeats[0]
        get_logger().warning(
            "%s: %d of %d lines repeat a picture that is already listed, so it counts more than once; first: %s "
            "in lines %d and %d", list_path, len(repeats), len(pictures), path, first_line[path], line,
        )  # fmt: skip


def _splits(line: str, separator: str) -> Iterator[list[str]]:
    columns = line.split(separator)
    yield columns
    yield [column.strip() for column in columns]
    if separator == BLANK:
        yield [column.strip() for column in re.split("\t+", line)]
        yield line.split()


def _resolve(root: str, name: str) -> str:
    path = os.path.join(root, name)
    if "\\" in name and not os.path.isfile(path):
        from_windows = os.path.join(root, name.replace("\\", "/"))
        return from_windows if os.path.isfile(from_windows) else path
    return path


def _images_of_list(list_path: str, separator: str, place: str) -> tuple[list[str], str]:
    root = os.path.dirname(list_path)
    pictures = []

    for number, line in read_list_lines(list_path, lambda line: _names_picture(line, separator, root)):
        name = _first_name(line, separator, root)
        image = _resolve(root, name)
        if not os.path.isfile(image):
            advice = advise_folder(name, root, [("the working directory", "")])
            advice += advise_separator_of_pictures(line, separator, root, place)
            raise DataError(
                f"{list_path}, line {number}: {image} does not exist; paths are relative to the list's folder{advice}"
            )
        pictures.append((number, image))
    if not pictures:
        raise DataError(f"{list_path}: the list is empty; give one picture per line")
    warn_of_repeats(list_path, pictures)
    return [image for _, image in pictures], root


def _names_picture(line: str, separator: str, root: str) -> bool:
    return os.path.isfile(_resolve(root, _first_name(line, separator, root)))


def _first_name(line: str, separator: str, root: str) -> str:
    """The picture in a line whose other columns may be anything; its name may contain the separator."""
    names = [line, *(columns[0] for columns in _splits(line, separator))]
    return next((name for name in names if os.path.isfile(_resolve(root, name))), names[2])


def _images_below(root: str) -> Iterator[str]:
    def warn(folder: str, error: OSError) -> None:
        get_logger().warning("%s: the folder cannot be read (%s)", folder, error.strerror)

    for folder, files in walk(root, warn):
        yield from (os.path.join(folder, name) for name in files if has_image_suffix(name))


def _pattern(path: str) -> str:
    """The glob pattern, with characters such as ``[`` in names of existing folders taken literally."""
    folder, names = path, []
    while folder and not os.path.isdir(folder):
        folder, name = os.path.split(folder)
        names.insert(0, name)
    return os.path.join(glob.escape(folder), *names)


def _lines(text: str) -> list[tuple[int, str]]:
    lines = enumerate(io.StringIO(text, newline=None), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def _lines_in_gbk(data: bytes) -> list[tuple[int, str]]:
    try:
        return _lines(data.decode("gbk"))
    except UnicodeDecodeError:
        return []


def has_image_suffix(name: str) -> bool:
    """Whether a file's name is that of a picture."""
    return name.lower().endswith(IMAGE_SUFFIXES)


def _suffixes() -> str:
    return " ".join(IMAGE_SUFFIXES)
