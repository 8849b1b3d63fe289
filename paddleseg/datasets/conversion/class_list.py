# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The classes of converted labels: names, ids and colours, from the lists that tools write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.label_map import MAX_CLASSES
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.picture_files import read_list_lines
from paddleseg.utils.visualize import Palette, default_palette

IGNORED = 255
BACKGROUND = "_background_"
"""The name that labelme gives to pixels that no shape covers."""
_BACKGROUNDS = (BACKGROUND, "__background__", "background")
_IGNORED_LABELS = ("__ignore__", "_ignore_")
_VOID_COLOUR = (224, 224, 192)  # PASCAL VOC's, for ignored pixels

_NUMBERS = r"(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})"
# "car:0,0,142::" of CVAT's labelmap.txt, "3 car 0 0 142" of EISeg's labels.txt, "car 0 0 142" and "car".
_OF_CVAT = re.compile(rf"(?P<name>[^:]+):{_NUMBERS}\s*:[^:]*:.*")
_OF_EISEG = re.compile(rf"(?P<id>\d{{1,3}})\s+(?P<name>.+?)\s+{_NUMBERS}")
_WITH_COLOUR = re.compile(rf"(?P<name>.+?)\s+{_NUMBERS}")


class NamedClass(NamedTuple):
    """A class of a list.

    Attributes:
        name: Its name.
        colour: [red, green, blue], or None.
        number: Its id in the files of the source, or None.
    """

    name: str
    colour: tuple[int, int, int] | None = None
    number: int | None = None


class ClassList:
    """Classes with their ids in the written labels.

    Args:
        classes: In the order of their ids. ``__ignore__`` among them is not a class; its pixels are ignored.
        unlabelled_is_ignored: Whether pixels not covered by shapes are ignored, or of the class ``_background_``
            (``background``), which comes first if it is not in the list.
        takes_others: Whether pixels with labels that are not in the list count as unlabelled.

    Attributes:
        names: Of the classes, by id.
        unlabelled: The value of pixels not covered by shapes.
    """

    def __init__(
        self, classes: Iterable[NamedClass], *, unlabelled_is_ignored: bool = False, takes_others: bool = False
    ) -> None:
        listed = [entry for entry in classes if entry.name not in _IGNORED_LABELS]
        background = next((entry.name for entry in listed if entry.name in _BACKGROUNDS), None)
        if background is None and not unlabelled_is_ignored:
            background = BACKGROUND
            listed.insert(0, NamedClass(BACKGROUND))
        self.names = [entry.name for entry in listed]
        self._takes_others = takes_others
        self._ids = {name: class_id for class_id, name in enumerate(self.names)}
        self._check()
        self._colours = [entry.colour for entry in listed]
        self.unlabelled = IGNORED if unlabelled_is_ignored or background is None else self._ids[background]

    def _check(self) -> None:
        if len(self._ids) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise DataError(f"the class {twice!r} is listed twice; each needs its own name")
        if not self.names:
            raise DataError("there are no classes, so there is nothing to learn")
        if len(self.names) > MAX_CLASSES:
            raise DataError(
                f"there are {len(self.names)} classes; labels have 8 bits and hold at most {MAX_CLASSES}: name those "
                "you want with --classes"
            )

    def has(self, label: str) -> bool:
        """Whether a label has a value."""
        if label in self._ids or label in _IGNORED_LABELS or self._takes_others:
            return True
        return label in _BACKGROUNDS and self.unlabelled != IGNORED

    def id_of(self, label: str) -> int:
        """The value that the pixels of a label get.

        Raises:
            DataError: ``has`` is not true of it.
        """
        if not self.has(label):
            raise DataError(self.describe_unknown(label))
        if label in _IGNORED_LABELS:
            return IGNORED
        return self._ids.get(label, self.unlabelled)

    def describe_unknown(self, label: str) -> str:
        """A message on a label for which ``has`` is false."""
        return f"the label {label!r} is not a class of the list. {suggest(label, self.names)}"

    @property
    def palette(self) -> Palette:
        """The colours of the list; PASCAL VOC's for classes without one, so that a background at 0 is black."""
        voc = default_palette()
        palette = np.roll(voc, 1, axis=0) if self.unlabelled == 0 else voc
        if self.unlabelled == 0:
            palette[0] = 0
        palette[IGNORED] = _VOID_COLOUR
        for class_id, colour in enumerate(self._colours):
            if colour is not None:
                palette[class_id] = colour
        return palette


def background_of(names: Sequence[str]) -> int | None:
    """The id of the class for pixels not covered by shapes, or None."""
    return next((class_id for class_id, name in enumerate(names) if name in _BACKGROUNDS), None)


def classes_that_occur(labels: Iterable[str]) -> list[NamedClass]:
    """The classes of labels without a list: sorted by name, the background first."""
    names = set(labels) - set(_IGNORED_LABELS)
    return [NamedClass(name) for name in sorted(names, key=lambda name: (name not in _BACKGROUNDS, name))]


def read_class_list(path: Path) -> list[NamedClass]:
    """Read a list of classes, one a line, in the order of their ids.

    A line is a name (labelme's labels.txt, class_names.txt here), or has a colour too: ``name r g b``,
    ``id name r g b`` as EISeg writes it, or ``name:r,g,b::`` as CVAT does. Lines that begin with ``#`` are comments.

    Raises:
        DataError: The file cannot be read, is empty, or has an invalid colour.
    """
    classes = []
    for number, line in read_list_lines(path):
        if line.startswith("#"):
            continue
        match = _OF_CVAT.fullmatch(line) or _OF_EISEG.fullmatch(line) or _WITH_COLOUR.fullmatch(line)
        if match is None:
            classes.append(NamedClass(line))
            continue
        known = match.groupdict()
        colour = tuple(int(part) for part in match.groups()[-3:])
        if max(colour) > 255:
            raise DataError(f"{path}, line {number}: found the colour {colour}; its values must be from 0 to 255")
        class_id = known.get("id")
        classes.append(NamedClass(known["name"], colour, None if class_id is None else int(class_id)))
    if not classes:
        raise DataError(f"{path}: the list of classes is empty; give a name per line")
    return classes


def colour_of_hex(text: Any) -> tuple[int, int, int] | None:
    """The colour of ``#rrggbb``, None if the text is not one."""
    match = re.fullmatch(r"#([0-9a-fA-F]{6})", text) if isinstance(text, str) else None
    return None if match is None else tuple(bytes.fromhex(match[1]))


def parse_classes(words: Sequence[str]) -> list[NamedClass]:
    """The classes of ``--classes``: one list file, or names.

    Raises:
        ConfigError: A single word is neither a file nor meant as a name.
        DataError: The list is wrong.
    """
    if len(words) == 1 and Path(words[0]).is_file():
        return read_class_list(Path(words[0]))
    if len(words) == 1 and (words[0].endswith((".txt", ".list")) or "/" in words[0]):
        raise ConfigError(f"--classes {words[0]}: there is no such file; give a list of classes, or their names")
    return [NamedClass(word) for word in words]
