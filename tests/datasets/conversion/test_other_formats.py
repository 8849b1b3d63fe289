# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of colours, CVAT's files, Supervisely's and EISeg's, against labels drawn by hand."""

import base64
import io
import zlib

import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import DataError
from tests.datasets.conversion.annotated import assert_label, convert, drawn, picture, write_json
from tests.messages import naming

ROWS = "11112222 " * 6
RED, VOID = (128, 0, 0), (224, 224, 192)


def colour_label(path, *columns, size_hw=(6, 8)):
    """A label whose columns have these colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.empty((*size_hw, 3), np.uint8)
    for column in range(size_hw[1]):
        pixels[:, column] = columns[column * len(columns) // size_hw[1]]
    Image.fromarray(pixels).save(path)


def test_colours_of_pascal_voc_become_its_classes_and_its_lists_those_of_the_result(tmp_path):
    root = tmp_path / "VOC2012"
    for name in "abc":
        picture(root / f"JPEGImages/{name}.jpg")
    colour_label(root / "SegmentationClass/a.png", (0, 0, 0), VOID, (0, 64, 128), RED)
    image = Image.fromarray(drawn(ROWS).astype(np.uint8))
    image.putpalette([0, 0, 0, *RED, 0, 128, 0])
    image.save(root / "SegmentationClass/b.png")
    for mode, name in (("train", "a"), ("val", "b")):
        (root / "ImageSets/Segmentation").mkdir(parents=True, exist_ok=True)
        (root / f"ImageSets/Segmentation/{mode}.txt").write_text(f"{name}\n")
    written, labels = convert("voc", root, tmp_path / "out")
    assert len(written.classes.names) == 21 and written.classes.names[20] == "tvmonitor"
    assert labels["a"][0].tolist() == [0, 0, 255, 255, 20, 20, 1, 1]
    assert_label(labels["b"], ROWS)
    assert (tmp_path / "out/val.txt").read_text() == "images/b.jpg annotations/b.png\n"


def test_a_colour_that_no_class_has_is_named_with_the_nearest(tmp_path):
    picture(tmp_path / "voc/a.jpg")
    colour_label(tmp_path / "voc/labels/a.png", RED, (127, 0, 0))
    with pytest.raises(DataError, match=naming("labels/a.png", "(127, 0, 0)", 24, "'aeroplane'")):
        convert("voc", tmp_path / "voc", tmp_path / "out")


def test_class_numbers_that_were_taken_for_colours_are_called_what_they_are(tmp_path):
    picture(tmp_path / "voc/a.jpg")
    colour_label(tmp_path / "voc/labels/a.png", (1, 1, 1), (2, 2, 2))
    with pytest.raises(DataError, match=naming("a.png", "(1, 1, 1)", "class numbers", "create_dataset_list.py")):
        convert("voc", tmp_path / "voc", tmp_path / "out")


def test_masks_of_cvat_have_the_colours_of_their_labelmap(tmp_path):
    picture(tmp_path / "export/images/a.png")
    (tmp_path / "export/labelmap.txt").write_text(
        "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncar:9,0,0::\nfar car:0,9,0::\n"
    )
    colour_label(tmp_path / "export/SegmentationClass/a.png", (9, 0, 0), (0, 9, 0))
    written, labels = convert("cvat", tmp_path / "export", tmp_path / "out")
    assert written.classes.names == ["background", "car", "far car"]
    assert_label(labels["a"], ROWS)


def test_lists_of_cvat_have_capitals_and_a_label_that_is_in_none_of_them_is_left_out_aloud(tmp_path):
    (tmp_path / "export/ImageSets/Segmentation").mkdir(parents=True)
    for name in "abc":
        picture(tmp_path / f"export/images/{name}.png")
        colour_label(tmp_path / f"export/SegmentationClass/{name}.png", (9, 0, 0))
    (tmp_path / "export/labelmap.txt").write_text("background:0,0,0::\ncar:9,0,0::\n")
    for subset, name in (("Train", "b"), ("Validation", "a")):
        (tmp_path / f"export/ImageSets/Segmentation/{subset}.txt").write_text(f"{name}\n")
    written, _ = convert("cvat", tmp_path / "export", tmp_path / "out")
    assert (tmp_path / "out/train.txt").read_text() == "images/b.png annotations/b.png\n"
    assert (tmp_path / "out/val.txt").read_text() == "images/a.png annotations/a.png\n"
    [warning] = written.warnings
    assert all(part in warning for part in ("1 label", "Train.txt, Validation.txt", "c.png"))


def test_classes_can_be_chosen_from_those_with_colours_and_numbers(tmp_path):
    picture(tmp_path / "export/images/a.png")
    (tmp_path / "export/labelmap.txt").write_text("background:0,0,0::\ncar:9,0,0::\ntree:0,9,0::\n")
    colour_label(tmp_path / "export/SegmentationClass/a.png", (9, 0, 0), (0, 9, 0))
    with pytest.raises(DataError, match=naming("a.png", "'car'", "Known", "tree")):
        convert("cvat", tmp_path / "export", tmp_path / "out", classes=["tree"])
    options = {"classes": ["tree"], "others": "unlabelled", "unlabelled": "background"}
    written, labels = convert("cvat", tmp_path / "export", tmp_path / "out", **options)
    assert written.classes.names == ["_background_", "tree"]
    assert_label(labels["a"], "....1111 " * 6)


def cvat(folder, shapes, *, root="annotations"):
    labels = "".join(f"<label><name>{name}</name><color>#0{n}0000</color></label>" for n, name in enumerate("yx"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "annotations.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?><{root}><meta><task><labels>{labels}</labels></task></meta>'
        f'<image id="0" name="a.png" width="8" height="6">{shapes}</image></{root}>'
    )
    return folder


def test_shapes_of_cvat_are_drawn_by_their_z_order(tmp_path):
    picture(tmp_path / "source/images/a.png")
    cvat(
        tmp_path / "source",
        '<box label="y" xtl="0" ytl="0" xbr="2" ybr="2" z_order="1"/>'
        '<polygon label="x" points="0.0,0.0;8.0,0.0;8.0,1.0;0.0,1.0" z_order="0"/>'
        '<mask label="y" rle="1, 2, 2, 1" left="5" top="3" width="3" height="2" z_order="0"/>'
        '<ellipse label="x" cx="2" cy="4" rx="1.2" ry="1.2" z_order="0"/><tag label="x"/>',
    )
    written, labels = convert("cvat", tmp_path / "source", tmp_path / "out")
    assert written.classes.names == ["_background_", "y", "x"]  # in the order of the task
    assert_label(labels["a"], "11222222 11...... ........ .22...11 .22....1 ........")
    assert any("tag" in warning for warning in written.warnings)


def cvat_project(folder, *subsets):
    """A project's export: the pictures of each subset in a folder of its own, and a skeleton among the labels."""
    images = ""
    for number, subset in enumerate(subsets):
        picture(folder / f"images/{subset}/a.png")
        box = f'<box label="y" xtl="0" ytl="0" xbr="{number + 1}" ybr="1"/>'
        images += f'<image id="{number}" name="a.png" subset="{subset}" width="8" height="6">{box}</image>'
    labels = "<label><name>y</name></label>" + "<label><name>1</name><parent>arm</parent></label>" * 2
    text = f"<annotations><meta><project><labels>{labels}</labels></project></meta>{images}</annotations>"
    (folder / "annotations.xml").write_text(text)
    return folder


