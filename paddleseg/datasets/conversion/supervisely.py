# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Supervisely: a project's meta.json, and in each data set ``img`` with pictures and ``ann`` with their JSON files.

Data sets may be nested, as in ``one/datasets/two``.
"""

from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from paddleseg.datasets.conversion.annotations import (
    AnnotatedPicture,
    ReadingOptions,
    Region,
    Regions,
    Source,
    mode_of,
)
from paddleseg.datasets.conversion.class_list import NamedClass, colour_of_hex
from paddleseg.datasets.conversion.json_files import (
    decode_base64,
    decode_mask,
    entry,
    read_json,
    read_points,
    stated_size,
)
from paddleseg.datasets.conversion.pictures import PictureFinder, files_below, note_unlabelled
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_headers import PNG_SIGNATURE
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.progress import tracked
from paddleseg.utils.shapes import Bitmap, Ellipse, Line, Point, Polygon, Shape, box

_KIND = "Supervisely file"
_SHAPES = ("polygon", "bitmap", "rectangle", "line", "polyline", "point")
_WITHOUT_PIXELS = ("graph", "cuboid", "cuboid_2d", "any")
_MOST_BYTES = 1 << 28
"""Of an unpacked mask: a PNG of one bit has far fewer."""


def read(folder: Path, options: ReadingOptions) -> Source:
    """Read a project, or one data set of it.

    Raises:
        DataError: There are no annotations.
    """
    folders = sorted(path.parent for path in folder.rglob("ann") if path.is_dir())
    if not folders:
        raise DataError(f"{folder}: no folder ann here or below; give the folder of a Supervisely project")
    source = Source(classes=_classes(folder))
    left_out: Counter[str] = Counter()
    modes = {dataset: mode_of(dataset.name) for dataset in folders}
    is_split = None not in modes.values()
    root = folder if len(folders) > 1 else folders[0] / "img"
    finder = PictureFinder([options.images], roots=[options.images, root])
    for dataset in folders:
        for file in tracked(files_below(dataset / "ann", ".json"), f"reading {dataset.name}", "file"):
            try:
                picture = _read_file(file, dataset, finder, options, left_out)
            except DataError as error:
                source.faults.append(str(error))
                continue
            picture.split = modes[dataset] if is_split else None
            source.pictures.append(picture)
    for dataset in folders:
        note_unlabelled(source, dataset / "img", (picture.image for picture in source.pictures))
    source.note_left_out(left_out)
    return source


def _read_file(
    file: Path, dataset: Path, finder: PictureFinder, options: ReadingOptions, left_out: Counter[str]
) -> AnnotatedPicture:
    data = read_json(file, _KIND)
    objects = entry(data, "objects", list, str(file))
    # a.jpg.json belongs to a.jpg; old projects have a.json.
    image = finder.find(file.stem, file.stem, beside=dataset / "img")
    if image is None:
        raise DataError(
            f"{file}: its picture {file.stem} was not found (looked in {finder.describe_folders(dataset / 'img')}); "
            "name its folder with --images"
        )
    doubled = finder.claim(image, str(file))
    faults = [] if doubled is None else [doubled]
    regions = []
    for number, item in enumerate(objects, start=1):
        kind = item.get("geometryType", item.get("shape")) if isinstance(item, dict) else None
        if isinstance(kind, str) and kind in _WITHOUT_PIXELS:
            left_out[kind] += 1
            continue
        try:
            regions += _regions(item, kind, f"object {number}", options)
        except DataError as error:
            faults.append(str(error))
    size = data.get("size")
    size = stated_size(size, "width", "height") if isinstance(size, dict) else None
    return AnnotatedPicture(image, finder.name_of(image), str(file), Regions(regions), size, faults=faults)


def _regions(item: Any, kind: Any, place: str, options: ReadingOptions) -> list[Region]:
    label = entry(item, "classTitle", str, place)
    place_and_label = f"{place} ({label!r})"
    if kind not in _SHAPES:
        raise DataError(f"{place_and_label} has the geometryType {kind!r}. {suggest(kind, _SHAPES)}")
    if kind == "bitmap":
        shapes: list[Shape] = [_bitmap(entry(item, "bitmap", dict, place_and_label), place_and_label)]
    else:
        points = entry(item, "points", dict, place_and_label)
        least = {"polygon": 3, "point": 1}.get(kind, 2)
        outline = read_points(points.get("exterior"), least, f"{place_and_label}, a {kind},")
        interior = points.get("interior") or []
        if not isinstance(interior, list):
            raise DataError(f"{place_and_label}: 'interior' is {str(interior)[:40]!r}; it must be a list of holes")
        holes = [read_points(hole, 3, f"{place_and_label}, a hole,") for hole in interior]
        shapes = _drawn(kind, outline, holes, options)
    return [Region(label, shape, place) for shape in shapes]


def _drawn(kind: str, outline: list[Point], holes: list[list[Point]], options: ReadingOptions) -> list[Shape]:
    if kind == "polygon":
        return [Polygon(outline, holes)]
    if kind == "rectangle":
        (x0, y0), (x1, y1) = outline[:2]
        return [box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))]
    if kind == "point":
        return [Ellipse.circle(point, options.point_size) for point in outline]
    return [Line(outline, options.line_width)]


def _bitmap(data: dict[str, Any], place: str) -> Bitmap:
    png = decode_base64(data.get("data"), place)
    if not png.startswith(PNG_SIGNATURE):  # newer projects need not pack it
        unpacker = zlib.decompressobj()
        try:
            png = unpacker.decompress(png, _MOST_BYTES)
        except zlib.error as error:
            raise DataError(f"{place}: its bitmap cannot be unpacked ({error})") from error
        if not unpacker.eof:
            raise DataError(f"{place}: its bitmap cannot be unpacked (it ends too early, or has more than 256 MB)")
    ((left, top),) = read_points([data.get("origin")], 1, f"{place}, its bitmap's origin,")
    return Bitmap(decode_mask(png, place), int(left), int(top))


def _classes(folder: Path) -> list[NamedClass] | None:
    """The classes of meta.json, in its order; it is in the project's folder, above its data sets."""
    path = next((place / "meta.json" for place in (folder, folder.parent) if (place / "meta.json").is_file()), None)
    if path is None:
        return None
    classes = []
    for number, item in enumerate(entry(read_json(path, _KIND), "classes", list, str(path)), start=1):
        title = entry(item, "title", str, f"{path}: class {number}")
        classes.append(NamedClass(title, colour_of_hex(item.get("color"))))
    return classes or None
