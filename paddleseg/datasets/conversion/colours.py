# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels as colours: PASCAL VOC's PNG files, and CVAT's "Segmentation mask" exports with their labelmap.txt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from paddleseg.datasets.class_tables import class_table
from paddleseg.datasets.conversion.annotations import AnnotatedPicture, ReadingOptions, Source, mode_of
from paddleseg.datasets.conversion.class_list import ClassList, NamedClass, read_class_list
from paddleseg.datasets.conversion.pictures import PictureFinder, files_below, note_unlabelled
from paddleseg.utils.errors import DataError, count_of
from paddleseg.utils.image_bytes import check_bytes, check_lossless
from paddleseg.utils.image_io import read_file
from paddleseg.utils.picture_files import read_list_lines

LABEL_MAP_NAME = "labelmap.txt"
_VOID = (224, 224, 192)
_LABELS = ("SegmentationClass", "SegmentationClassAug", "annotations", "labels", "masks")
_IMAGES = ("JPEGImages", "images", "Images")
_MOST_COLOURS = 3


@dataclass(frozen=True)
class ColourFile:
    """A label whose colours stand for classes; in a palette PNG, those of the palette.

    Attributes:
        path: The file.
        classes: The classes, each with its colour.
        void: The colour of ignored pixels, or None.
    """

    path: Path
    classes: Sequence[NamedClass]
    void: tuple[int, int, int] | None = _VOID

    def labels(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def label_map(self, size_wh: tuple[int, int], classes: ClassList) -> np.ndarray:
        colours = read_colours(self.path)
        numbers, places = np.unique(colours.astype(np.int64) @ (65536, 256, 1), return_inverse=True)
        names = {_number(entry.colour): entry.name for entry in self.classes}
        if self.void is not None:
            names.setdefault(_number(self.void), "__ignore__")
        unknown = [number for number in numbers.tolist() if number not in names]
        if unknown:
            counts = np.bincount(places.ravel())
            raise DataError(f"{self.path}: {self._describe(unknown, numbers.tolist(), counts)}")
        try:
            values = np.array([classes.id_of(names[number]) for number in numbers.tolist()], np.uint8)
        except DataError as error:
            raise DataError(f"{self.path}: {error}") from error
        return values[places].reshape(colours.shape[:2])

    def _describe(self, unknown: list[int], numbers: list[int], counts: np.ndarray) -> str:
        shown = [f"{_colour(n)} ({counts[numbers.index(n)]} pixels)" for n in unknown[:_MOST_COLOURS]]
        more = f" and {len(unknown) - _MOST_COLOURS} more" if len(unknown) > _MOST_COLOURS else ""
        first = np.array(_colour(unknown[0]))
        nearest = min(self.classes, key=lambda entry: int(np.abs(first - entry.colour).sum()))
        found = f"no class has the colour {', '.join(shown)}{more}"
        if all(len(set(_colour(number))) == 1 for number in unknown):
            return (
                f"{found}. Greys are usually class numbers: such labels need no conversion, only lists of files "
                "(tools/create_dataset_list.py)"
            )
        return (
            f"{found}; nearest to the first is {nearest.name!r} {tuple(nearest.colour)}. Many colours come from "
            "resizing or from a compression that changes them"
        )


def read_colours(path: Path) -> np.ndarray:
    """The colours of a label, (H, W, 3) uint8.

    Raises:
        DataError: The file is missing, damaged, or compressed in a way that changes colours.
    """
    data = read_file(path, "label")
    check_bytes(data, path, "label")
    check_lossless(data, path)
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: the label cannot be decoded ({error})") from error


def read(folder: Path, options: ReadingOptions) -> Source:
    """Read coloured labels in one of the layouts above, by the lists in ``ImageSets/Segmentation`` if there are any.

    Colours are those of ``--classes`` if it has any, else labelmap.txt's, else PASCAL VOC's.

    Raises:
        DataError: There are no labels, or a class has no colour.
    """
    classes = _classes(folder, options)
    labels = next((folder / name for name in _LABELS if (folder / name).is_dir()), folder)
    files = {file.relative_to(labels).with_suffix("").as_posix(): file for file in files_below(labels, ".png")}
    finder = PictureFinder([options.images, *(folder / name for name in _IMAGES), folder])
    source = Source(classes=list(classes), unlabelled_is_ignored=True)
    if not files:
        raise DataError(f"{folder}: no labels (*.png) in {', '.join(_LABELS)} or in the folder itself")
    for stem, split in _listed(folder, files, source):
        file = files[stem]
        image = _other_than(file, finder.find(None, stem) or finder.find(None, Path(stem).name))
        if image is None:
            source.faults.append(
                f"{file}: has no picture {Path(stem).name}.* (looked in {finder.describe_folders()}); name their "
                "folder with --images"
            )
            continue
        picture = AnnotatedPicture(image, finder.name_of(image), str(file), ColourFile(file, classes), None, split)
        doubled = finder.claim(image, str(file))
        picture.faults += [] if doubled is None else [doubled]
        source.pictures.append(picture)
    images = next(
        (path for path in (options.images, *(folder / name for name in _IMAGES)) if path and path.is_dir()), None
    )
    if images is not None and not any(picture.split for picture in source.pictures):
        note_unlabelled(source, images, (picture.image for picture in source.pictures))
    return source


def _classes(folder: Path, options: ReadingOptions) -> Sequence[NamedClass]:
    if options.classes is not None and any(entry.colour is not None for entry in options.classes):
        classes, origin = options.classes, "--classes"
    elif (folder / LABEL_MAP_NAME).is_file():
        classes, origin = read_class_list(folder / LABEL_MAP_NAME), str(folder / LABEL_MAP_NAME)
    else:
        return [NamedClass(name, colour) for name, colour in class_table("pascal_voc").classes]
    without = next((entry.name for entry in classes if entry.colour is None), None)
    if without is not None:
        raise DataError(f"{origin}: the class {without!r} has no colour; write lines such as: {without} 128 0 0")
    colours: dict[tuple[int, int, int], str] = {}
    for entry in classes:
        other = colours.setdefault(entry.colour, entry.name)
        if other != entry.name:
            raise DataError(f"{origin}: {other!r} and {entry.name!r} have the same colour {entry.colour}")
    return classes


def _listed(folder: Path, files: dict[str, Path], source: Source) -> list[tuple[str, str | None]]:
    """The labels' names and parts by the lists of ImageSets, or all of them."""
    lists = [path for path in files_below(folder / "ImageSets" / "Segmentation", ".txt") if mode_of(path.stem)]
    if not lists:
        return [(stem, None) for stem in sorted(files)]
    origins: dict[str, Path] = {}
    for path in lists:
        for number, line in read_list_lines(path):
            if line not in files:
                source.faults.append(f"{path}, line {number}: there is no label {line}.png")
            elif origins.setdefault(line, path) != path:
                source.faults.append(f"{path}, line {number}: {line} is in {origins[line].name} too; keep one of them")
    others = sorted(files.keys() - origins.keys())
    if others:
        names = ", ".join(path.name for path in lists)
        source.notes.append(f"{count_of(len(others), 'label')} left out, in none of {names}; first: {files[others[0]]}")
    return [(stem, mode_of(path.stem)) for stem, path in origins.items()]


def _other_than(label: Path, image: Path | None) -> Path | None:
    """The picture, unless it is the label itself, as both may be in one folder."""
    return None if image is None or image.resolve() == label.resolve() else image


def _number(colour: Sequence[int]) -> int:
    red, green, blue = colour
    return (red << 16) + (green << 8) + blue


def _colour(number: int) -> tuple[int, int, int]:
    return number >> 16, number >> 8 & 255, number & 255
