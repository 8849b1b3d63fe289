# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The layout of a published data set's pictures and labels, and finding them.

A pattern such as ``gtFine/train/*/*_gtFine_labelIds.png`` is a path below the data set's folder. The parts matched by
its stars are the name of a sample: a picture and a label belong together if these parts are equal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from paddleseg.datasets.polygons import PolygonRules
from paddleseg.utils.errors import DataError, count_of
from paddleseg.utils.picture_files import read_list_lines


@dataclass(frozen=True)
class Labels:
    """One form of a data set's labels.

    Attributes:
        pattern: Their paths.
        label_map: Number in a file to class id or 255. None: files have class ids.
        others: The value for numbers not in ``label_map``; None: they are refused, except for 255.
        polygons: How to draw them, if they are JSON files; then label_map is None.
        variable: The array in them, if they are MATLAB files, which have a label_map.
        advice: What to do if a file has an invalid number.
    """

    pattern: str
    label_map: Mapping[int, int] | None = None
    others: int | None = None
    polygons: PolygonRules | None = None
    variable: str | None = None
    advice: str = ""


@dataclass(frozen=True)
class Part:
    """Pictures and labels of a mode, or some of them.

    Attributes:
        pictures: Patterns of the pictures, one or several.
        labels: Forms of the labels, the best first: the first one with a file is read. None: there are none.
        names: Lists of the samples' names, of which the first existing one is read; without any, all pictures count.
        only: The names that count, if not all; they need not be files.
        without: Names that do not count.
    """

    pictures: tuple[str, ...]
    labels: tuple[Labels, ...] = ()
    names: tuple[str, ...] = ()
    only: Collection[str] | None = None
    without: Collection[str] = ()


def by_folder(
    pictures: Sequence[str], labels: Sequence[Labels], folders: Mapping[str, str], unlabelled: Collection[str] = ()
) -> dict[str, tuple[Part, ...]]:
    """Parts of a data set with a folder for each.

    Args:
        pictures: Patterns, in which ``{}`` stands for the folder.
        labels: Forms with such patterns.
        folders: Mode to folder.
        unlabelled: Modes that have no labels.
    """
    parts = {}
    for mode, folder in folders.items():
        forms = [] if mode in unlabelled else [replace(form, pattern=form.pattern.format(folder)) for form in labels]
        parts[mode] = (Part(tuple(pattern.format(folder) for pattern in pictures), tuple(forms)),)
    return parts


@dataclass(frozen=True)
class Found:
    """The files found of a part.

    Attributes:
        pairs: (picture, label) paths, by name or in the order of the list; the label is None if there are none.
        labels: The form of the labels; None if there are none.
    """

    pairs: list[tuple[str, str | None]]
    labels: Labels | None


def find_part(root: str, part: Part, who: str) -> Found:
    """Find the pictures and labels of a part.

    Args:
        root: The data set's folder.
        part: Their expected layout.
        who: The data set and its mode, for messages.

    Raises:
        DataError: There are none, or some lack a counterpart; the message shows what was expected and what exists.
    """
    if part.names:
        pictures = _files_of_names(root, part, who)
    else:
        pictures = _files_by_name(root, part.pictures)
        counts = pictures.keys() - set(part.without) if part.only is None else pictures.keys() & set(part.only)
        pictures = {name: path for name, path in pictures.items() if name in counts}
    if not pictures:
        raise not_there(root, part, who, f"no pictures {' or '.join(part.pictures)}")
    if not part.labels:
        return Found([(path, None) for path in pictures.values()], None)
    form, labels = _first_form(root, part, pictures)
    if not labels:
        raise not_there(root, part, who, f"no labels {' or '.join(form.pattern for form in part.labels)}")
    _check_same_names(pictures, labels, f"no label {form.pattern}", root)
    if not part.names and part.only is None and not part.without:
        _check_same_names(labels, pictures, f"no picture {' or '.join(part.pictures)}", root)
    return Found([(path, labels[name]) for name, path in pictures.items()], form)


def _files_by_name(root: str, patterns: Sequence[str]) -> dict[str, str]:
    """Paths keyed by the parts that the stars of the patterns match, sorted."""
    files: dict[str, str] = {}
    for pattern in patterns:
        expression = re.compile(re.escape(pattern).replace(r"\*", "([^/]+)"))
        for path in Path(root).glob(pattern):
            below = path.relative_to(root)
            found = expression.fullmatch(below.as_posix())
            # macOS and notebook servers leave hidden files and folders behind.
            if found is None or any(name.startswith(".") for name in below.parts):
                continue
            name = "/".join(found.groups())
            if files.setdefault(name, str(path)) != str(path):
                raise DataError(f"{path}: has the name of {files[name]}; keep one of the two")
    return dict(sorted(files.items()))


def _files_of_names(root: str, part: Part, who: str) -> dict[str, str]:
    """The pictures in a list of names, in its order."""
    path = next((place for name in part.names if (place := Path(root, name)).is_file()), None)
    if path is None:
        raise not_there(root, part, who, f"no list {' or '.join(part.names)}")
    files = {}
    for number, line in read_list_lines(path):
        # Lists of VOC's other tasks have a second column.
        name = line.split()[0]
        places = [Path(root, pattern.replace("*", name)) for pattern in part.pictures]
        file = next((place for place in places if place.is_file()), None)
        if file is None:
            raise DataError(f"{path}, line {number}: {places[0]} does not exist")
        files[name] = str(file)
    if not files:
        raise DataError(f"{path}: the list is empty; {who} reads the pictures that it names")
    return files


def _first_form(root: str, part: Part, pictures: Mapping[str, str]) -> tuple[Labels, dict[str, str]]:
    """The first form of the labels with a file for these pictures, and its files."""
    for form in part.labels:
        if part.names:
            places = {name: Path(root, form.pattern.replace("*", name)) for name in pictures}
            labels = {name: str(place) for name, place in places.items() if place.is_file()}
        else:
            labels = _files_by_name(root, [form.pattern])
        if labels.keys() & pictures.keys():
            return form, labels
    return part.labels[0], {}


def _check_same_names(files: Mapping[str, str], others: Mapping[str, str], what_lacks: str, root: str) -> None:
    orphans = [path for name, path in files.items() if name not in others]
    if orphans:
        raise DataError(
            f"{orphans[0]}: {what_lacks} in {root} has its name ({len(orphans)} of {len(files)} files lack one)"
        )


def not_there(root: str, part: Part, who: str, fault: str) -> DataError:
    """The error that says what was expected, what exists of it, and where else it may be.

    Args:
        root: The data set's folder.
        part: The expected layout.
        who: The data set and its mode.
        fault: What is missing.
    """
    patterns = [*part.names, *part.pictures, *(form.pattern for form in part.labels)]
    width = max(map(len, patterns))
    counts = [sum(1 for _ in Path(root).glob(pattern)) for pattern in patterns]
    tree = [
        f"    {pattern:{width}}  {count_of(count, 'file') if count else 'nothing'}"
        for pattern, count in zip(patterns, counts)
    ]
    first = f"{root}: {who} finds {fault}{_other_root(root, patterns)}"
    return DataError("\n".join([first, f"  expected below {root}:", *tree]))


def _other_root(root: str, patterns: Sequence[str]) -> str:
    """The folder above or below that has the files, a common mistake."""
    here = Path(root)
    below = sorted(place for place in here.iterdir() if place.is_dir()) if here.is_dir() else []
    for place in (*below, here.absolute().parent):
        if any(next(place.glob(pattern), None) is not None for pattern in patterns[:2]):
            return f"; such files are in {place}, give that as dataset_root"
    return ""