def test_subsets_of_a_project_of_cvat_give_the_lists_and_the_folders_of_the_pictures(tmp_path):
    written, labels = convert("cvat", cvat_project(tmp_path / "export", "Train", "Validation"), tmp_path / "out")
    assert written.classes.names == ["_background_", "y"]
    assert (labels["Train/a"] == 1).sum() == 1 and (labels["Validation/a"] == 1).sum() == 2
    assert written.lists == {"all.txt": 2, "train.txt": 1, "val.txt": 1}
    assert (tmp_path / "out/val.txt").read_text() == "images/Validation/a.png annotations/Validation/a.png\n"


def test_subsets_of_other_names_do_not_split(tmp_path):
    source = cvat_project(tmp_path / "export", "Train", "default", "night")
    written, _ = convert("cvat", source, tmp_path / "out", val=0.3)
    assert written.lists == {"all.txt": 3, "train.txt": 2, "val.txt": 1}


@pytest.mark.parametrize(
    ("shapes", "parts"),
    [
        ('<polygon label="x" points="1,1;2,2"/>', ("a.png", "shape 1", "'x'", 2, 3)),
        ('<polygon label="x" points="1,1;2,2;z,3"/>', ("shape 1", "'z'")),
        ('<mask label="x" rle="3" left="0" top="0" width="2" height="2"/>', ("shape 1", 3, "2x2")),
        ('<mask label="x" rle="" left="0" top="0" width="2" height="2"/>', ("shape 1",)),
        ('<box label="x" xtl="0" ytl="0" xbr="2"/>', ("shape 1", "ybr")),
        ('<box label="x" xtl="nan" ytl="0" xbr="2" ybr="2"/>', ("shape 1", "xtl='nan'", "number")),
        ('<ellipse label="x" cx="inf" cy="2" rx="1" ry="1"/>', ("shape 1", "cx='inf'")),
        ('<box label="x" xtl="0" ytl="0" xbr="2" ybr="2" z_order="top"/>', ("shape 1", "z_order='top'")),
        ('<box label="x" xtl="20" ytl="0" xbr="22" ybr="2"/>', ("shape 1 ('x')", "outside", "8x6")),
        ('</image><image id="1" name="a.png">', ("a.png", "describes", "image 1", "keep one")),
        ('<box label="z" xtl="0" ytl="0" xbr="2" ybr="2"/>', ("shape 1", "'z'", "Known")),
        ("<thing/>", ("thing", "polygon")),
        ("<box", ("annotations.xml", "damaged")),
    ],
)
def test_what_is_wrong_in_a_file_of_cvat_is_named(shapes, parts, tmp_path):
    picture(tmp_path / "source/a.png")
    cvat(tmp_path / "source", shapes)
    with pytest.raises(DataError, match=naming(*parts)):
        convert("cvat", tmp_path / "source", tmp_path / "out")


