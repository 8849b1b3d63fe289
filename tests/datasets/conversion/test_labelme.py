# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""labelme files as labels, against labels drawn by hand."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import Dataset
from paddleseg.utils.errors import DataError
from tests.datasets.conversion.annotated import assert_label, convert, picture, turned_picture, write_json
from tests.messages import naming


def labelme(path, *shapes, image="a.png", size_wh=(8, 6), **others):
    """A labelme file; a shape is (label, type, points) or a mapping."""
    entries = [
        shape if isinstance(shape, dict) else {"label": shape[0], "shape_type": shape[1], "points": shape[2]}
        for shape in shapes
    ]
    content = {"version": "5.5.0", "flags": {}, "shapes": entries, "imagePath": image, "imageData": None}
    return write_json(path, {**content, "imageWidth": size_wh[0], "imageHeight": size_wh[1], **others})


@pytest.fixture
def source(tmp_path):
    picture(tmp_path / "source/a.png")
    return tmp_path / "source"


def test_shapes_are_drawn_with_their_outlines_and_later_ones_over_earlier_ones(source, tmp_path):
    labelme(
        source / "a.json",
        ("tree", "polygon", [[1, 1], [5.9, 1.2], [5, 4], [1, 4]]),
        ("car", "rectangle", [[7, 5], [3, 3]]),
        ("tree", "point", [[6, 1]]),
    )
    written, labels = convert("labelme", source, tmp_path / "out")
    assert written.classes.names == ["_background_", "car", "tree"]  # sorted, whatever comes first in the files
    assert_label(
        labels["a"],
        """
        ......2.
        .2222222
        .222222.
        .2211111
        .2211111
        ...11111
        """,
    )


def test_lines_circles_and_turned_rectangles_have_pixels(source, tmp_path):
    labelme(
        source / "a.json",
        ("a", "circle", [[1, 2], [2, 2]]),
        ("b", "line", [[4, 0], [4, 5]]),
        ("c", "linestrip", [[6, 0], [6, 5]]),
        ("d", "oriented_rectangle", [[7, 4], [7, 5], [0, 5], [0, 4]]),
    )
    _, labels = convert("labelme", source, tmp_path / "out")
    assert_label(
        labels["a"],
        """
        ...22333
        .1.22333
        11122333
        .1.22333
        44444444
        44444444
        """,
    )


def test_a_mask_is_placed_by_its_first_point(source, tmp_path):
    pixels = np.array([[1, 0, 1], [1, 1, 1]], np.uint8) * 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    mask = base64.b64encode(buffer.getvalue()).decode()
    labelme(source / "a.json", {"label": "x", "shape_type": "mask", "points": [[6, 1], [8, 2]], "mask": mask})
    _, labels = convert("labelme", source, tmp_path / "out")
    assert_label(labels["a"], "........ ......1. ......11 ........ ........ ........")


def test_ignored_and_background_shapes_take_pixels_away_again(source, tmp_path):
    labelme(
        source / "a.json",
        ("x", "rectangle", [[0, 0], [7, 3]]),
        ("_background_", "rectangle", [[1, 1], [2, 2]]),
        ("__ignore__", "rectangle", [[4, 1], [5, 5]]),
    )
    written, labels = convert("labelme", source, tmp_path / "out")
    assert written.classes.names == ["_background_", "x"]
    assert_label(labels["a"], "11111111 1..1##11 1..1##11 1111##11 ....##.. ....##..")


def test_pixels_without_a_shape_can_be_ignored(source, tmp_path):
    labelme(source / "a.json", ("x", "rectangle", [[0, 0], [3, 5]]))
    written, labels = convert("labelme", source, tmp_path / "out", unlabelled="ignore")
    assert written.classes.names == ["x"]
    assert_label(labels["a"], "....#### " * 6)


def test_ids_are_those_of_the_list_of_classes(source, tmp_path):
    (tmp_path / "names.txt").write_text("__ignore__\n_background_\nroad 9 8 7\ncar\n")
    labelme(source / "a.json", ("car", "rectangle", [[0, 0], [7, 0]]), ("road", "rectangle", [[0, 1], [7, 1]]))
    written, labels = convert("labelme", source, tmp_path / "out", classes=[str(tmp_path / "names.txt")])
    assert written.classes.names == ["_background_", "road", "car"]
    assert_label(labels["a"], "22222222 11111111 ........ ........ ........ ........")
    palette = Image.open(tmp_path / "out/annotations/a.png").getpalette()
    assert palette[:6] == [0, 0, 0, 9, 8, 7] and palette[-3:] == [224, 224, 192]


