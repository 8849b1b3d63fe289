# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""CVAT: "CVAT for images" (annotations.xml, version 1.1) and "Segmentation mask".

In the XML file a higher ``z_order`` is on top; if equal, the later shape. Run lengths of a mask go along the rows of
its box. Pictures of a project have a ``subset``, which is also the folder that they are exported to.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from paddleseg.datasets.conversion import colours
from paddleseg.datasets.conversion.annotations import (
    AnnotatedPicture,
    ReadingOptions,
    Region,
    Regions,
    Source,
    mode_of,
)
from paddleseg.datasets.conversion.class_list import NamedClass, colour_of_hex
from paddleseg.datasets.conversion.json_files import is_coordinate, read_points
from paddleseg.datasets.conversion.pictures import PictureFinder
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_file
from paddleseg.utils.progress import tracked
from paddleseg.utils.run_lengths import mask_of_runs
from paddleseg.utils.shapes import Bitmap, Ellipse, Line, Shape, box, ellipse_in_plane
from paddleseg.utils.shapes import Polygon as PolygonShape

_XML_NAME = "annotations.xml"
_WITHOUT_PIXELS = ("tag", "cuboid", "skeleton")


def read(source: Path, options: ReadingOptions) -> Source:
    """Read ``annotations.xml``, or a folder that contains it, or one of a "Segmentation mask" export.

    Raises:
        DataError: It is none of these, or the XML file is broken or for a video.
    """
    file = source if source.is_file() else source / _XML_NAME
    if not file.is_file() and (source / colours.LABEL_MAP_NAME).is_file():
        return colours.read(source, options)
    if not file.is_file():
        raise DataError(
            f"{source}: neither {_XML_NAME} (CVAT for images 1.1) nor {colours.LABEL_MAP_NAME} (Segmentation mask 1.1) "
            "is there; unpack the export and give its folder"
        )
    return _read_xml(file, options)


def _read_xml(file: Path, options: ReadingOptions) -> Source:
    root = _parse(file)
    if root.find("track") is not None:
        raise DataError(
            f"{file}: holds tracks of a video (CVAT for video); export the task as 'CVAT for images 1.1' or as "
            "'Segmentation mask 1.1'"
        )
    source = Source(classes=_classes(root))
    folder = file.parent / "images"
    finder = PictureFinder([options.images, folder, file.parent])
    left_out: Counter[str] = Counter()
    nodes = list(root.iter("image"))
    if not nodes:
        raise DataError(f"{file}: has no <image>; export a task or project that has pictures")
    for number, image_node in enumerate(tracked(nodes, "reading"), start=1):
        name, subset = image_node.get("name", ""), image_node.get("subset", "")
        where = f"{file}: {name}"
        image = finder.find(name, beside=(options.images or folder) / subset)
        if image is None:
            source.faults.append(
                f"{where}: it was not found (looked in {finder.describe_folders()}); name its folder with --images"
            )
            continue
        picture = AnnotatedPicture(image, finder.name_of(image), where, Regions(()), _size(image_node))
        picture.split = mode_of(subset)
        doubled = finder.claim(image, f"{file}: image {number}")
        picture.faults += [] if doubled is None else [doubled]
        picture.content = _regions(image_node, options, picture.faults, left_out)
        source.pictures.append(picture)
    source.note_left_out(left_out)
    if any(picture.split is None for picture in source.pictures):  # the others may go to any part
        for picture in source.pictures:
            picture.split = None
    return source


def _regions(
    image_node: ElementTree.Element, options: ReadingOptions, faults: list[str], left_out: Counter[str]
) -> Regions:
    found: list[tuple[int, Region]] = []
    for number, node in enumerate(image_node, start=1):
        if node.tag in _WITHOUT_PIXELS:
            left_out[node.tag] += 1
            continue
        label = node.get("label", "")
        place = f"shape {number} ({node.tag} {label!r})"
        try:
            make = _SHAPES.get(node.tag)
            if make is None:
                raise DataError(f"{place} is of an unknown kind; known: {', '.join(_SHAPES)}")
            shapes = make(node, options, place)
            order = int(_number(node, "z_order", "0"))
        except (DataError, ValueError) as error:
            text = str(error)
            faults.append(text if text.startswith(place) else f"{place}: {text}")
            continue
        found += [(order, Region(label, shape, f"shape {number}")) for shape in shapes]
    return Regions([region for _, region in sorted(found, key=lambda pair: pair[0])])  # stable: later ones stay later


