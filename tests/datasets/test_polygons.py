# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of polygons against pictures drawn by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import AutoNUE, AutoNUE19, Cityscapes
from paddleseg.datasets.cityscapes import CITYSCAPES_POLYGONS
from paddleseg.datasets.class_tables import class_table
from paddleseg.datasets.polygons import PolygonRules, draw_polygon_label
from paddleseg.utils.errors import DataError


def item(label, *points, **more):
    return {"label": label, "polygon": [list(point) for point in points], **more}


def box(label, left, top, right, bottom, **more):
    return item(label, (left, top), (right, top), (right, bottom), (left, bottom), **more)


@pytest.fixture
def draw(tmp_path):
    """Draw the objects in 10x6 pixels; gives rows of one letter each: a digit is a class, v 13, s 10, . is 255."""

    def drawn(*objects, rules=CITYSCAPES_POLYGONS, size_wh=(10, 6)):
        path = tmp_path / "a_gtFine_polygons.json"
        path.write_text(json.dumps({"imgWidth": size_wh[0], "imgHeight": size_wh[1], "objects": list(objects)}))
        letters = {**{value: str(value) for value in range(10)}, 13: "v", 10: "s", 255: "."}
        return ["".join(letters[value] for value in row) for row in draw_polygon_label(path, rules).tolist()]

    return drawn


def test_later_objects_lie_over_earlier_ones_and_make_the_holes(draw):
    # A building with a window through which the sky is seen, and a car before it that reaches out of the picture.
    assert draw(
        box("road", 0, 4, 9, 5), box("building", 1, 0, 6, 4), box("sky", 3, 1, 4, 2), box("car", 5, 3, 30, 4)
    ) == [
        ".222222...",
        ".22ss22...",
        ".22ss22...",
        ".2222vvvvv",
        "02222vvvvv",
        "0000000000",
    ]  # fmt: skip


def test_edges_and_corners_belong_to_a_polygon_whatever_its_direction(draw):
    triangle = [(0, 0), (4, 0), (0, 4)]
    picture = ["00000.....", "0000......", "000.......", "00........", "0.........", ".........."]
    assert draw(item("road", *triangle)) == picture
    assert draw(item("road", *reversed(triangle))) == picture
    assert draw(item("sidewalk", (2, 1), (5, 4))) == [
        "..........", "..1.......", "...1......", "....1.....", ".....1....", "..........",
    ]  # fmt: skip


def test_deleted_objects_and_licence_plates_are_not_drawn_and_groups_are_what_they_group(draw):
    assert draw(
        box("cargroup", 0, 0, 3, 3), box("sky", 0, 0, 9, 5, deleted=1), box("license plate", 1, 1, 2, 2), size_wh=(5, 4)
    ) == ["vvvv."] * 4  # fmt: skip


def test_labels_that_do_not_count_cover_what_is_behind_them(draw):
    assert draw(box("road", 0, 0, 4, 0), box("ego vehicle", 1, 0, 2, 0), size_wh=(5, 1)) == ["0..00"]


