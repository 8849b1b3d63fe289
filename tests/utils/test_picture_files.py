# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Finding pictures in folders, behind links, by patterns, and in lists as people write them."""

import os

import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image
from paddleseg.utils.picture_files import IMAGE_SUFFIXES, list_images
from tests.messages import naming


def put(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def found(path, *separator):
    images, root = list_images(path, *separator)
    return [os.path.relpath(image, root) for image in images]


def listed(root, text, *separator, encoding="utf-8"):
    (root / "list.txt").write_text(text, encoding=encoding)
    return found(root / "list.txt", *separator)


@pytest.fixture
def gallery(tmp_path):
    put(tmp_path, "b.png", "a.JPG", "deep/c.bmp", ".ipynb_checkpoints/d.png", "notes.md")
    return tmp_path


def test_a_folder_gives_its_pictures_sorted_with_those_below_and_none_hidden(gallery):
    images, root = list_images(gallery)
    assert images == [str(gallery / name) for name in ("a.JPG", "b.png", "deep/c.bmp")]
    assert root == str(gallery)


def test_a_file_a_list_and_a_pattern_give_pictures(gallery):
    assert list_images(gallery / "b.png") == ([str(gallery / "b.png")], str(gallery))
    for name in ("list.txt", "val_5.list"):
        (gallery / name).write_text("deep/c.bmp labels/c.png\n\nb.png\n")
        assert list_images(gallery / name) == ([str(gallery / "deep/c.bmp"), str(gallery / "b.png")], str(gallery))
    assert list_images(f"{gallery}/*.*g") == ([str(gallery / "b.png")], str(gallery))
    images, root = list_images(f"{gallery}/**/*.[bp]*")
    assert images == [str(gallery / "b.png"), str(gallery / "deep/c.bmp")] and root == str(gallery)


def test_nothing_to_find_is_an_error_that_names_the_path(gallery):
    (gallery / "none").mkdir()
    (gallery / "none.txt").write_text("\n")
    (gallery / "wrong.txt").write_text("b.png\nc.png\n")
    for name, message in (
        ("none", "none: no pictures in this folder"),
        ("none.txt", "none.txt: the list is empty"),
        ("wrong.txt", "wrong.txt, line 2: .*c.png does not exist"),
        ("*.gif", "no picture matches this pattern"),
        ("gone.png", "gone.png: no such file or folder"),
    ):
        with pytest.raises(DataError, match=message):
            list_images(gallery / name)


def test_a_list_may_begin_with_a_byte_order_mark_and_must_be_utf8(gallery):
    put(gallery, "straße.png")
    (gallery / "list.txt").write_text("b.png\nstraße.png\n", encoding="utf-8-sig")
    assert list_images(gallery / "list.txt")[0] == [str(gallery / "b.png"), str(gallery / "straße.png")]
    (gallery / "list.txt").write_text("b.png\nstraße.png\n", encoding="latin-1")
    with pytest.raises(DataError, match="list.txt, line 2: byte 0xDF is not UTF-8"):
        list_images(gallery / "list.txt")


def test_pictures_of_every_suffix_are_found_and_read(tmp_path):
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    for suffix in IMAGE_SUFFIXES:
        Image.fromarray(pixels).convert("1" if suffix == ".pbm" else "RGB").save(tmp_path / f"a{suffix}")
    assert len(found(tmp_path)) == len(IMAGE_SUFFIXES) == 12
    for path in list_images(tmp_path)[0]:
        assert read_image(path).shape == (5, 7, 3)


def test_links_to_folders_are_followed_and_each_folder_is_visited_once(tmp_path):
    put(tmp_path, "pictures/own/b.png", "elsewhere/deep/c.ppm")
    (tmp_path / "pictures" / "a_link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "pictures" / "again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "pictures" / "also_own").symlink_to("own")
    assert found(tmp_path / "pictures") == ["a_link/deep/c.ppm", "own/b.png"]


def test_links_in_a_circle_end(tmp_path):
    put(tmp_path, "pictures/one/a.png", "pictures/two/b.png")
    (tmp_path / "pictures" / "one" / "up").symlink_to("..")
    (tmp_path / "pictures" / "two" / "itself").symlink_to("itself")
    assert found(tmp_path / "pictures") == ["one/a.png", "two/b.png"]


def test_brackets_in_a_folder_that_exists_are_no_pattern(tmp_path):
    put(tmp_path, "run[1]/a.png", "run[1]/b.jpg", "run1/c.png")
    assert found(f"{tmp_path}/run[1]/*.png") == ["a.png"]
    assert found(f"{tmp_path}/run[1]") == ["a.png", "b.jpg"]
    assert found(f"{tmp_path}/run[1]/a.png") == ["a.png"]
    assert found(f"{tmp_path}/run[0-9]/*") == ["c.png"]


def test_a_list_takes_tabs_blanks_and_names_that_hold_them(tmp_path):
    put(tmp_path, "a.png", "my b.png", "c.png")
    assert listed(tmp_path, "a.png\tx.png\nmy b.png\nc.png   x.png\n") == ["a.png", "my b.png", "c.png"]
    assert listed(tmp_path, "my b.png\tlabels/my b.png\n") == ["my b.png"]


def test_a_list_takes_the_separator_that_is_given(tmp_path):
    put(tmp_path, "my a.png", "b.png")
    assert listed(tmp_path, "my a.png,x.png\nb.png, x.png\n", ",") == ["my a.png", "b.png"]


def test_a_list_with_another_separator_says_which(tmp_path):
    put(tmp_path, "my a.png", "b.png")
    for separator, other in ((" ", ","), (",", ";"), (",", " ")):
        with pytest.raises(DataError, match=naming("list.txt, line 1", f"separator: {other!r} of the data set")):
            listed(tmp_path, f"b.png{other}x.png\n", separator)
    with pytest.raises(DataError) as caught:
        listed(tmp_path, "c.png,x.png\n")
    assert "separator" not in str(caught.value)


def test_backslashes_lead_to_the_file_with_slashes(tmp_path):
    put(tmp_path, "day/a.png")
    assert listed(tmp_path, "day\\a.png day\\a_label.png\n") == ["day/a.png"]


def test_a_list_in_gbk_is_read_where_its_names_are_files(tmp_path, log):
    put(tmp_path, "a.png", "街道.png")
    assert listed(tmp_path, "a.png\n街道.png\n", encoding="gbk") == ["a.png", "街道.png"]
    assert log.text.count("read as GBK") == 1
    (tmp_path / "街道.png").unlink()
    with pytest.raises(DataError, match=naming("list.txt, line 2", "UTF-8")):
        listed(tmp_path, "a.png\n街道.png\n", encoding="gbk")


def test_a_picture_that_is_listed_twice_is_said_once(tmp_path, log):
    put(tmp_path, "a.png", "b.png")
    listed(tmp_path, "a.png\nb.png\n./a.png\na.png\n")
    (record,) = log.records
    assert "2 of 4 lines" in record.getMessage() and "lines 1 and 3" in record.getMessage()


def test_a_name_that_is_relative_to_the_working_directory_is_said(tmp_path, monkeypatch):
    put(tmp_path, "lists/x", "pictures/a.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=naming("list.txt, line 1", "list's folder", "working directory", tmp_path)):
        listed(tmp_path / "lists", "pictures/a.png\n")