def test_a_film_of_cvat_and_a_file_with_entities_are_refused(tmp_path):
    folder = cvat(tmp_path / "source", "")
    text = (folder / "annotations.xml").read_text()
    (folder / "annotations.xml").write_text(text.replace("<image", "<track/><image"))
    with pytest.raises(DataError, match=naming("tracks", "CVAT for images 1.1")):
        convert("cvat", folder, tmp_path / "out")
    doctype = f'<!DOCTYPE x [<!ENTITY a "b">]>{text[text.index("<annotations") :]}'
    for encoding in ("utf-8", "utf-16"):
        (folder / "annotations.xml").write_bytes(doctype.encode(encoding))
        with pytest.raises(DataError, match="document type"):
            convert("cvat", folder, tmp_path / "out")


def supervisely(root, *objects, dataset="ds"):
    picture(root / f"{dataset}/img/a.png")
    write_json(
        root / "meta.json", {"classes": [{"title": "y", "color": "#010203"}, {"title": "x", "color": "#FF0000"}]}
    )
    write_json(root / f"{dataset}/ann/a.png.json", {"size": {"height": 6, "width": 8}, "objects": list(objects)})
    return root


def bitmap(text):
    """A mask as Supervisely writes it: zlib, a PNG with transparency, base64."""
    mask = drawn(text).astype(np.uint8)
    rgba = np.stack([np.full_like(mask, 255)] * 3 + [mask * 255], axis=2)
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG")
    return base64.b64encode(zlib.compress(buffer.getvalue())).decode()


def test_figures_of_supervisely_have_holes_that_show_what_is_beneath(tmp_path):
    square = [[1, 0], [5, 0], [5, 4], [1, 4]]
    root = supervisely(
        tmp_path / "project",
        {"classTitle": "x", "geometryType": "rectangle", "points": {"exterior": [[7, 2], [0, 2]], "interior": []}},
        {
            "classTitle": "y",
            "shape": "polygon",
            "points": {"exterior": square, "interior": [[[2, 1], [4, 1], [4, 3], [2, 3]]]},
        },
        {"classTitle": "x", "geometryType": "bitmap", "bitmap": {"data": bitmap(".1 11"), "origin": [6, 4]}},
    )
    written, labels = convert("supervisely", root, tmp_path / "out")
    assert written.classes.names == ["_background_", "y", "x"]
    assert_label(labels["a"], ".11111.. .1...1.. 21222122 .1...1.. .11111.2 ......22")
    assert Image.open(tmp_path / "out/annotations/a.png").getpalette()[3:9] == [1, 2, 3, 255, 0, 0]


