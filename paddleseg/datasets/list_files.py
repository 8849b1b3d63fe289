# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of pictures and their labels from the files of two folders, paired by name."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from paddleseg.utils.errors import DataError, count_of
from paddleseg.utils.logging import log_outcome
from paddleseg.utils.picture_files import walk
from paddleseg.utils.written_files import WrittenFiles

Pair = tuple[str, str | None]


class Naming(NamedTuple):
    """How files are named.

    Attributes:
        formats: Suffixes of pictures and labels, without the dot.
        postfixes: The ends of their names before the suffix.
    """

    formats: tuple[str, str] = ("jpg", "png")
    postfixes: tuple[str, str] = ("", "")


def pair_files(
    root: Path, image_folder: str, label_folder: str, naming: Naming, *, labels_required: bool = True
) -> list[Pair]:
    """Pair the pictures of a folder with the labels of another one, by their names below these folders.

    Args:
        root: Folder that contains both.
        image_folder: Of the pictures, searched with its sub-folders.
        label_folder: Of the labels, likewise.
        naming: Suffixes, and other differences between the names of pictures and labels.
        labels_required: Whether each picture must have a label; if not, there may also be none at all.

    Returns:
        (picture, label) relative to ``root``, sorted.

    Raises:
        DataError: There are no pictures, or a picture or a label has no counterpart; the message names the first.
    """
    images = _files(root, image_folder, naming.formats[0], naming.postfixes[0])
    labels = _files(root, label_folder, naming.formats[1], naming.postfixes[1])
    if not images:
        raise DataError(f"{root / image_folder}: {_nothing(root / image_folder, naming, 0)}")
    if labels_required and not (root / label_folder).is_dir():
        raise DataError(f"{root / label_folder}: there is no such folder")
    if not labels and not labels_required:
        return [(image, None) for image in images.values()]
    for files, others, what, index in ((images, labels, "label", 1), (labels, images, "picture", 0)):
        alone = [path for name, path in files.items() if name not in others]
        if alone:
            folder = root / (label_folder if index else image_folder)
            wanted = f"*{naming.postfixes[index]}.{naming.formats[index]}"
            raise DataError(
                f"{root / alone[0]}: no {what} {wanted} of its name in {folder} ({len(alone)} of {len(files)} lack one)"
            )
    return [(images[name], labels[name]) for name in sorted(images)]


def write_lists(root: Path, lists: Mapping[str, Sequence[Pair]], separator: str) -> None:
    """Write ``<name>.txt`` for each list, and log its length; an earlier one that is empty now is removed.

    Raises:
        DataError: A list would replace one that no command wrote, or a name contains the separator.
    """
    lines = {}
    for name, pairs in lists.items():
        for pair in pairs:
            held = next((path for path in pair if path is not None and (not separator or separator in path)), None)
            if held is not None:
                raise DataError(
                    f"{held}: the separator {separator!r} occurs in this name; give another one with --separator"
                )
        lines[name] = [separator.join(path for path in pair if path is not None) for pair in pairs]
    replace_lists(root, lines)
    for name, those_of_list in lines.items():
        if those_of_list:
            log_outcome("%s: %s", root / f"{name}.txt", count_of(len(those_of_list), "line"))


def replace_lists(root: Path, lists: Mapping[str, Sequence[str]]) -> None:
    """Write the lines of each list as ``<name>.txt``; an earlier one that has none now is removed, and logged.

    Raises:
        DataError: A list would replace one that no command wrote.
    """
    written = WrittenFiles(root)
    files = {name: root / f"{name}.txt" for name in lists}
    written.refuse_foreign(files.values())
    for name, lines in lists.items():
        if lines:
            written.write(files[name], "".join(f"{line}\n" for line in lines).encode())
        elif files[name].is_file():
            files[name].unlink()
            log_outcome("%s: removed, from an earlier split", files[name])


def _files(root: Path, folder: str, suffix: str, postfix: str) -> dict[str, str]:
    """Paths relative to ``root`` by their names below the folder, without their common ending."""
    end = f"{postfix}.{suffix.removeprefix('.')}"
    found = {}
    for place, names in walk(str(root / folder), _ignore):
        for name in names:
            if name.endswith(end):
                path = Path(place, name)
                key = path.relative_to(root / folder).as_posix().removesuffix(end)
                found[key] = Path(os.path.relpath(path, root)).as_posix()
    return dict(sorted(found.items()))


def _nothing(folder: Path, naming: Naming, index: int) -> str:
    """A message that no file has the wanted name, and which files exist."""
    wanted = f"*{naming.postfixes[index]}.{naming.formats[index]}"
    if not folder.is_dir():
        return "there is no such folder"
    there = sorted({Path(name).suffix for _, names in walk(str(folder), _ignore) for name in names} - {""})
    return f"no files {wanted} here or below" + (f", but such with {', '.join(there)}: set --format" if there else "")


def _ignore(folder: str, error: OSError) -> None:
    """Unreadable folders are treated as empty; files missing because of it are reported."""