def test_labels_that_the_list_lacks_can_be_left_unlabelled_and_still_hide_what_is_beneath(source, tmp_path):
    labelme(source / "a.json", ("car", "rectangle", [[0, 0], [7, 5]]), ("bird", "rectangle", [[2, 0], [5, 5]]))
    _, labels = convert("labelme", source, tmp_path / "out", classes=["car"], others="unlabelled")
    assert_label(labels["a"], "11....11 " * 6)


@pytest.mark.parametrize("stated", ["pictures\\a.png", "C:\\home\\me\\a.png", "../elsewhere/a.png", "", None, "b.png"])
def test_the_picture_is_found_by_what_the_file_says_or_by_its_own_name(stated, source, tmp_path):
    labelme(source / "a.json", ("x", "rectangle", [[0, 0], [7, 5]]), image=stated)
    _, labels = convert("labelme", source, tmp_path / "out")
    assert list(labels) == ["a"]


def test_sub_folders_stay_and_pictures_of_one_stem_keep_their_suffix(source, tmp_path):
    for name in ("day/a.jpg", "day/b.png", "day/b.jpg"):
        picture(source / name)
        labelme(source / f"{name}.json", ("x", "rectangle", [[0, 0], [7, 5]]), image=name.rpartition("/")[2])
    convert("labelme", source, tmp_path / "out", pictures="copy")
    assert (tmp_path / "out/all.txt").read_text().splitlines() == [
        "images/day/a.jpg annotations/day/a.png",
        "images/day/b.jpg annotations/day/b.jpg.png",
        "images/day/b.png annotations/day/b.png.png",
    ]
    assert not (tmp_path / "out/images/day/a.jpg").is_symlink()


@pytest.mark.parametrize("drawn_upright", [True, False])
def test_labels_fit_the_upright_picture_whichever_way_they_were_drawn(drawn_upright, tmp_path):
    # Stored 8x6, to be turned clockwise by 90 degrees: upright it is 6x8, its first row the first column from below.
    turned_picture(tmp_path / "source/a.jpg", (8, 6), 6)
    corner = [[5, 0], [5, 1]] if drawn_upright else [[0, 0], [1, 0]]
    size = (6, 8) if drawn_upright else (8, 6)
    labelme(tmp_path / "source/a.json", ("x", "rectangle", corner), image="a.jpg", size_wh=size)
    written, labels = convert("labelme", tmp_path / "source", tmp_path / "out")
    assert_label(labels["a"], ".....1 .....1 " + "...... " * 6)
    assert any("EXIF" in warning for warning in written.warnings) is not drawn_upright
    dataset = Dataset("train", str(tmp_path / "out"), [], num_classes=2, train_path="train.txt")
    assert dataset.read(0)["label"].shape == dataset.read(0)["img"].shape[:2] == (8, 6)


def test_the_result_is_a_data_set_with_a_configuration(source, tmp_path):
    for name in "bcdefghij":
        picture(source / f"{name}.png")
    for name in "abcdefghij":
        labelme(source / f"{name}.json", ("x", "rectangle", [[0, 0], [7, 2]]), image=f"{name}.png", group_id=4)
    written, _ = convert("labelme", source, tmp_path / "out", val=0.2, seed=1)
    assert written.lists == {"all.txt": 10, "train.txt": 8, "val.txt": 2}
    lists = [(tmp_path / f"out/{name}.txt").read_text().splitlines() for name in ("train", "val")]
    assert sorted(lists[0] + lists[1]) == (tmp_path / "out/all.txt").read_text().splitlines()
    assert (tmp_path / "out/class_names.txt").read_text() == "_background_\nx\n"
    before = (tmp_path / "out/dataset.yml").read_bytes()
    convert("labelme", source, tmp_path / "out", val=0.2, seed=1)  # again: its own files are replaced
    assert (tmp_path / "out/dataset.yml").read_bytes() == before
    written, _ = convert("labelme", source, tmp_path / "out", val=0)
    assert not (tmp_path / "out/val.txt").exists()  # its pictures are trained on now
    assert [warning for warning in written.warnings if "val.txt removed" in warning]


