# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""List-file data sets: reading, transforms by mode, and the message for everything a user can get wrong."""

import numpy as np
import pytest
from PIL import Image

from paddleseg import transforms as T
from paddleseg.datasets import Dataset
from paddleseg.utils.errors import ConfigError, DataError
from tests.messages import assert_names, naming

SIZES = [(32, 24)] * 3


@pytest.fixture
def root(tmp_path, pairs):
    pairs(tmp_path, SIZES)
    return tmp_path


def make(root, transforms=(), *, mode="train", **changes):
    arguments = {"train_path": str(root / "train.txt"), "num_classes": 4, **changes}
    return Dataset(mode, str(root), transforms, **arguments)


def rng():
    return np.random.default_rng(0)


def test_pictures_and_labels_are_read_as_stored(root):
    dataset = make(root, class_names=list("abcd"), palette=[[0, 0, 0]] * 4)
    sample = dataset.read(1)
    assert len(dataset) == 3 and dataset.class_names == list("abcd")
    assert sample["path"] == str(root / "images/1.png") and sample["trans_info"] == []
    np.testing.assert_array_equal(sample["img"], np.asarray(Image.open(root / "images/1.png")))
    np.testing.assert_array_equal(sample["label"], np.asarray(Image.open(root / "labels/1.png")))


def test_the_label_moves_in_training_and_stays_in_evaluation(root):
    transforms = [T.Resize([16, 12], interp="NEAREST"), T.Normalize()]
    train = make(root, transforms).sample(0, rng())
    assert train["img"].shape == (12, 16, 3) and train["label"].shape == (12, 16)
    val = make(root, transforms, mode="val", val_path=str(root / "train.txt")).sample(0, rng())
    assert val["img"].shape == (12, 16, 3) and val["img"].dtype == np.uint8
    np.testing.assert_array_equal(val["label"], np.asarray(Image.open(root / "labels/0.png")))
    assert val["trans_info"] == [("resize", (24, 32))]


def test_a_test_list_needs_no_labels(root):
    (root / "test.txt").write_text("images/0.png\nimages/1.png labels/1.png\n")
    dataset = make(root, mode="test", test_path="test.txt")
    assert "label" not in dataset.sample(0, rng())
    assert "label" in dataset.sample(1, rng())


def test_list_paths_may_be_relative_and_blank_lines_and_separators_are_handled(root):
    (root / "list.csv").write_text("images/0.png,labels/0.png\n\n  \nimages/1.png,labels/1.png\r\n")
    dataset = make(root, train_path="list.csv", separator=",")
    assert [path for path, _ in dataset.file_list] == [str(root / f"images/{i}.png") for i in range(2)]


def test_palette_labels_give_ids(root):
    label = Image.open(root / "labels/0.png")
    label.putpalette(list(range(256)) * 3)
    label.save(root / "labels/0.png")
    sample = make(root).read(0)
    assert set(np.unique(sample["label"])) == {0, 1, 2, 3, 255}


def test_a_missing_list_and_a_missing_root_are_named(root):
    with pytest.raises(DataError, match="gone.txt: the list file does not exist"):
        make(root, train_path="gone.txt")
    with pytest.raises(DataError, match="dataset_root: .*nowhere is not a folder"):
        make(root / "nowhere")
    with pytest.raises(ConfigError, match="val_path: the data set's mode is 'val'"):
        make(root, mode="val")


def test_missing_files_are_named_with_list_line_and_number(root):
    (root / "labels/1.png").unlink()
    (root / "images/2.png").unlink()
    with pytest.raises(
        DataError,
        match=naming("train.txt, line 2", "labels/1.png", "2 files"),
    ):
        make(root)


@pytest.mark.parametrize("line", ["images/0.png", "images/0.png labels/0.png x.png", "a.png\tb.png\tc.png"])
def test_a_line_with_a_wrong_number_of_columns_is_named(root, line):
    (root / "train.txt").write_text(f"images/1.png labels/1.png\n{line}\n")
    with pytest.raises(DataError, match=rf"train.txt, line 2: {len(line.split())} columns separated by ' '"):
        make(root)


def test_an_empty_list_is_an_error(root):
    (root / "train.txt").write_text("\n\n")
    with pytest.raises(DataError, match="train.txt: the list is empty"):
        make(root)


def test_unequal_sizes_are_named_with_both_files(root):
    Image.fromarray(np.zeros((24, 30), np.uint8)).save(root / "labels/0.png")
    with pytest.raises(DataError, match=naming("labels/0.png", "30x24", "images/0.png", "32x24")):
        make(root).read(0)


def test_a_forbidden_label_value_is_named_with_its_count_and_what_is_allowed(root):
    label = np.array(Image.open(root / "labels/0.png"))
    label[5, :3] = 200
    label[6, 0] = 4
    Image.fromarray(label).save(root / "labels/0.png")
    parts = ("labels/0.png", "4 (1 pixels)", "200 (3 pixels)", "num_classes 4", "0..3", 255)
    with pytest.raises(DataError, match=naming(*parts)):
        make(root).read(0)


def test_another_ignore_index_forbids_255(root):
    with pytest.raises(DataError, match=naming("255 (1 pixels)", "0..3", 7)):
        make(root, ignore_index=7).read(0)


