# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""COCO: instances (and stuff) as outlines or run lengths, and panoptic PNG files with their JSON file.

If a pixel has several annotations, the later one in the file counts. COCO's crowds, regions of objects not outlined
individually, are pixels of their class; if they are to be ignored, they lie below all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.datasets.conversion.annotations import (
    AnnotatedPicture,
    ReadingOptions,
    Region,
    Regions,
    Source,
    mode_of,
)
from paddleseg.datasets.conversion.class_list import IGNORED, ClassList, NamedClass
from paddleseg.datasets.conversion.json_files import entry, pairs_of, read_json, read_points, stated_size
from paddleseg.datasets.conversion.pictures import PictureFinder
from paddleseg.utils.errors import DataError, count_of
from paddleseg.utils.image_io import read_image
from paddleseg.utils.progress import tracked
from paddleseg.utils.run_lengths import coco_mask
from paddleseg.utils.shapes import Bitmap, Bounds, Polygon

_IGNORED_LABEL = "__ignore__"


def read_instances(source: Path, options: ReadingOptions) -> Source:
    """Read a JSON file of instances, or those of train and val in a folder or its folder ``annotations``.

    Raises:
        DataError: There is none, or it has another format.
    """
    return _read_files(_json_files(source, "instances_"), options, Source(), is_panoptic=False)


def read_panoptic(source: Path, options: ReadingOptions) -> Source:
    """Read a JSON file of panoptic labels, or those of train and val in a folder or its folder ``annotations``.

    The PNG files are in a folder of the JSON file's name or beside it.

    Raises:
        DataError: There is none, or it has another format.
    """
    files = _json_files(source, "panoptic_")
    return _read_files(files, options, Source(unlabelled_is_ignored=True), is_panoptic=True)


def _read_files(files: list[Path], options: ReadingOptions, result: Source, *, is_panoptic: bool) -> Source:
    finder = _finder(files, options)
    for file in files:
        split = _split_of(file) if len(files) > 1 else None
        result.pictures += _read_file(file, finder, split, options, result, is_panoptic=is_panoptic)
    return result


def _read_file(
    file: Path, finder: PictureFinder, split: str | None, options: ReadingOptions, result: Source, *, is_panoptic: bool
) -> list[AnnotatedPicture]:
    data = read_json(file, "COCO file")
    names = _category_names(data, file, result)
    images = _images_by_id(data, file)
    beside = next((folder for folder in _folders_of_part(file, options) if folder.is_dir()), None)
    of_image: dict[Any, list[tuple[int, dict]]] = {}
    for number, annotation in enumerate(entry(data, "annotations", list, str(file)), start=1):
        image_id = annotation.get("image_id") if isinstance(annotation, dict) else None
        if not _is_key(image_id, images):
            result.faults.append(f"{file}: annotation {number} is of the picture {image_id!r}, which is not in images")
        else:
            of_image.setdefault(image_id, []).append((number, annotation))
    pictures = []
    for image_id, image_entry in tracked(images.items(), "reading"):
        annotations = of_image.get(image_id, [])
        stated = image_entry["file_name"]
        image = finder.find(stated, beside=beside)
        if image is None:
            result.faults.append(
                f"{file}: the picture {stated!r} was not found (looked in {finder.describe_folders(beside)}); name its "
                "folder with --images"
            )
            continue
        if is_panoptic and not annotations:
            result.notes.append(f"{file}: {stated} has no panoptic label and is left out")
            continue
        size = stated_size(image_entry, "width", "height")
        where = f"{file}: {stated}"
        picture = AnnotatedPicture(image, finder.name_of(image), where, Regions(()), size, split)
        doubled = finder.claim(image, f"{file}: picture {image_id}")
        picture.faults += [] if doubled is None else [doubled]
        make = _panoptic_content if is_panoptic else _instances_content
        picture.content = make(annotations, names, picture, options, file)
        pictures.append(picture)
    return pictures


def _instances_content(
    annotations: list[tuple[int, dict]],
    names: dict[Any, str],
    picture: AnnotatedPicture,
    options: ReadingOptions,
    file: Path,
) -> Regions:
    under, above = [], []
    for number, annotation in annotations:
        try:
            regions = list(_regions(annotation, names, f"annotation {annotation.get('id', number)}"))
            _check_sizes(regions, picture)
        except (DataError, ValueError) as error:
            picture.faults.append(str(error))
            continue
        if annotation.get("iscrowd") and options.crowd == "ignore":
            under += [region._replace(label=_IGNORED_LABEL) for region in regions]
        else:
            above += regions
    return Regions([*under, *above])