def test_pictures_without_a_file_are_left_out_and_counted(source, tmp_path):
    picture(source / "z.png")
    labelme(source / "a.json")
    written, labels = convert("labelme", source, tmp_path / "out", classes=["x"])
    assert_label(labels["a"], "........ " * 6)
    assert [warning for warning in written.warnings if "z.png" in warning]


def break_json(source):
    (source / "a.json").write_text('{"shapes": [\n{]}')


def leave_out_the_picture(source):
    labelme(source / "no.json", image="no.png")


def write_two_of_one_picture(source):
    for name in "ab":
        labelme(source / f"{name}.json", ("x", "rectangle", [[0, 0], [1, 1]]))


def draw_outside(source):
    labelme(source / "a.json", ("x", "polygon", [[9, 1], [12, 1], [12, 4]]))


def state_another_size(source):
    labelme(source / "a.json", ("x", "rectangle", [[0, 0], [1, 1]]), size_wh=(80, 60))


def draw_with(source, **shape):
    labelme(source / "a.json", {"label": "x", "shape_type": "polygon", "points": [[0, 0], [1, 1], [0, 1]], **shape})


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (break_json, ("a.json, line 2", "damaged")),
        (leave_out_the_picture, ("no.json", "no.png", "--images")),
        (write_two_of_one_picture, ("b.json", "a.png", "a.json")),
        (draw_outside, ("a.json", "shape 1", "'x'", "outside", "8x6", "x 9 to 12")),
        (state_another_size, ("a.json", "80x60", "a.png", "8x6")),
        (lambda source: draw_with(source, points=[[0, 0], [1, 1]]), ("shape 1", "'x'", "2 points", 3)),
        (lambda source: draw_with(source, points=[[0, 0], [1, 1], [2]]), ("shape 1", "[2]")),
        (lambda source: draw_with(source, points=[[0, 0], [1, 1], [2, 1e12]]), ("shape 1", "1000000000000.0")),
        (lambda source: draw_with(source, shape_type="polygone"), ("polygone", "'polygon'")),
        (lambda source: draw_with(source, label=3), ("shape 1", "'label'", "a text")),
        (lambda source: draw_with(source, shape_type="mask", mask="?"), ("shape 1", "base64")),
        (lambda source: write_json(source / "a.json", [1]), ("a.json", "'shapes'", "a list")),
        (lambda source: None, ("source", "no labelme files")),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it_and_nothing_is_written(spoil, parts, source, tmp_path):
    spoil(source)
    with pytest.raises(DataError, match=naming(*parts)) as caught:
        convert("labelme", source, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_label_that_the_list_lacks_is_named_with_the_nearest(source, tmp_path):
    labelme(source / "a.json", ("persn", "rectangle", [[0, 0], [1, 1]]))
    with pytest.raises(DataError, match=naming("a.json", "shape 1", "'persn'", "'person'")):
        convert("labelme", source, tmp_path / "out", classes=["person", "car"])


def test_all_faults_are_named_at_once_and_their_pictures_can_be_left_out(source, tmp_path):
    draw_outside(source)
    (source / "broken.json").write_text("{")
    picture(source / "good.png")
    labelme(source / "good.json", ("x", "rectangle", [[0, 0], [7, 0]]), image="good.png")
    with pytest.raises(DataError, match=naming("2 problems", "broken.json", "a.json")):
        convert("labelme", source, tmp_path / "out")
    written, labels = convert("labelme", source, tmp_path / "out", skip_faulty=True)
    assert list(labels) == ["good"]
    assert sum(warning.startswith("left out:") for warning in written.warnings) == 2


def test_files_that_no_command_wrote_stay(source, tmp_path):
    labelme(source / "a.json", ("x", "rectangle", [[0, 0], [7, 0]]))
    mine = tmp_path / "out/annotations/a.png"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"drawn by hand")
    with pytest.raises(DataError, match=naming("a.png", "would be replaced")):
        convert("labelme", source, tmp_path / "out")
    assert mine.read_bytes() == b"drawn by hand" and not (tmp_path / "out/train.txt").exists()


def test_one_picture_cannot_be_split(source, tmp_path):
    labelme(source / "a.json", ("x", "rectangle", [[0, 0], [7, 0]]))
    with pytest.raises(DataError, match=naming(1, "picture", "train, val")):
        convert("labelme", source, tmp_path / "out", val=0.5)