def test_lines_and_points_are_left_out_where_the_tools_of_the_data_set_do_so(draw):
    objects = [box("road", 0, 0, 4, 0), item("car", (1, 0), (2, 0)), item("car"), item("car", (3, 0))]
    rules = PolygonRules({"road": 0, "car": 9}, background=255, leaves_out_lines=True)
    assert draw(*objects, rules=rules, size_wh=(5, 1)) == ["00000"]
    assert draw(*objects[:2], size_wh=(5, 1)) == ["0vv00"]
    with pytest.raises(DataError, match=r"object 2 \(car\) has 0 points; a polygon needs three"):
        draw(*objects)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "the label is not JSON"),
        ("[]", "has no list 'objects'"),
        ('{"objects": []}', "imgWidth is None; it must be a whole number from 1 to 32768"),
        ('{"imgWidth": 4, "imgHeight": 1e9, "objects": []}', "imgHeight is 1000000000.0"),
        ('{"imgWidth": 4, "imgHeight": 4, "objects": [3]}', "object 0 has no label"),
        ('{"imgWidth": 4, "imgHeight": 4, "objects": [{"label": "car"}]}', r"object 0 \(car\) has a polygon that"),
        (
            '{"imgWidth": 4, "imgHeight": 4, "objects": [{"label": "car", "polygon": [[1, "2"]]}]}',
            r"object 0 \(car\) has a polygon that is not a list",
        ),
        ('{"imgWidth": 4, "imgHeight": 4, "objects": [{"label": "car", "polygon": [[1, 2]]}]}', "has 1 points"),
        (
            '{"imgWidth": 4, "imgHeight": 4, "objects": [{"label": "vegetaton", "polygon": [[1, 2], [1, 2]]}]}',
            r"no label 'vegetaton'. Did you mean 'vegetation'\? There are 35",
        ),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_with_what_is_wrong(text, words, tmp_path):
    path = tmp_path / "a_gtFine_polygons.json"
    path.write_text(text)
    with pytest.raises(DataError, match=words) as caught:
        draw_polygon_label(path, CITYSCAPES_POLYGONS)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


# What one object of each label becomes, by the tables of the two development kits.
OBJECTS = [box("road", 0, 0, 2, 3), box("person", 3, 0, 5, 3), box("rail track", 6, 0, 7, 3), box("train", 8, 0, 9, 3)]
ROWS = {
    Cityscapes: [0, 0, 0, 11, 11, 11, 255, 255, 16, 16],
    AutoNUE: [0, 0, 0, 4, 4, 4, 3, 3, 12, 12],
    AutoNUE19: [0, 0, 0, 11, 11, 11, 255, 255, 16, 16],
}


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_a_download_of_polygons_alone_is_read_as_it_is(kind, tmp_path, log):
    pictures, labels = tmp_path / "leftImg8bit/train/ulm", tmp_path / "gtFine/train/ulm"
    pictures.mkdir(parents=True)
    labels.mkdir(parents=True)
    Image.fromarray(np.zeros((4, 10, 3), np.uint8)).save(pictures / "ulm_0_leftImg8bit.png")
    content = {"imgWidth": 10, "imgHeight": 4, "objects": OBJECTS}
    (labels / "ulm_0_gtFine_polygons.json").write_text(json.dumps(content))
    dataset = kind([], str(tmp_path))
    assert dataset.read(0)["label"].tolist() == [ROWS[kind]] * 4
    assert f"{tmp_path}: 1 picture, labels gtFine/train/*/*_gtFine_polygons.json" in log.text
    content["imgWidth"] = 11
    (labels / "ulm_0_gtFine_polygons.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match="polygons.json: the label is 11x4, but its picture .* is 10x4"):
        dataset.read(0)


def test_polygons_ids_and_train_ids_of_one_picture_are_the_same_label(tmp_path):
    table = class_table("cityscapes")
    drawn = [label for label in table.labels if label[1] >= 0]
    objects = [box(name, 3 * place, 0, 3 * place + 2, 1) for place, (name, *_) in enumerate(drawn)]
    path = tmp_path / "a_gtFine_polygons.json"
    path.write_text(json.dumps({"imgWidth": 3 * len(drawn), "imgHeight": 2, "objects": objects}))
    ids = np.repeat([number for _, number, _ in drawn], 3)
    by_ids = np.array([table.label_map()[number] for number in ids.tolist()])
    assert draw_polygon_label(path, CITYSCAPES_POLYGONS).tolist() == [by_ids.tolist()] * 2


def test_idds_own_map_to_cityscapes_cannot_be_had_from_its_level_3():
    # Why there is a data set of its own for it.
    classes = {}
    for _, _, level_3, cityscapes in class_table("idd").labels:
        classes.setdefault(level_3, set()).add(cityscapes)
    assert {number for number, found in classes.items() if len(found) > 1} >= {3, 4, 12, 20, 25}
