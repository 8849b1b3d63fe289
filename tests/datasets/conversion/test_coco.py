# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""COCO's instances and panoptic labels, against labels drawn by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import DataError
from tests.datasets.conversion.annotated import assert_label, convert, picture, write_json
from tests.messages import naming

CATEGORIES = [{"id": 7, "name": "car"}, {"id": 3, "name": "tree", "color": [1, 2, 3]}]
LEFT_HALF = [0, 0, 4, 0, 4, 6, 0, 6]


def instances(path, *annotations, images=("a.png",), **others):
    """A file of instances; an annotation is a mapping, of the first picture if it does not say which."""
    entries = [{"id": number, "file_name": name, "width": 8, "height": 6} for number, name in enumerate(images)]
    listed = [{"id": n, "image_id": 0, "category_id": 3, **item} for n, item in enumerate(annotations, start=10)]
    return write_json(path, {"images": entries, "annotations": listed, "categories": CATEGORIES, **others})


@pytest.fixture
def source(tmp_path):
    picture(tmp_path / "source/a.png")
    return tmp_path / "source"


def test_pixels_whose_centres_lie_within_an_outline_have_its_class_and_later_ones_lie_above(source, tmp_path):
    instances(
        source / "a.json",
        {"segmentation": [LEFT_HALF]},
        {"segmentation": [[2, 2, 6, 2, 6, 4, 2, 4], [7, 0, 8, 0, 8, 1, 7, 1]], "category_id": 7},
    )
    written, labels = convert("coco", source / "a.json", tmp_path / "out")
    assert written.classes.names == ["_background_", "tree", "car"]  # by their ids
    assert_label(labels["a"], "1111...2 1111.... 112222.. 112222.. 1111.... 1111....")
    assert Image.open(tmp_path / "out/annotations/a.png").getpalette()[3:6] == [1, 2, 3]


# Down the columns of 6 pixels: 7 outside, then rows 1 to 4 of column 1 but for a hole in row 2, and so on.
RUNS = [7, 1, 1, 2, 2, 4, 31]


@pytest.mark.parametrize("counts", [RUNS, "711112m0"])
def test_run_lengths_have_holes_packed_or_not(counts, source, tmp_path):
    instances(source / "a.json", {"segmentation": {"counts": counts, "size": [6, 8]}, "iscrowd": 1})
    _, labels = convert("coco", source / "a.json", tmp_path / "out")
    assert_label(labels["a"], "........ .11..... ..1..... .11..... .11..... ........")


@pytest.mark.parametrize(("crowd", "row"), [("class", "11111111"), ("ignore", "1111####")])
def test_crowds_are_of_their_class_or_ignored_beneath_all_others(crowd, row, source, tmp_path):
    everything = {"segmentation": {"counts": [0, 48], "size": [6, 8]}, "iscrowd": 1}
    instances(source / "a.json", {"segmentation": [LEFT_HALF]}, everything)
    _, labels = convert("coco", source / "a.json", tmp_path / "out", crowd=crowd)
    assert_label(labels["a"], f"{row} " * 6)


def test_files_of_train_and_val_become_their_lists(tmp_path):
    for part in ("train", "val"):
        picture(tmp_path / f"coco/{part}2017/{part}.png")
        instances(tmp_path / f"coco/annotations/instances_{part}2017.json", images=(f"{part}.png",))
        write_json(tmp_path / f"coco/annotations/captions_{part}2017.json", {})
    written, _ = convert("coco", tmp_path / "coco", tmp_path / "out")
    assert written.lists == {"all.txt": 2, "train.txt": 1, "val.txt": 1}
    assert (tmp_path / "out/val.txt").read_text() == "images/val2017/val.png annotations/val2017/val.png\n"


@pytest.mark.parametrize("pictures", ["{}2017", "images/{}2017"])
def test_pictures_of_train_and_val_may_have_the_same_names(pictures, tmp_path):
    for part, category in (("train", 3), ("val", 7)):
        picture(tmp_path / "coco" / pictures.format(part) / "1.png")
        outline = {"segmentation": [LEFT_HALF], "category_id": category}
        instances(tmp_path / f"coco/annotations/instances_{part}2017.json", outline, images=("1.png",))
    written, labels = convert("coco", tmp_path / "coco", tmp_path / "out")
    assert written.lists == {"all.txt": 2, "train.txt": 1, "val.txt": 1}
    assert_label(labels["train2017/1"], "1111.... " * 6)
    assert_label(labels["val2017/1"], "2222.... " * 6)


def test_a_picture_of_both_train_and_val_is_named(tmp_path):
    picture(tmp_path / "coco/images/1.png")
    for part in ("train", "val"):
        instances(tmp_path / f"coco/annotations/instances_{part}2017.json", images=("1.png",))
    with pytest.raises(DataError, match=naming("1.png", "describes", "train2017.json: picture 0", "keep one")):
        convert("coco", tmp_path / "coco", tmp_path / "out")