def test_data_sets_of_supervisely_within_others_are_read_and_pictures_without_a_file_are_told(tmp_path):
    for dataset in ("ds", "ds/datasets/inner"):
        root = supervisely(tmp_path / "project", dataset=dataset)
    picture(tmp_path / "project/ds/datasets/inner/img/b.png")
    written, labels = convert("supervisely", root, tmp_path / "out")
    assert sorted(labels) == ["ds/datasets/inner/img/a", "ds/img/a"]
    [warning] = written.warnings
    assert "1 picture" in warning and "b.png" in warning


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        ({"classTitle": "x", "geometryType": "polygn", "points": {}}, ("object 1", "'polygn'", "'polygon'")),
        ({"classTitle": "x", "geometryType": "polygon", "points": {"exterior": [[1, 1]]}}, ("object 1", 1, 3)),
        (
            {"classTitle": "x", "geometryType": "bitmap", "bitmap": {"data": "YQ==", "origin": [0, 0]}},
            ("object 1", "unpacked"),
        ),
        ({"geometryType": "polygon"}, ("object 1", "'classTitle'")),
    ],
)
def test_what_is_wrong_with_an_object_of_supervisely_is_named(item, parts, tmp_path):
    with pytest.raises(DataError, match=naming("a.png.json", *parts)):
        convert("supervisely", supervisely(tmp_path / "project", item), tmp_path / "out")


@pytest.fixture
def eiseg(tmp_path):
    """EISeg's folder in that of the pictures, with its list of labels."""
    picture(tmp_path / "pictures/a.jpg")
    (tmp_path / "pictures/label").mkdir()
    (tmp_path / "pictures/label/labels.txt").write_text("2 big car 1 2 3 \n1 tree 4 5 6 \n")
    return tmp_path / "pictures/label"


@pytest.mark.parametrize("name", ["a.png", "a.jpg.png"])
def test_masks_of_eiseg_have_the_numbers_of_its_list(name, eiseg, tmp_path):
    Image.fromarray(drawn("....2211 " * 6).astype(np.uint8)).save(eiseg / name)
    Image.fromarray(drawn("11111111 " * 6).astype(np.uint8)).save(eiseg / "a_pseudo.png")
    written, labels = convert("eiseg", eiseg, tmp_path / "out")
    assert written.classes.names == ["_background_", "tree", "big car"]
    assert_label(labels["a"], "....2211 " * 6)


def test_outlines_of_eiseg_are_read_in_both_of_its_forms(eiseg, tmp_path):
    half = [[0, 0], [3, 0], [3, 5], [0, 5]]
    write_json(eiseg / "a.json", [{"name": "tree", "labelIdx": 1, "color": [4, 5, 6], "points": half}])
    assert_label(convert("eiseg", eiseg, tmp_path / "out")[1]["a"], "1111.... " * 6)
    (eiseg / "a.json").unlink()
    shape = {"label": "big car", "points": half, "shape_type": "polygon"}
    content = {
        "shapes": [shape],
        "imagePath": "D:\\work\\other.jpg",
        "imageData": "?",
        "imageWidth": 8,
        "imageHeight": 6,
    }
    write_json(eiseg / "labelme/a_labelme.json", content)
    assert_label(convert("eiseg", eiseg, tmp_path / "out")[1]["a"], "2222.... " * 6)


def test_classes_of_eiseg_can_be_chosen(eiseg, tmp_path):
    Image.fromarray(drawn("....2211 " * 6).astype(np.uint8)).save(eiseg / "a.png")
    with pytest.raises(DataError, match=naming("a.png", "'tree'", "big car")):
        convert("eiseg", eiseg, tmp_path / "out", classes=["big car"])
    _, labels = convert("eiseg", eiseg, tmp_path / "out", classes=["big car"], others="unlabelled")
    assert_label(labels["a"], "....11.. " * 6)


def test_a_number_that_the_list_of_eiseg_lacks_is_named(eiseg, tmp_path):
    Image.fromarray(drawn("....3311 " * 6).astype(np.uint8)).save(eiseg / "a.png")
    with pytest.raises(DataError, match=naming("a.png", 12, 3, "labels.txt", 1, 2)):
        convert("eiseg", eiseg, tmp_path / "out")
    (eiseg / "labels.txt").unlink()
    with pytest.raises(DataError, match=naming("a.png", "labels.txt", "--classes")):
        convert("eiseg", eiseg, tmp_path / "out")