def test_an_rgb_label_and_a_truncated_picture_are_named(root):
    Image.open(root / "images/0.png").save(root / "labels/0.png")
    with pytest.raises(DataError, match="labels/0.png: the label has 3 channels"):
        make(root).read(0)
    data = (root / "images/1.png").read_bytes()
    (root / "images/1.png").write_bytes(data[:500])
    with pytest.raises(DataError, match="images/1.png: the picture is truncated"):
        make(root).read(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_classes": 0}, "num_classes: found 0; it must be from 1 to 255"),
        ({"ignore_index": -100}, "ignore_index: found -100; it must be from 0 to 255"),
        ({"img_channels": 0}, "img_channels: found 0; it must be 1 or more"),
        ({"class_names": ["a"]}, "class_names: 1 entries for 4 classes"),
        ({"palette": [[0, 0, 0]] * 5}, "palette: 5 entries for 4 classes"),
        ({"edge": True}, "edge: found True; no loss here uses edge labels"),
        ({"separator": ""}, naming("separator", "empty")),
        ({"mode": "training"}, naming("mode", "'training'", "train, val, test")),
        ({"transforms": [T.Normalize([0.5] * 4, [0.5] * 4)]}, "4 values of mean or std for pictures of 3"),
        (
            {"transforms": [T.RandomPaddingCrop([8, 8], label_padding_value=9)]},
            "label_padding_value: 9 is neither",
        ),
    ],
)
def test_wrong_arguments_name_the_key(root, changes, message):
    with pytest.raises(ConfigError, match=message):
        make(root, **changes)


def test_a_list_may_begin_with_a_byte_order_mark_and_must_be_utf8(root):
    text = (root / "train.txt").read_text()
    (root / "train.txt").write_text(text, encoding="utf-8-sig")
    assert make(root).file_list[0][0] == str(root / "images/0.png")
    for encoding in ("latin-1", "utf-8-sig"):
        mark = "\N{ZERO WIDTH NO-BREAK SPACE}".encode() if encoding == "utf-8-sig" else b""
        (root / "train.txt").write_bytes(mark + text.encode() + "images/é.png labels/0.png\n".encode("latin-1"))
        with pytest.raises(DataError, match="train.txt, line 4: byte 0xE9 is not UTF-8"):
            make(root)


@pytest.mark.parametrize("separator", ["\t", "   ", " \t "])
def test_tabs_and_several_blanks_separate_as_a_blank_does(root, separator):
    expected = make(root).file_list
    (root / "train.txt").write_text((root / "train.txt").read_text().replace(" ", separator))
    assert make(root).file_list == expected


def test_tabs_separate_names_that_hold_blanks(root):
    (root / "images/0.png").rename(root / "images/a street.png")
    (root / "train.txt").write_text("images/a street.png\tlabels/0.png\n")
    assert make(root).file_list == [(str(root / "images/a street.png"), str(root / "labels/0.png"))]


def test_a_tab_separates_in_a_test_list_too(root):
    (root / "train.txt").write_text("images/0.png\tlabels/0.png\n")
    dataset = make(root, mode="test", test_path="train.txt")
    assert dataset.file_list == [(str(root / "images/0.png"), str(root / "labels/0.png"))]


def test_another_separator_that_would_fit_is_named(root):
    (root / "train.txt").write_text("images/0.png,labels/0.png\n")
    with pytest.raises(DataError, match=naming("train.txt, line 1", "separator: ','", "fits this line")):
        make(root)


def test_backslashes_of_windows_are_taken_for_slashes_where_that_names_a_file(root):
    expected = make(root).file_list
    (root / "train.txt").write_text((root / "train.txt").read_text().replace("/", "\\"))
    assert make(root).file_list == expected


def test_a_list_in_gbk_is_read_and_said_once(root, log):
    (root / "images/0.png").rename(root / "images/街道.png")
    (root / "train.txt").write_bytes("images/1.png labels/1.png\nimages/街道.png labels/0.png\n".encode("gbk"))
    assert make(root).file_list[1][0] == str(root / "images/街道.png")
    assert log.text.count("read as GBK") == 1


def test_a_picture_that_is_listed_twice_is_said_with_its_lines(root, log):
    assert len(make(root)) == 3 and not log.records
    (root / "train.txt").write_text((root / "train.txt").read_text() + "images/0.png labels/1.png\n")
    assert len(make(root)) == 4
    (record,) = log.records
    assert_names(record.getMessage(), "train.txt", "1 of 4 lines", "images/0.png", "lines 1 and 4")


@pytest.mark.parametrize(
    ("dataset_root", "list_folder", "prefix", "said"),
    [
        ("other", "data", "", "the list's folder"),
        ("other", "data", "data/", "the working directory"),
        ("data/images", "other", "", "its parent"),
    ],
)
def test_files_that_lie_relative_to_another_folder_are_said_with_that(
    root, tmp_path, monkeypatch, dataset_root, list_folder, prefix, said
):
    for folder in ("data", "other"):
        (tmp_path / folder).mkdir()
    for name in ("images", "labels"):
        (tmp_path / name).rename(tmp_path / "data" / name)
    monkeypatch.chdir(tmp_path)
    own_list = tmp_path / list_folder / "train.txt"
    own_list.write_text(f"{prefix}images/0.png {prefix}labels/0.png\n")
    with pytest.raises(DataError, match=naming("train.txt, line 1", "does not exist", said)):
        make(tmp_path / dataset_root, train_path=str(own_list))
