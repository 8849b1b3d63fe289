# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From annotations to a folder that the data set ``Dataset`` reads.

The folder gets ``images`` and ``annotations`` (the names that PaddleSeg's tools use), ``class_names.txt``, the lists
``all.txt``, ``train.txt``, ``val.txt`` and ``test.txt``, and ``dataset.yml``, a first configuration. Everything
is checked before anything is written.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from paddleseg.datasets.conversion.annotations import AnnotatedPicture, Regions, Source
from paddleseg.datasets.conversion.class_list import ClassList, NamedClass, classes_that_occur
from paddleseg.datasets.conversion.starting_config import starting_config
from paddleseg.datasets.splitting import MODES, Unit, split_units
from paddleseg.utils.errors import DataError, UserError, count_of
from paddleseg.utils.exif import orientation_of, turn
from paddleseg.utils.image_headers import image_size
from paddleseg.utils.image_io import read_file
from paddleseg.utils.progress import tracked
from paddleseg.utils.visualize import encode_image, palette_image
from paddleseg.utils.written_files import WrittenFiles

IMAGES, LABELS = "images", "annotations"
CLASS_NAMES, CONFIG, ALL = "class_names.txt", "dataset.yml", "all.txt"
_MOST_LINES = 20


@dataclass(frozen=True)
class WritingOptions:
    """The options of the result.

    Attributes:
        pictures: Whether pictures are copied, or become symbolic links.
        classes: The classes in the order of their ids, if the user gives them.
        unlabelled: The meaning of pixels not covered by shapes; None: the source's.
        others: How to treat labels that are not in the list of classes.
        skip_faulty: Whether pictures with faults are left out instead of stopping the conversion.
        val: Share of the pictures for validation, if the source does not split them.
        seed: Of that split.
        separator: Between the columns of the lists.
    """

    pictures: Literal["copy", "link"] = "link"
    classes: Sequence[NamedClass] | None = None
    unlabelled: Literal["background", "ignore"] | None = None
    others: Literal["refuse", "unlabelled"] = "refuse"
    skip_faulty: bool = False
    val: float = 0.2
    seed: int = 0
    separator: str = " "


@dataclass(frozen=True)
class Written:
    """The written result.

    Attributes:
        classes: The classes with their ids.
        lists: Number of pictures in each list, by its name.
        warnings: What was left out or changed, one line each.
        config: The configuration's file.
    """

    classes: ClassList
    lists: dict[str, int]
    warnings: list[str]
    config: Path


@dataclass(frozen=True)
class _Size:
    """Size of a picture upright and as stored, and its rotation."""

    upright: tuple[int, int]
    stored: tuple[int, int]
    orientation: int


def write_dataset(source: Source, folder: Path, options: WritingOptions) -> Written:
    """Check everything that was read, then write it.

    Args:
        source: A reader's result.
        folder: The output folder; files in it that no command wrote are not replaced.
        options: The options of the result.

    Raises:
        DataError: Something is wrong with the annotations, nothing is left, or a file would be replaced.
        UserError: The folder cannot be written.
    """
    warnings = list(source.notes)
    classes = _classes_of(source, options)
    sizes = _check(source.pictures, classes, warnings)
    faults = [*source.faults, *(_line(picture, fault) for picture in source.pictures for fault in picture.faults)]
    if faults and not options.skip_faulty:
        _raise(faults)
    warnings += [f"left out: {fault}" for fault in faults]
    pictures = [picture for picture in source.pictures if not picture.faults]
    if not pictures:
        raise DataError("no annotated picture is left, so nothing was written")
    modes = _split(pictures, options)
    files = _ResultFiles(folder, pictures, modes)
    lines = _list_lines(pictures, files, options.separator)
    written = WrittenFiles(folder)
    files.refuse_foreign(written)
    palette = classes.palette
    for picture in tracked(pictures, "writing"):
        label_map = _upright_label(picture, classes, sizes[picture.name])
        written.write(files.label(picture), encode_image(palette_image(label_map, palette)))
        _place_picture(picture.image, files.image(picture), options.pictures, written)
    counts = {}
    for name, chosen in {ALL: set(lines), **{f"{mode}.txt": _of(modes, mode) for mode in MODES}}.items():
        if chosen:
            written.write(folder / name, "".join(f"{lines[one]}\n" for one in sorted(chosen)).encode())
            counts[name] = len(chosen)
        elif written.has(folder / name):
            (folder / name).unlink()
            warnings.append(f"{folder / name} removed: from an earlier conversion, no longer in use")
    written.write(folder / CLASS_NAMES, "".join(f"{name}\n" for name in classes.names).encode())
    upright = [sizes[picture.name].upright for picture in pictures]
    config = starting_config(folder, classes, counts, sizes=upright, separator=options.separator)
    written.write(folder / CONFIG, config.encode())
    return Written(classes, counts, warnings, folder / CONFIG)


def _classes_of(source: Source, options: WritingOptions) -> ClassList:
    ignored = source.unlabelled_is_ignored if options.unlabelled is None else options.unlabelled == "ignore"
    listed = options.classes if options.classes is not None else source.classes
    if listed is None:
        listed = classes_that_occur(label for picture in source.pictures for label, _ in picture.content.labels())
    if not listed and (source.faults or not source.pictures):
        _raise(source.faults or ["no annotated picture was found"])
    return ClassList(listed, unlabelled_is_ignored=ignored, takes_others=options.others == "unlabelled")


def _check(pictures: Sequence[AnnotatedPicture], classes: ClassList, warnings: list[str]) -> dict[str, _Size]:
    """Add faults to those of the pictures; return the sizes of readable ones, by name."""
    sizes, cut, turned = {}, [], []
    for picture in tracked(pictures, "checking"):
        unknown = [one for one in picture.content.labels() if not classes.has(one[0])]
        picture.faults += [f"{place}: {classes.describe_unknown(label)}" for label, place in unknown]
        try:
            size = sizes[picture.name] = _size_of(picture.image)
            drawn_on = picture.stated_size or size.upright
            if drawn_on not in (size.upright, size.stored):
                raise DataError(
                    f"says that its picture has {_by(drawn_on)} pixels, but {picture.image} has {_by(size.upright)}"
                )
            if not isinstance(picture.content, Regions):  # the content of a separate file is known only once it is read
                _upright_label(picture, classes, size)
                continue
        except DataError as error:
            picture.faults.append(str(error))
            continue
        picture.faults += picture.content.faults(drawn_on)
        cut += [picture.source] * picture.content.count_cut(drawn_on)
        turned += [picture.source] if drawn_on != size.upright else []
    if cut:
        warnings.append(f"{count_of(len(cut), 'shape')} cut at the border of the picture; first: {cut[0]}")
    if turned:
        warnings.append(
            f"{count_of(len(turned), 'label')} drawn on the stored picture, turned upright with it (EXIF); "
            f"first: {turned[0]}"
        )
    return sizes


def _line(picture: AnnotatedPicture, fault: str) -> str:
    """A fault with its file."""
    return fault if fault.startswith(picture.source) else f"{picture.source}: {fault}"


def _size_of(image: Path) -> _Size:
    data = read_file(image, "picture")
    stored = image_size(data)
    if 0 in stored:
        raise DataError(f"{image}: the picture is damaged or of an unknown format ({len(data)} bytes)")
    orientation = orientation_of(data)
    return _Size(stored[::-1] if orientation >= 5 else stored, stored, orientation)


def _by(size_wh: tuple[int, int]) -> str:
    return f"{size_wh[0]}x{size_wh[1]}"


def _raise(faults: Sequence[str]) -> None:
    if len(faults) == 1:
        raise DataError(faults[0])
    more = len(faults) - _MOST_LINES
    raise DataError(
        "\n  ".join(
            [
                f"{len(faults)} problems in the annotations:",
                *faults[:_MOST_LINES],
                *([f"and {more} more"] if more > 0 else []),
                "(tools/convert_dataset.py --skip_faulty leaves out the pictures that have them)",
            ]
        )
    )


def _split(pictures: Sequence[AnnotatedPicture], options: WritingOptions) -> dict[str, str]:
    """The part of each picture by its name."""
    if any(picture.split is not None for picture in pictures):
        return {picture.name: picture.split or "train" for picture in pictures}
    units = [Unit((picture.name,)) for picture in pictures]
    return split_units(units, {"train": 1 - options.val, "val": options.val}, options.seed)


class _ResultFiles:
    """The paths of all results.

    Labels have their pictures' names with ``.png``; if two pictures differ only in the suffix, it is kept.
    """

    def __init__(self, folder: Path, pictures: Sequence[AnnotatedPicture], modes: dict[str, str]) -> None:
        self._folder = folder
        uses = Counter(_stem(picture.name).lower() for picture in pictures)
        self.labels = {
            name: f"{LABELS}/{_stem(name) if uses[_stem(name).lower()] == 1 else name}.png"
            for name in (picture.name for picture in pictures)
        }
        self._images = {picture.name: picture.image for picture in pictures}
        self._lists = [ALL, *(f"{mode}.txt" for mode in MODES if mode in modes.values())]

    def image(self, picture: AnnotatedPicture) -> Path:
        return self._folder / IMAGES / picture.name

    def label(self, picture: AnnotatedPicture) -> Path:
        return self._folder / self.labels[picture.name]

    def refuse_foreign(self, written: WrittenFiles) -> None:
        """Refuse to replace files that no conversion wrote; links to the same pictures and equal files are accepted."""
        others = [*self.labels.values(), *self._lists, CLASS_NAMES, CONFIG]
        places = {self._folder / IMAGES / name: image for name, image in self._images.items()}
        for place, image in places.items():
            if os.path.realpath(place) == os.path.realpath(image) and not place.is_symlink():
                raise DataError(
                    f"{image}: the result's {IMAGES} would be the folder of the source pictures; give another DST"
                )
        pictures = [place for place, image in places.items() if not _leads_to(place, image)]
        written.refuse_foreign([*(self._folder / name for name in others), *pictures])


def _leads_to(place: Path, image: Path) -> bool:
    return place.is_symlink() and os.path.realpath(place) == os.path.realpath(image)


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _upright_label(picture: AnnotatedPicture, classes: ClassList, size: _Size) -> np.ndarray:
    """The label for the picture as read, upright, even if it was drawn on the picture as stored."""
    label_map = picture.content.label_map(picture.stated_size or size.upright, classes)
    found = label_map.shape[::-1]
    if found == size.upright:
        return label_map
    if found == size.stored:
        return turn(label_map, size.orientation)
    raise DataError(f"{picture.source}: the label has {_by(found)} pixels, but {picture.image} has {_by(size.upright)}")


def _place_picture(image: Path, place: Path, how: str, written: WrittenFiles) -> None:
    if _leads_to(place, image):
        if how == "link":
            return
        place.unlink()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if how == "link":
            place.unlink(missing_ok=True)  # our own copy; others have been refused
            place.symlink_to(os.path.relpath(os.path.realpath(image), os.path.realpath(place.parent)))
        else:
            with open(image, "rb") as opened:
                written.write_by(place, lambda file: shutil.copyfileobj(opened, file))
    except (OSError, NotImplementedError) as error:  # the second on systems without symbolic links
        advice = "; give --pictures copy if links cannot be made" if how == "link" else ""
        raise UserError(f"{place}: cannot be written ({getattr(error, 'strerror', None) or error}){advice}") from error


def _list_lines(pictures: Sequence[AnnotatedPicture], files: _ResultFiles, separator: str) -> dict[str, str]:
    """The line of each picture by its name; raise DataError if a line could not be split again."""
    lines = {picture.name: f"{IMAGES}/{picture.name}{separator}{files.labels[picture.name]}" for picture in pictures}
    odd = next((line for line in lines.values() if line.count(separator) != 1), None)
    if odd is not None:
        raise DataError(
            f"{odd}: the separator {separator!r} occurs in a name too; give another one with --separator, such as ,"
        )
    return lines


def _of(modes: dict[str, str], mode: str) -> set[str]:
    return {name for name, found in modes.items() if found == mode}
