# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels as labelme files and back."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from paddleseg.datasets.conversion.class_list import NamedClass
from paddleseg.datasets.conversion.to_labelme import labelme_content, write_labelme
from paddleseg.utils.errors import DataError
from paddleseg.utils.shapes import Polygon, paint
from tests.datasets.conversion.annotated import convert, picture, write_json
from tests.messages import naming

NAMES = ["_background_", "a", "b", "c"]


def painted(content):
    """What labelme draws of a file."""
    label_map = np.zeros((content["imageHeight"], content["imageWidth"]), np.uint8)
    for shape in content["shapes"]:
        value = 255 if shape["label"] == "__ignore__" else NAMES.index(shape["label"])
        paint(label_map, Polygon([tuple(point) for point in shape["points"]]), value)
    return label_map


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(1, 24), st.integers(1, 24), st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_every_label_map_is_painted_to_the_same_pixels_again(height, width, classes, block, seed):
    coarse = np.random.default_rng(seed).integers(0, classes, (-(-height // block), -(-width // block)))
    label = np.kron(coarse, np.ones((block, block), int))[:height, :width].astype(np.uint8)
    label[label == 3] = 255
    content = labelme_content(label, NAMES)
    assert np.array_equal(painted(content), label)
    assert all(len(shape["points"]) >= 3 for shape in content["shapes"])  # labelme refuses fewer


def test_rings_within_rings_need_no_holes():
    label = np.zeros((41, 41), np.uint8)
    for radius, value in ((19, 1), (15, 2), (11, 0), (7, 1), (3, 3)):
        cv2.circle(label, (20, 20), radius, value, -1)
    content = labelme_content(label, NAMES)
    assert [shape["label"] for shape in content["shapes"]] == ["a", "b", "_background_", "a", "c"]
    assert np.array_equal(painted(content), label)


def test_without_a_background_every_pixel_is_painted():
    label = np.array([[0, 0, 1], [0, 0, 1]], np.uint8)
    shapes = labelme_content(label, ["sky", "road"])["shapes"]
    assert [shape["label"] for shape in shapes] == ["sky", "road"]


def test_outlines_within_a_tolerance_have_fewer_points_and_differ_by_no_more():
    label = np.zeros((101, 101), np.uint8)
    cv2.circle(label, (50, 50), 40, 1, -1)
    exact, rough = labelme_content(label, NAMES), labelme_content(label, NAMES, tolerance=1)
    assert len(rough["shapes"][0]["points"]) < len(exact["shapes"][0]["points"]) / 2
    other = painted(rough)
    near = cv2.dilate(label, np.ones((3, 3), np.uint8)), cv2.erode(label, np.ones((3, 3), np.uint8))
    assert (near[1] <= other).all() and (other <= near[0]).all()


def test_labelme_to_png_to_labelme_moves_no_vertex_by_more_than_a_pixel(tmp_path):
    points = [[10.3, 5.8], [50.9, 9.1], [44.2, 40.7], [12.6, 33.4]]
    picture(tmp_path / "source/a.png", (64, 48))
    shape = {"label": "a", "shape_type": "polygon", "points": points}
    write_json(
        tmp_path / "source/a.json", {"shapes": [shape], "imagePath": "a.png", "imageWidth": 64, "imageHeight": 48}
    )
    convert("labelme", tmp_path / "source", tmp_path / "data")
    classes = [NamedClass("_background_"), NamedClass("a")]
    assert write_labelme(tmp_path / "data", tmp_path / "back", classes) == 1
    content = json.loads((tmp_path / "back/a.json").read_text())
    (found,) = content["shapes"]
    outline = np.array(found["points"])
    assert all(np.abs(outline - vertex).max(axis=1).min() < 1 for vertex in points)
    straight = np.array(points, np.float32)
    assert all(abs(cv2.pointPolygonTest(straight, (x, y), True)) < 1.5 for x, y in outline)
    convert("labelme", tmp_path / "back", tmp_path / "again")
    labels = [(tmp_path / f"{folder}/annotations/a.png").read_bytes() for folder in ("data", "again")]
    assert labels[0] == labels[1]


def test_the_files_lead_to_the_pictures_and_replace_no_others(tmp_path):
    picture(tmp_path / "data/images/day/a.png", (4, 3))
    (tmp_path / "data/annotations").mkdir()
    Image.fromarray(np.array([[0, 1, 1, 255]] * 3, np.uint8)).save(tmp_path / "data/annotations/a.png")
    (tmp_path / "data/train.txt").write_text("images/day/a.png annotations/a.png\n")
    classes = [NamedClass("_background_"), NamedClass("a")]
    write_labelme(tmp_path / "data", tmp_path / "back", classes)
    file = tmp_path / "back/day/a.json"
    assert (file.parent / json.loads(file.read_text())["imagePath"]).samefile(tmp_path / "data/images/day/a.png")
    write_labelme(tmp_path / "data", tmp_path / "back", classes)
    file.write_text(file.read_text() + " ")  # corrected by hand
    with pytest.raises(DataError, match=naming("a.json", "would be replaced")):
        write_labelme(tmp_path / "data", tmp_path / "back", classes)
    with pytest.raises(DataError, match=naming("annotations/a.png", 1, 0)):
        write_labelme(tmp_path / "data", tmp_path / "other", classes[:1])