def _check_sizes(regions: list[Region], picture: AnnotatedPicture) -> None:
    """Refuse run lengths whose size differs from the picture's: their pixels would be painted in wrong places."""
    for label, shape, place in regions:
        if isinstance(shape, _RunLengths):
            picture.stated_size = picture.stated_size or shape.size_wh
            if shape.size_wh != picture.stated_size:
                (width, height), (stated_width, stated_height) = shape.size_wh, picture.stated_size
                raise DataError(
                    f"{place} ({label!r}) has run lengths of {width}x{height} pixels, but its picture has "
                    f'{stated_width}x{stated_height}; "size" is [height, width]'
                )


def _regions(annotation: dict, names: dict[Any, str], place: str) -> Iterator[Region]:
    category = annotation.get("category_id")
    if not _is_key(category, names):
        raise DataError(f"{place} has the category {category!r}, which is not in categories")
    label, segmentation = names[category], annotation.get("segmentation")
    if not segmentation:
        raise DataError(f"{place} ({label!r}) has no segmentation, only a box; outlines or run lengths are needed")
    if isinstance(segmentation, dict):
        try:
            coco_mask(segmentation)
        except ValueError as error:
            raise DataError(f"{place} ({label!r}): {error}") from error
        yield Region(label, _RunLengths(segmentation), place)
        return
    for outline in segmentation if isinstance(segmentation, list) else [None]:
        points = pairs_of(outline) if isinstance(outline, list) else outline
        # As an array: COCO has 26 million points, and pairs of floats need seven times the memory.
        corners = np.array(read_points(points, 3, f"{place} ({label!r})"))
        yield Region(label, Polygon(corners, rule="area"), place)


@dataclass(frozen=True)
class _RunLengths:
    """A shape given by run lengths, unpacked only when painted: all crowds at once would take gigabytes."""

    segmentation: dict[str, Any]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.segmentation["size"]
        return width, height

    @property
    def bounds(self) -> Bounds:
        width, height = self.size_wh
        return Bounds(0, 0, width - 1, height - 1)

    def mask(self, window: Bounds) -> np.ndarray:
        return Bitmap(coco_mask(self.segmentation)).mask(window)


@dataclass(frozen=True)
class PanopticFile:
    """A PNG file whose colours are numbers of segments: red + 256 green + 65536 blue.

    Attributes:
        path: The file.
        classes: Label of each segment by its number.
        segments: (label, place) of each, for messages.
    """

    path: Path
    classes: dict[int, str]
    segments: list[tuple[str, str]]

    def labels(self) -> Iterator[tuple[str, str]]:
        yield from self.segments

    def label_map(self, size_wh: tuple[int, int], classes: ClassList) -> np.ndarray:
        colours = read_image(self.path).astype(np.int64)
        numbers, places = np.unique(colours @ (1, 256, 65536), return_inverse=True)
        values = np.full(len(numbers), IGNORED, np.uint8)  # 0 is not a segment
        for index, number in enumerate(numbers.tolist()):
            if number in self.classes:
                values[index] = classes.id_of(self.classes[number])
            elif number:
                raise DataError(
                    f"{self.path}: {np.count_nonzero(places == index)} pixels belong to segment {number}, which is "
                    "not in segments_info"
                )
        return values[places].reshape(colours.shape[:2])


def _panoptic_content(
    annotations: list[tuple[int, dict]],
    names: dict[Any, str],
    picture: AnnotatedPicture,
    options: ReadingOptions,
    file: Path,
) -> PanopticFile:
    number, annotation = annotations[0]
    place = f"annotation {number}"
    if len(annotations) > 1:
        picture.faults.append(f"{place} and annotation {annotations[1][0]} are for the same picture; keep one of them")
    classes, segments = {}, []
    name = ""
    try:
        name = entry(annotation, "file_name", str, place)
        for segment in entry(annotation, "segments_info", list, place):
            segment_id = entry(segment, "id", int, place)
            category = segment.get("category_id")
            if not _is_key(category, names):
                raise DataError(
                    f"{place}, segment {segment_id} has the category {category!r}, which is not in categories"
                )
            ignored = segment.get("iscrowd") and options.crowd == "ignore"
            classes[segment_id] = _IGNORED_LABEL if ignored else names[category]
            segments.append((classes[segment_id], f"segment {segment_id}"))
    except DataError as error:
        picture.faults.append(str(error))
    folders = [file.parent / file.stem, file.parent, file.parent.parent / file.stem]
    path = next((folder / name for folder in folders if name and (folder / name).is_file()), folders[0] / name)
    return PanopticFile(path, classes, segments)