def test_classes_can_be_chosen(source, tmp_path):
    outline = {"segmentation": [LEFT_HALF]}
    instances(source / "a.json", outline, {**outline, "category_id": 7})
    _, labels = convert("coco", source / "a.json", tmp_path / "out", classes=["tree"], others="unlabelled")
    assert_label(labels["a"], "........ " * 6)


@pytest.mark.parametrize(
    ("annotation", "parts"),
    [
        ({"segmentation": []}, ("a.png", "annotation 10", "'tree'", "no segmentation")),
        ({"segmentation": [[1, 1, 2, 2]]}, ("annotation 10", "2 points", 3)),
        ({"segmentation": [[1, 1, 2, 2, 3]]}, ("annotation 10", "[3]")),
        ({"segmentation": [LEFT_HALF], "category_id": 9}, ("annotation 10", 9, "categories")),
        ({"segmentation": [LEFT_HALF], "image_id": 9}, ("a.json", "annotation 1", 9, "images")),
        ({"segmentation": {"counts": [1, 2], "size": [6, 8]}}, ("annotation 10", 3, "8x6", 48)),
        ({"segmentation": {"counts": "\u00e4", "size": [6, 8]}}, ("annotation 10", "run-length")),
        ({"segmentation": {"counts": [48], "size": [8]}}, ("annotation 10", "[8]", "[height, width]")),
        ({"segmentation": {"counts": [0, 48], "size": [8, 6]}}, ("annotation 10", "6x8", "8x6", "[height, width]")),
        ({"segmentation": {"counts": [0, 4], "size": [2, 2]}}, ("annotation 10", "2x2", "8x6")),
        ({"segmentation": [[20, 1, 22, 1, 22, 3]]}, ("annotation 10", "outside", "8x6")),
    ],
)
def test_what_is_wrong_with_an_annotation_is_named(annotation, parts, source, tmp_path):
    instances(source / "a.json", annotation)
    with pytest.raises(DataError, match=naming(*parts)):
        convert("coco", source / "a.json", tmp_path / "out")


def test_two_entries_of_one_picture_are_named(source, tmp_path):
    instances(source / "a.json", {"segmentation": [LEFT_HALF]}, images=("a.png", "a.png"))
    with pytest.raises(DataError, match=naming("a.png", "describes", "a.json: picture 0", "keep one")):
        convert("coco", source / "a.json", tmp_path / "out")


def test_run_lengths_are_of_the_pictures_size_where_nothing_else_says_it(source, tmp_path):
    path = instances(source / "a.json", {"segmentation": {"counts": [0, 4], "size": [2, 2]}})
    content = json.loads(path.read_text())
    write_json(path, {**content, "images": [{"id": 0, "file_name": "a.png"}]})
    with pytest.raises(DataError, match=naming("a.png", "2x2", "8x6")):
        convert("coco", source / "a.json", tmp_path / "out")


def test_a_missing_picture_is_named_with_the_folders_that_were_looked_in(source, tmp_path):
    instances(source / "a.json", images=("no.png",))
    with pytest.raises(DataError, match=naming("'no.png'", str(source), "--images")):
        convert("coco", source / "a.json", tmp_path / "out")


def panoptic(folder, colours, segments, **annotation):
    """A panoptic file with its PNG, of which each pixel is a segment's number."""
    numbers = np.kron(colours, np.ones((6, 4), int))
    rgb = np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], axis=2).astype(np.uint8)
    (folder / "panoptic").mkdir()
    Image.fromarray(rgb).save(folder / "panoptic/a.png")
    entry = {"image_id": 0, "file_name": "a.png", "segments_info": segments, **annotation}
    images = [{"id": 0, "file_name": "a.png", "width": 8, "height": 6}]
    write_json(folder / "panoptic.json", {"images": images, "annotations": [entry], "categories": CATEGORIES})


def test_panoptic_colours_are_numbers_of_segments_and_black_is_ignored(source, tmp_path):
    panoptic(source, [[1 + 256 * 2 + 65536 * 3, 0]], [{"id": 1 + 256 * 2 + 65536 * 3, "category_id": 7}])
    written, labels = convert("coco_panoptic", source / "panoptic.json", tmp_path / "out")
    assert written.classes.names == ["tree", "car"]
    assert_label(labels["a"], "1111#### " * 6)


def test_a_panoptic_segment_that_is_not_described_is_named(source, tmp_path):
    panoptic(source, [[5, 300]], [{"id": 5, "category_id": 7}])
    with pytest.raises(DataError, match=naming("panoptic/a.png", 24, 300, "segments_info")):
        convert("coco_panoptic", source / "panoptic.json", tmp_path / "out")
    assert not (tmp_path / "out").exists()
