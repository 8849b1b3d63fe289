# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The reverse: labels of a data set as labelme files, for manual correction.

Every region of connected pixels becomes a polygon of its outermost pixels, which labelme draws to the same pixels
again. labelme has no holes: regions inside another are painted over it, so regions are ordered by size.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from paddleseg.datasets.conversion.class_list import IGNORED, ClassList, NamedClass, background_of
from paddleseg.datasets.conversion.writer import ALL, CLASS_NAMES
from paddleseg.datasets.dataset import read_file_list
from paddleseg.datasets.splitting import MODES
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_label
from paddleseg.utils.progress import tracked
from paddleseg.utils.shapes import Polygon, paint
from paddleseg.utils.written_files import WrittenFiles

_VERSION = "5.0.1"
"""Of the format; newer versions of labelme read it."""
_IGNORED_LABEL = "__ignore__"


class _Region(NamedTuple):
    value: int
    points: list[tuple[int, int]]
    area: float


def write_labelme(
    folder: Path, target: Path, classes: Sequence[NamedClass], *, separator: str = " ", tolerance: float = 0
) -> int:
    """Write a labelme file for each picture of a data set.

    Args:
        folder: The data set: lists and their files.
        target: Folder for the files; ``imagePath`` leads from there to the pictures, which are not moved.
        classes: In the order of their ids.
        separator: Of the lists.
        tolerance: By how many pixels outlines may differ, to have fewer points; 0 gives the same pixels again.

    Returns:
        Number of files.

    Raises:
        DataError: The data set cannot be read, a label has values that are not classes, or a file would be replaced.
    """
    names = ClassList(classes, unlabelled_is_ignored=True).names
    pairs = _pairs(folder, separator)
    stems: dict[str, str] = {}
    for image, _ in pairs:
        name = os.path.splitext(os.path.relpath(image, folder))[0].removeprefix(f"images{os.sep}")
        other = stems.setdefault(name, image)
        if other != image:
            raise DataError(
                f"{image}: its labelme file would have the same name as that of {other}; rename one of them"
            )
    files = {image: target / f"{name}.json" for name, image in stems.items()}
    written = WrittenFiles(target)
    written.refuse_foreign(files.values())
    for image, label in tracked(pairs, "writing"):
        label_map = read_label(label)
        wrong = [value for value in np.unique(label_map).tolist() if value != IGNORED and value >= len(names)]
        if wrong:
            raise DataError(
                f"{label}: holds the value {wrong[0]}, but there are {len(names)} classes, from 0 on, and 255"
            )
        content = labelme_content(label_map, names, tolerance=tolerance)
        content["imagePath"] = Path(os.path.relpath(image, files[image].parent)).as_posix()
        written.write(files[image], json.dumps(content, indent=2, ensure_ascii=False).encode())
    return len(pairs)


def labelme_content(label_map: np.ndarray, names: Sequence[str], *, tolerance: float = 0) -> dict[str, Any]:
    """The content of a labelme file for a label, except for the picture's path.

    Args:
        label_map: (H, W) uint8 class ids.
        names: Of the classes by id; 255 is ``__ignore__``, and a class ``_background_`` is everything not covered by
            shapes.
        tolerance: By how many pixels outlines may differ.
    """
    shapes = []
    for region in _painted(label_map, background_of(names), tolerance):
        shapes.append(
            {
                "label": _IGNORED_LABEL if region.value == IGNORED else names[region.value],
                "points": [[float(x), float(y)] for x, y in region.points],
                "group_id": None,
                "description": "",
                "shape_type": "polygon",
                "flags": {},
            }
        )
    height, width = label_map.shape
    return {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": "",
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }


def _painted(label_map: np.ndarray, background: int | None, tolerance: float) -> Iterator[_Region]:
    """The regions to paint, in order: those of the background only on top of others.

    Args:
        label_map: (H, W) uint8.
        background: The value of pixels not covered by shapes; None: there is none.
        tolerance: See ``labelme_content``.
    """
    canvas = np.full_like(label_map, 0 if background is None else background)
    for region in sorted(_regions(label_map, tolerance), key=lambda region: -region.area):
        shape = Polygon(region.points)
        left, top, right, bottom = shape.bounds
        before = canvas[top : bottom + 1, left : right + 1].copy()
        paint(canvas, shape, region.value)
        if region.value != background or not np.array_equal(before, canvas[top : bottom + 1, left : right + 1]):
            yield region


def _regions(label_map: np.ndarray, tolerance: float) -> Iterator[_Region]:
    """All regions of connected pixels, with the pixels on their outer rims.

    Pixels connect by their sides: of two such regions one surrounds the other, or neither has a pixel within the rim
    of the other, so that painting them by size loses none.
    """
    for value in np.unique(label_map).tolist():
        mask = (label_map == value).astype(np.uint8)
        _, numbers, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        for number, (left, top, width, height, _) in enumerate(boxes[1:].tolist(), start=1):
            part = numbers[top : top + height, left : left + width] == number
            (outline, *_), _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            area = cv2.contourArea(outline)
            if tolerance > 0:
                outline = cv2.approxPolyDP(outline, tolerance, closed=True)
            points = [(int(x) + left, int(y) + top) for x, y in outline[:, 0]]
            yield _Region(value, [*points, *[points[-1]] * (3 - len(points))], area)  # labelme requires three


def _pairs(folder: Path, separator: str) -> list[tuple[str, str]]:
    lists = [name for name in (ALL, *(f"{mode}.txt" for mode in MODES)) if (folder / name).is_file()]
    if not lists:
        raise DataError(f"{folder}: none of {ALL}, train.txt and val.txt is there; give the folder of a data set")
    lists = [ALL] if ALL in lists else lists
    pairs = [pair for name in lists for pair in read_file_list(str(folder / name), str(folder), separator)]
    return list(dict.fromkeys((image, label) for image, label in pairs if label is not None))


def default_class_list(folder: Path) -> Path:
    """The file of class names in a converted data set."""
    return folder / CLASS_NAMES
