# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels as polygons, in the JSON files of Cityscapes and of the India Driving Dataset.

Objects are drawn in the order of the file, each over those before it: this determines what is in front, and is the only
way to make a hole. Pillow fills the polygons, as in the tools of the two data sets, so with the same version of Pillow
the label equals theirs to the pixel (json2labelImg.py of github.com/mcordts/cityscapesScripts and of
github.com/AutoNUE/public-code). The PNG files in Cityscapes' download were drawn by a Pillow of 2016, whose edges may
differ by a pixel; if available, they are the labels to use.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_file
from paddleseg.utils.near_miss import ask_for_nearest
from paddleseg.utils.shapes import Polygon, paint

_GROUP = "group"
_LARGEST_SIDE = 1 << 15


@dataclass(frozen=True)
class PolygonRules:
    """How objects become a label.

    Attributes:
        ids: Name of a label to its number in the label, or None if it is not drawn. ``cargroup`` is ``car`` if only
            that is named.
        background: Number of the pixels not covered by polygons.
        leaves_out_lines: Whether objects of fewer than three points are left out, as by the tools of the India Driving
            Dataset; else two are drawn as a line, and fewer are an error.
    """

    ids: Mapping[str, int | None]
    background: int
    leaves_out_lines: bool = False


def draw_polygon_label(path: str | os.PathLike, rules: PolygonRules) -> np.ndarray:
    """Draw the label of a ``*_polygons.json``.

    Returns:
        (H, W) uint8, of the size stated in the file.

    Raises:
        DataError: The file is missing, not JSON, not of this form, or has an object with an unknown name.
    """
    content = _read(path)
    label = np.full((content["imgHeight"], content["imgWidth"]), rules.background, np.uint8)
    for number, item in enumerate(content["objects"]):
        points = _points_of(item, f"{path}: object {number}", rules)
        if points is None:
            continue
        value = _id_of(item["label"], f"{path}: object {number}", rules)
        if value is not None:
            paint(label, Polygon(points), value)
    return label


def _read(path: str | os.PathLike) -> dict[str, Any]:
    try:
        content = json.loads(read_file(path, "label"))
    except ValueError as error:  # from decoding, too
        raise DataError(f"{path}: the label is not JSON ({error})") from None
    if not isinstance(content, dict) or not isinstance(content.get("objects"), list):
        raise DataError(f"{path}: has no list 'objects'; a label of polygons has imgWidth, imgHeight and objects")
    for name in ("imgWidth", "imgHeight"):
        side = content.get(name)
        if not isinstance(side, int) or not 1 <= side <= _LARGEST_SIDE:
            raise DataError(f"{path}: {name} is {side!r}; it must be a whole number from 1 to {_LARGEST_SIDE}")
    return content


def _points_of(item: Any, place: str, rules: PolygonRules) -> list[tuple[float, float]] | None:
    """The corners of an object; None if it is not drawn."""
    if not isinstance(item, dict) or not isinstance(item.get("label"), str):
        raise DataError(f"{place} has no label; an object has 'label' and 'polygon'")
    if item.get("deleted"):
        return None
    polygon = item.get("polygon")
    try:
        points = [(x, y) for x, y in polygon]
        is_right = all(isinstance(number, (int, float)) and abs(number) < 1e9 for point in points for number in point)
    except (TypeError, ValueError):
        is_right = False
    if not is_right:
        raise DataError(f"{place} ({item['label']}) has a polygon that is not a list of [x, y]")
    if len(points) < 3 and rules.leaves_out_lines:
        return None
    if len(points) < 2:
        raise DataError(f"{place} ({item['label']}) has {len(points)} points; a polygon needs three")
    return points


def _id_of(name: str, place: str, rules: PolygonRules) -> int | None:
    known = rules.ids
    if name not in known:
        name = name.removesuffix(_GROUP)
    if name in known:
        return known[name]
    raise DataError(f"{place}: no label {name!r}. {ask_for_nearest(name, known)}There are {len(known)} labels")
