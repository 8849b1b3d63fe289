# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of Cityscapes with the 19 train ids, from what the download has: labels of all ids, or polygons.

Polygons are drawn as the package cityscapesscripts draws them, by the rule ``pixels`` of ``paddleseg.utils.shapes``.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from paddleseg.datasets.conversion.json_files import entry, read_json, read_points
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_bytes import pixel_bound
from paddleseg.utils.image_io import read_label
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.shapes import Polygon, paint
from paddleseg.utils.visualize import encode_image

IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""The id of each train id; all others are ignored."""
IGNORED = 255

_NAMES = (
    "unlabeled", "ego vehicle", "rectification border", "out of roi", "static", "dynamic", "ground", "road", "sidewalk",
    "parking", "rail track", "building", "wall", "fence", "guard rail", "bridge", "tunnel", "pole", "polegroup",
    "traffic light", "traffic sign", "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus",
    "caravan", "trailer", "train", "motorcycle", "bicycle",
)  # fmt: skip
"""The name of each id (labels.py of cityscapesscripts)."""
_NOT_DRAWN = "license plate"  # its id is -1
_GROUP = "group"  # "cargroup": several cars that nobody outlined one by one

LABEL_SUFFIX, POLYGON_SUFFIX, TARGET_SUFFIX = "_labelIds.png", "_polygons.json", "_labelTrainIds.png"


def convert_folder(folder: Path, workers: int) -> tuple[int, int]:
    """Write ``*_labelTrainIds.png`` beside every label or polygon file of ``gtFine``; those that are there stay.

    Args:
        folder: Holds ``<train, val, ..>/<city>``.
        workers: Labels that are converted at once.

    Returns:
        How many were written, and how many were there.

    Raises:
        DataError: There is nothing to convert, or a file is damaged.
    """
    sources = {str(path)[: -len(POLYGON_SUFFIX)]: path for path in folder.glob(f"*/*/*{POLYGON_SUFFIX}")}
    sources |= {str(path)[: -len(LABEL_SUFFIX)]: path for path in folder.glob(f"*/*/*{LABEL_SUFFIX}")}
    if not sources:
        raise DataError(
            f"{folder}: no labels <train, val, ..>{os.sep}<city>{os.sep}*{LABEL_SUFFIX} or *{POLYGON_SUFFIX}"
        )
    with ThreadPoolExecutor(workers) as pool:  # decoding and encoding let other threads run
        written = sum(pool.map(lambda name: _convert(sources[name], Path(name + TARGET_SUFFIX)), sorted(sources)))
    return written, len(sources) - written


def train_ids_of_ids(label: np.ndarray) -> np.ndarray:
    """Train ids, uint8, of a label of ids, uint8."""
    table = np.full(256, IGNORED, np.uint8)
    table[list(IDS)] = np.arange(len(IDS))
    return table[label]


def train_ids_of_polygons(file: Path) -> np.ndarray:
    """Train ids of the polygons in a ``*_polygons.json``, (H, W) uint8.

    Raises:
        DataError: The file is broken, or has a label that is none of Cityscapes.
    """
    data = read_json(file, "polygon file")
    size = [entry(data, key, int, str(file)) for key in ("imgHeight", "imgWidth")]
    if min(size) < 1 or size[0] * size[1] > pixel_bound():
        raise DataError(f"{file}: says that its picture has {size[1]}x{size[0]} pixels, which none has")
    label_map = np.full(size, IGNORED, np.uint8)
    train_ids = train_ids_of_ids(np.arange(len(_NAMES), dtype=np.uint8)).tolist()
    for number, item in enumerate(entry(data, "objects", list, str(file)), start=1):
        place = f"{file}: object {number}"
        label = entry(item, "label", str, place)
        if item.get("deleted"):
            continue
        name = _name_of(label, place)
        if name != _NOT_DRAWN:
            points = read_points(item.get("polygon"), 1, f"{place} ({name!r})")
            paint(label_map, Polygon(points), train_ids[_NAMES.index(name)])
    return label_map


def _name_of(label: str, place: str) -> str:
    names = (*_NAMES, _NOT_DRAWN)
    name = label if label in names else label.removesuffix(_GROUP)
    if name not in names:
        raise DataError(f"{place}: the label {label!r} is none of Cityscapes. {suggest(label, names)}")
    return name


def _convert(source: Path, target: Path) -> bool:
    if target.exists():
        return False
    is_polygons = source.name.endswith(POLYGON_SUFFIX)
    label = train_ids_of_polygons(source) if is_polygons else train_ids_of_ids(read_label(source))
    write_atomically(target, encode_image(label))
    return True
