# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""EISeg: the files it saves beside or below the pictures, by default in their folder ``label``.

The first of its possible files that exists for a picture is taken: the grey mask ``a.png`` (or ``a.jpg.png``), whose
values are the numbers of ``labels.txt`` with 0 as the background; its own outlines ``a.json``; those in labelme's form,
``labelme/a_labelme.json``. Its COCO file ``annotations.json`` is read by the format ``coco``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.datasets.conversion import labelme
from paddleseg.datasets.conversion.annotations import AnnotatedPicture, ReadingOptions, Region, Regions, Source
from paddleseg.datasets.conversion.class_list import ClassList, NamedClass, read_class_list
from paddleseg.datasets.conversion.json_files import entry, read_json, read_points
from paddleseg.datasets.conversion.pictures import PictureFinder, note_unlabelled
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_label
from paddleseg.utils.picture_files import has_image_suffix, list_folder
from paddleseg.utils.progress import tracked
from paddleseg.utils.shapes import Polygon

_LABELS_NAME = "labels.txt"
_NO_MASKS = ("_pseudo.png", "_cutout.png")


@dataclass(frozen=True)
class GreyMask:
    """A mask of class numbers.

    Attributes:
        path: The file.
        names: Name of each number of ``labels.txt``.
    """

    path: Path
    names: Mapping[int, str]

    def labels(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def label_map(self, size_wh: tuple[int, int], classes: ClassList) -> np.ndarray:
        mask = read_label(self.path)
        values = np.full(256, classes.unlabelled, np.uint8)
        for value in np.unique(mask).tolist():
            if value in self.names:
                try:
                    values[value] = classes.id_of(self.names[value])
                except DataError as error:
                    raise DataError(f"{self.path}: {error}") from error
            elif value:
                raise DataError(
                    f"{self.path}: {np.count_nonzero(mask == value)} pixels have the value {value}, which is not in "
                    f"{_LABELS_NAME}; it has {', '.join(map(str, sorted(self.names)))}"
                )
        return values[mask]


def read(folder: Path, options: ReadingOptions) -> Source:
    """Read EISeg's folder; the pictures are in it, above it, or in ``--images``.

    Raises:
        DataError: There are no files of EISeg.
    """
    listed = _listed_classes(folder, options)
    source = Source(classes=listed)
    finder = PictureFinder([options.images, folder.parent, folder])
    for image, file in tracked(_annotated_pictures(folder, finder, source), "reading"):
        try:
            picture = _read_file(file, image, finder, listed, options)
        except DataError as error:
            source.faults.append(str(error))
            continue
        source.pictures.append(picture)
    if not source.pictures and not source.faults:
        raise DataError(
            f"{folder}: no masks (*.png), outlines (*.json) or labelme/*_labelme.json that EISeg saves; give "
            "its output folder, by default the folder label beside the pictures"
        )
    if source.pictures:
        note_unlabelled(source, source.pictures[0].image.parent, _known_pictures(source, folder))
    return source


def _annotated_pictures(folder: Path, finder: PictureFinder, source: Source) -> Iterator[tuple[Path, Path]]:
    """Each picture with EISeg's first file for it."""
    _, names = list_folder(str(folder))
    masks = [name for name in names if name.lower().endswith(".png") and not name.endswith(_NO_MASKS)]
    jsons = [name for name in names if name.endswith(".json") and name != "annotations.json"]
    inner = folder / "labelme"
    in_labelme = [name for name in list_folder(str(inner))[1] if name.endswith(".json")] if inner.is_dir() else []
    found: dict[Path, Path] = {}
    for file in [*(folder / name for name in [*masks, *jsons]), *(inner / name for name in in_labelme)]:
        stem = file.stem.removesuffix("_labelme")
        image = finder.find(stem if has_image_suffix(stem) else None, stem)
        if image is not None and image.resolve() == file.resolve():
            continue  # a picture, if pictures and labels share the folder
        if image is None:
            source.faults.append(
                f"{file}: its picture {stem}.* was not found (looked in {finder.describe_folders()}); name its folder "
                "with --images"
            )
            continue
        found.setdefault(image, file)
    yield from sorted(found.items())


def _read_file(
    file: Path, image: Path, finder: PictureFinder, listed: list[NamedClass] | None, options: ReadingOptions
) -> AnnotatedPicture:
    if file.suffix.lower() == ".png":
        names = {entry.number: entry.name for entry in listed or [] if entry.number is not None}
        if not names:
            raise DataError(
                f"{file}: a mask of numbers without their names; put EISeg's {_LABELS_NAME} beside it, or give a "
                "numbered list with --classes"
            )
        return AnnotatedPicture(image, finder.name_of(image), str(file), GreyMask(file, names))
    data = read_json(file, "EISeg file")
    if isinstance(data, dict):
        return labelme.read_file(file, {**data, "imagePath": image.name}, finder, options)
    if not isinstance(data, list):
        raise DataError(f"{file}: is neither a list of outlines nor a labelme file")
    faults, regions = [], []
    for number, item in enumerate(data, start=1):
        try:
            regions.append(_region(item, f"outline {number}"))
        except DataError as error:
            faults.append(str(error))
    return AnnotatedPicture(image, finder.name_of(image), str(file), Regions(regions), faults=faults)


def _region(item: Any, place: str) -> Region:
    label = entry(item, "name", str, place)
    return Region(label, Polygon(read_points(item.get("points"), 3, f"{place} ({label!r})")), place)


def _listed_classes(folder: Path, options: ReadingOptions) -> list[NamedClass] | None:
    if options.classes is not None and any(entry.number is not None for entry in options.classes):
        return list(options.classes)
    path = folder / _LABELS_NAME
    return sorted(read_class_list(path), key=lambda known: known.number or 0) if path.is_file() else None


def _known_pictures(source: Source, folder: Path) -> Iterator[Path]:
    """The annotated pictures, and those that EISeg saved itself."""
    yield from (picture.image for picture in source.pictures)
    yield from (Path(folder, name) for name in list_folder(str(folder))[1])