def _points(node: ElementTree.Element, least: int, place: str) -> list[tuple[float, float]]:
    texts = [point.split(",") for point in node.get("points", "").split(";") if point.strip()]
    try:
        numbers = [[float(number) for number in point] for point in texts]
    except ValueError as error:
        raise DataError(f"{place} has points that are not numbers ({error})") from error
    return read_points(numbers, least, place)


def _number(node: ElementTree.Element, name: str, default: str | None = None) -> float:
    text = node.get(name, default)
    if text is None:
        raise ValueError(f"has no {name}")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not is_coordinate(number):
        raise ValueError(f"has {name}={text!r}; it must be a number from -1000000 to 1000000")
    return number


def _numbers(node: ElementTree.Element, *names: str) -> list[float]:
    return [_number(node, name) for name in names]


def _box(node: ElementTree.Element, options: ReadingOptions, place: str) -> list[Shape]:
    left, top, right, bottom = _numbers(node, "xtl", "ytl", "xbr", "ybr")
    return [box(left, top, right, bottom, "area", _number(node, "rotation", "0"))]


def _ellipse(node: ElementTree.Element, options: ReadingOptions, place: str) -> list[Shape]:
    x, y, rx, ry = _numbers(node, "cx", "cy", "rx", "ry")
    return [ellipse_in_plane((x, y), (rx, ry), _number(node, "rotation", "0"))]


def _mask(node: ElementTree.Element, options: ReadingOptions, place: str) -> list[Shape]:
    left, top, width, height = (int(number) for number in _numbers(node, "left", "top", "width", "height"))
    if width < 1 or height < 1:
        raise ValueError(f"the mask has {width}x{height} pixels")
    try:
        runs = [int(run) for run in node.get("rle", "").split(",")]
    except ValueError as error:
        raise ValueError(f"its run lengths are not whole numbers ({error})") from error
    return [Bitmap(mask_of_runs(runs, (height, width), by_columns=False), left, top)]


_SHAPES: dict[str, Callable[[ElementTree.Element, ReadingOptions, str], list[Shape]]] = {
    "polygon": lambda node, _, place: [PolygonShape(_points(node, 3, place), rule="area")],
    "box": _box,
    "ellipse": _ellipse,
    "mask": _mask,
    "polyline": lambda node, options, place: [Line(_points(node, 2, place), options.line_width)],
    "points": lambda node, options, place: [
        Ellipse.circle(point, options.point_size) for point in _points(node, 1, place)
    ],
}


def _parse(file: Path) -> ElementTree.Element:
    data = read_file(file, "CVAT file")
    # Entities can expand to billions of letters; CVAT writes none, and UTF-8, in which they are visible.
    if b"\0" in data or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DataError(f"{file}: declares a document type or is not UTF-8, unlike CVAT's files; refused")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise DataError(f"{file}: the CVAT file is damaged, or not XML ({error})") from error
    if root.tag != "annotations":
        raise DataError(f"{file}: begins with <{root.tag}>; a file of CVAT begins with <annotations>")
    return root


def _classes(root: ElementTree.Element) -> list[NamedClass] | None:
    """The labels of the task in its order, with their colours; the points of skeletons have a parent, and no pixels."""
    classes = []
    for node in root.iterfind("meta//labels/label"):
        name = node.findtext("name")
        if name and not node.findtext("parent"):
            classes.append(NamedClass(name, colour_of_hex(node.findtext("color"))))
    return classes or None


def _size(node: ElementTree.Element) -> tuple[int, int] | None:
    width, height = node.get("width", ""), node.get("height", "")
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else None
