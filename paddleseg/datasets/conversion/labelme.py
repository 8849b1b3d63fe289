# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""labelme: a JSON file beside each picture (labelme 3 to 6, and tools that write the same).

Pixels are those of labelme's own export: shapes are drawn with Pillow in the order of the file, lines ten
pixels wide, points with a radius of five. ``imageData`` is not read, ``group_id`` and ``flags`` do not change the
classes of pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.datasets.conversion.annotations import AnnotatedPicture, ReadingOptions, Region, Regions, Source
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
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.progress import tracked
from paddleseg.utils.shapes import Bitmap, Ellipse, Line, Point, Polygon, Shape, box

KIND = "labelme file"


def read(folder: Path, options: ReadingOptions) -> Source:
    """Read all JSON files in a folder and below it.

    Raises:
        DataError: There are none.
    """
    files = files_below(folder, ".json")
    if not files:
        raise DataError(f"{folder}: no labelme files (*.json) in this folder or below it")
    source = Source()
    finder = PictureFinder([options.images], roots=[options.images, folder])
    for file in tracked(files, "reading", "file"):
        below = file.parent.relative_to(folder).as_posix()
        try:
            source.pictures.append(read_file(file, read_json(file, KIND), finder, options, below))
        except DataError as error:
            source.faults.append(str(error))
    note_unlabelled(source, folder, (picture.image for picture in source.pictures))
    return source


def read_file(
    file: Path, data: Any, finder: PictureFinder, options: ReadingOptions, below: str = ""
) -> AnnotatedPicture:
    """The picture and the shapes of one file.

    Args:
        file: The JSON file; its picture may be beside it.
        data: Its parsed content.
        finder: Finds pictures.
        options: Width of lines and size of points.
        below: Folder in the result for a picture from elsewhere.

    Raises:
        DataError: It is not a labelme file, or there is no picture.
    """
    shapes = entry(data, "shapes", list, str(file))
    stated = data.get("imagePath")
    image = finder.find(stated if isinstance(stated, str) else None, file.stem, beside=file.parent)
    if image is None:
        folders = finder.describe_folders(file.parent)
        unread = " (imageData is not read)" if data.get("imageData") else ""
        raise DataError(
            f"{file}: its picture {str(stated)!r} was not found (looked in {folders}); put it beside the file, or name "
            f"its folder with --images{unread}"
        )
    doubled = finder.claim(image, str(file), below)
    faults = [] if doubled is None else [doubled]
    regions = []
    for number, shape in enumerate(shapes, start=1):
        try:
            regions.append(_region(shape, f"shape {number}", options))
        except DataError as error:
            faults.append(str(error))
    size = stated_size(data, "imageWidth", "imageHeight")
    return AnnotatedPicture(image, finder.name_of(image, below), str(file), Regions(regions), size, faults=faults)


def _region(data: Any, place: str, options: ReadingOptions) -> Region:
    label = entry(data, "label", str, place)
    kind = data.get("shape_type") or "polygon"
    place_and_label = f"{place} ({label!r})"
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise DataError(f"{place_and_label} has the shape_type {kind!r}. {suggest(kind, _SHAPES)}")
    least, make = _SHAPES[kind]
    points = read_points(data.get("points"), least, f"{place_and_label}, a {kind},")
    return Region(label, make(points, data, options, place_and_label), place)


def _rectangle(points: Sequence[Point], data: Any, options: ReadingOptions, place: str) -> Shape:
    if len(points) > 2:  # some tools write all four corners
        return Polygon(points)
    (x0, y0), (x1, y1) = points
    return box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _circle(points: Sequence[Point], data: Any, options: ReadingOptions, place: str) -> Shape:
    centre, on_rim = points[:2]
    return Ellipse.circle(centre, math.dist(centre, on_rim))


def _line(points: Sequence[Point], data: Any, options: ReadingOptions, place: str) -> Shape:
    return Line(points, options.line_width, round_joints=data.get("shape_type") == "linestrip")


def _mask(points: Sequence[Point], data: Any, options: ReadingOptions, place: str) -> Shape:
    pixels = decode_mask(decode_base64(data.get("mask"), place), place)
    (left, top), (right, bottom) = np.rint(points[:2]).astype(int).tolist()
    if all(number.is_integer() for point in points[:2] for number in point):  # as labelme crops it
        pixels = pixels[: max(bottom - top + 1, 0), : max(right - left + 1, 0)]
    if not pixels.size:
        raise DataError(f"{place}: its mask has no pixels between {points[0]} and {points[1]}")
    return Bitmap(pixels, left, top)


_SHAPES: dict[str, tuple[int, Callable[[Sequence[Point], Any, ReadingOptions, str], Shape]]] = {
    "polygon": (3, lambda points, *_: Polygon(points)),
    "rectangle": (2, _rectangle),
    "circle": (2, _circle),
    "line": (2, _line),
    "linestrip": (2, _line),
    "point": (1, lambda points, data, options, place: Ellipse.circle(points[0], options.point_size)),
    "mask": (2, _mask),
    "oriented_rectangle": (4, lambda points, *_: Polygon(points)),
    "rotation": (4, lambda points, *_: Polygon(points)),
}
"""Fewest points and what they become, by ``shape_type``; the last is that of AnyLabeling."""
