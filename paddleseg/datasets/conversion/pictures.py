# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Finding the picture of an annotation."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from paddleseg.datasets.conversion.annotations import Source
from paddleseg.utils.errors import count_of
from paddleseg.utils.picture_files import IMAGE_SUFFIXES, has_image_suffix, walk


class PictureFinder:
    """Looks pictures up in folders, by the path in an annotation and by its own name.

    Args:
        folders: Folders to search, the likeliest first.
        roots: Folders whose sub-folders the results keep.
    """

    def __init__(self, folders: Sequence[Path | None], roots: Sequence[Path | None] = ()) -> None:
        self._folders = _different(folders)
        self._roots = _different(roots or folders)
        self._owners: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def find(self, stated: str | None, stem: str | None = None, *, beside: Path | None = None) -> Path | None:
        r"""The picture, or None.

        Args:
            stated: Path in the annotation, maybe from the machine where it was made, with ``/`` or ``\``.
            stem: The picture's name without suffix, used if ``stated`` leads nowhere.
            beside: Folder to search first.
        """
        folders = _different([beside, *self._folders])
        if stated:
            path = PureWindowsPath(stated).as_posix()
            for name in dict.fromkeys((path, PurePosixPath(path).name)):
                for folder in folders:
                    if name and (folder / name).is_file():
                        return folder / name
        if stem is not None:
            names = [f"{stem}{suffix}" for suffix in (*IMAGE_SUFFIXES, *(suffix.upper() for suffix in IMAGE_SUFFIXES))]
            for folder in folders:
                for name in [stem, *names] if has_image_suffix(stem) else names:
                    if (folder / name).is_file():
                        return folder / name
        return None

    def describe_folders(self, beside: Path | None = None) -> str:
        """The searched folders, for messages."""
        return ", ".join(str(folder) for folder in _different([beside, *self._folders]))

    def claim(self, image: Path, source: str, folder: str = "") -> str | None:
        """Note that ``source`` annotates a picture; return the fault if another one already does, or has its name.

        Args:
            image: The picture.
            source: Name of the annotation.
            folder: See ``name_of``.
        """
        real = os.path.realpath(image)
        other = self._owners.setdefault(real, source)
        if other != source:
            return f"describes {image}, which {other} describes too; keep one of them"
        holder = self._names.setdefault(self.name_of(image, folder).lower(), real)
        if holder != real:
            return f"its picture {image} would have the same name as {holder}; rename one of them"
        return None

    def name_of(self, image: Path, folder: str = "") -> str:
        """The picture's path in the result: its path below a root, else its name in ``folder``."""
        for root in self._roots:
            path = os.path.relpath(os.path.abspath(image), os.path.abspath(root))
            if not path.startswith(os.pardir) and not os.path.isabs(path):
                return Path(path).as_posix()
        return (PurePosixPath(folder) / image.name).as_posix()


def _different(folders: Sequence[Path | None]) -> list[Path]:
    return list(dict.fromkeys(folder for folder in folders if folder is not None))


def files_below(folder: Path, suffix: str) -> list[Path]:
    """The files with a suffix in a folder and below it, sorted; hidden ones are left out."""
    found: list[Path] = []
    for place, names in walk(str(folder), _ignore):
        found += [Path(place, name) for name in names if name.lower().endswith(suffix)]
    return sorted(found)


def note_unlabelled(source: Source, folder: Path, images: Iterable[Path]) -> None:
    """Note pictures in a folder without annotation: they are not in the result."""
    known = {os.path.realpath(image) for image in images}
    others = [
        os.path.join(place, name)
        for place, names in walk(str(folder), _ignore)
        for name in names
        if has_image_suffix(name) and os.path.realpath(os.path.join(place, name)) not in known
    ]
    if others:
        source.notes.append(
            f"{count_of(len(others), 'picture')} in {folder} left out, without an annotation; first: {min(others)}"
        )


def _ignore(folder: str, error: OSError) -> None:
    """Unreadable folders are treated as empty; files missing because of it are reported."""
