# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Annotation files with any value replaced: they are read, or refused as a fault of the user's files."""

import copy
import json

import numpy as np
import pytest

from paddleseg.utils.errors import UserError
from tests.datasets.conversion.annotated import convert, picture, write_json

JUNK = (None, True, -1, 0, 7, 1e300, float("nan"), "", "x", "\u4e2d", [], [[]], {}, [None], {"x": 1}, [[1, 2]], "1,2")
OUTLINE = [[0, 0], [5, 0], [5, 4]]
LABELME = {
    "shapes": [
        {"label": "car", "points": OUTLINE, "shape_type": "polygon", "group_id": None, "flags": {}},
        {"label": "tree", "points": [[1, 1], [2, 2]], "shape_type": "circle"},
        {"label": "tree", "points": [[1, 1], [2, 2]], "shape_type": "mask", "mask": "iVBORw0KGgo="},
    ],
    "imagePath": "a.png", "imageData": None, "imageWidth": 8, "imageHeight": 6,
}  # fmt: skip
COCO = {
    "images": [{"id": 0, "file_name": "a.png", "width": 8, "height": 6}],
    "annotations": [
        {"id": 1, "image_id": 0, "category_id": 3, "segmentation": [[0, 0, 5, 0, 5, 4]], "iscrowd": 0},
        {"id": 2, "image_id": 0, "category_id": 3, "segmentation": {"counts": [0, 48], "size": [6, 8]}, "iscrowd": 1},
    ],
    "categories": [{"id": 3, "name": "car", "color": [1, 2, 3]}],
}  # fmt: skip
PANOPTIC = {
    **COCO,
    "annotations": [{"image_id": 0, "file_name": "a.png", "segments_info": [{"id": 8421504, "category_id": 3}]}],
}
SUPERVISELY = {
    "size": {"width": 8, "height": 6},
    "objects": [
        {"classTitle": "car", "geometryType": "polygon", "points": {"exterior": OUTLINE, "interior": [OUTLINE]}},
        {"classTitle": "car", "geometryType": "bitmap", "bitmap": {"data": "eJw=", "origin": [0, 0]}},
    ],
}
EISEG = [{"name": "car", "labelIdx": 1, "color": [1, 2, 3], "points": OUTLINE}]
FILES = {
    "labelme": ("a.json", LABELME),
    "coco": ("a.json", COCO),
    "coco_panoptic": ("a.json", PANOPTIC),
    "supervisely": ("ann/a.png.json", SUPERVISELY),
    "eiseg": ("label/a.json", EISEG),
}


def places(content, path=()):
    """The paths of all values in a tree."""
    yield path
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def with_value(content, path, value):
    if not path:
        return value
    spoilt = copy.deepcopy(content)
    holder = spoilt
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return spoilt


@pytest.mark.parametrize("kind", list(FILES))
def test_any_value_that_is_another_one_is_read_or_refused(kind, tmp_path):
    name, content = FILES[kind]
    for folder in ("", "img"):
        picture(tmp_path / "source" / folder / "a.png")
    source = tmp_path / "source" / ("label" if kind == "eiseg" else "")
    rng = np.random.default_rng(0)
    cases = [(path, value) for path in places(content) for value in JUNK]
    for number in rng.permutation(len(cases))[:100]:
        path, value = cases[number]
        file = write_json(tmp_path / "source" / name, with_value(content, path, value))
        try:
            convert(kind, source, tmp_path / "out", skip_faulty=bool(number % 2))
        except UserError as error:
            assert str(error)
        except Exception as error:
            raise AssertionError(f"{path} = {json.dumps(value)} in {file}") from error