def _json_files(source: Path, prefix: str) -> list[Path]:
    """The file, or those of a folder whose names begin like COCO's own; there are others beside them."""
    if source.is_file():
        return [source]
    files = sorted(source.glob("*.json")) or sorted((source / "annotations").glob("*.json"))
    if not files:
        raise DataError(f"{source}: no COCO file (*.json) here or in {source / 'annotations'}; name the file")
    files = [file for file in files if file.name.startswith(prefix)] or files
    if len(files) > 1 and len({_split_of(file) for file in files} - {None}) < len(files):
        names = ", ".join(file.name for file in files[:3]) + (", .." if len(files) > 3 else "")
        raise DataError(f"{files[0].parent}: several COCO files, not one for train and one for val: {names}; name one")
    return files


def _split_of(file: Path) -> str | None:
    """The part a file belongs to, by its name, such as ``instances_train2017.json``."""
    words = re.split(r"[^a-z]+", file.stem.lower())
    return next((mode for word in words if (mode := mode_of(word)) is not None), None)


def _category_names(data: Any, file: Path, result: Source) -> dict[Any, str]:
    names: dict[Any, str] = {}
    listed = []
    for number, category in enumerate(entry(data, "categories", list, str(file)), start=1):
        place = f"{file}: category {number}"
        name, category_id = entry(category, "name", str, place), entry(category, "id", int, place)
        if category_id in names:
            raise DataError(f"{place} has the id {category_id}, as {names[category_id]!r} has; make them different")
        names[category_id] = name
        colour = category.get("color")
        is_colour = isinstance(colour, list) and len(colour) == 3 and all(n in range(256) for n in colour)
        listed.append(NamedClass(name, tuple(colour) if is_colour else None, category_id))
    listed.sort(key=lambda known: known.number)
    if result.classes is not None and [known.name for known in result.classes] != [known.name for known in listed]:
        raise DataError(
            f"{file}: has other categories than the file before it; convert them one by one, with --classes"
        )
    result.classes = listed
    return names


def _is_key(value: Any, known: Mapping[Any, Any]) -> bool:
    return isinstance(value, (int, str)) and value in known


def _images_by_id(data: Any, file: Path) -> dict[Any, dict]:
    images: dict[Any, dict] = {}
    for number, image in enumerate(entry(data, "images", list, str(file)), start=1):
        place = f"{file}: picture {number}"
        entry(image, "file_name", str, place)
        image_id = image.get("id")
        if not isinstance(image_id, (int, str)):
            raise DataError(f"{place}: 'id' is {image_id!r}; it must be a number or a string")
        if image_id in images:
            raise DataError(f"{place} has the id {image_id!r}, as {images[image_id]['file_name']!r} has")
        images[image_id] = image
    if not images:
        raise DataError(f"{file}: has {count_of(0, 'picture')}; there is nothing to convert")
    return images


def _finder(files: list[Path], options: ReadingOptions) -> PictureFinder:
    """A finder for where COCO and other tools keep pictures; with several files, parts keep their folders."""
    file = files[0]  # the others are beside it
    inner, above = file.parent, file.parent.parent
    parts = _folders_of_part(file, options) if len(files) == 1 else []
    folders = [options.images, inner, inner / "images", above / "images", above]
    return PictureFinder(folders, roots=[*parts, options.images, above / "images", inner / "images", inner, above])


def _folders_of_part(file: Path, options: ReadingOptions) -> list[Path]:
    """Folders that may have the pictures of only one file, such as ``train2017`` beside ``annotations``."""
    part = file.stem.removeprefix("instances_").removeprefix("panoptic_").removeprefix("stuff_")
    above = file.parent.parent
    return [folder / part for folder in (options.images, above, above / "images") if folder is not None]
