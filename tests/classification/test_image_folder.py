# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in class folders: the classes, the index, and what is refused in one line."""

import os
import shutil
import time

import cv2
import numpy as np
import pytest

from paddleseg.datasets import ImageFolder, file_index
from paddleseg.datasets.class_check import check_class_data
from paddleseg.transforms import RandAugment, RandomErasing, ResizeCenterCrop
from paddleseg.utils.errors import ConfigError, DataError
from tests.classification.folders import CLASSES, make_folders
from tests.messages import naming


def dataset_of(root, mode="train", num_classes=3, **arguments):
    return ImageFolder(mode, str(root), [], num_classes, **arguments)


def settle(root):
    """Make all folders older than the index cares about."""
    for place, _, _ in os.walk(root):
        os.utime(place, (time.time() - 60,) * 2)


def test_classes_are_the_folders_by_name_and_samples_their_files_by_name(class_folder):
    dataset = dataset_of(class_folder)
    assert dataset.class_names == list(CLASSES) and len(dataset) == 24
    assert dataset.class_counts().tolist() == [8, 8, 8]
    sample = dataset.read(9)
    assert sample["path"] == str(class_folder / "train/leaf/1.jpg")
    assert sample["img"].shape == (48, 56, 3) and sample["img"].dtype == np.uint8
    assert sample["label"].shape == () and int(sample["label"]) == 1
    with pytest.raises(IndexError):
        dataset.picture_name(24)
    assert list(dataset.file_list) == [dataset.file_list[index] for index in range(24)]


def test_the_classes_of_val_are_numbered_as_those_of_train(class_folder, log):
    shutil.rmtree(class_folder / "val/apple")
    dataset = dataset_of(class_folder, "val")
    assert dataset.class_counts().tolist() == [0, 4, 4]
    assert int(dataset.read(0)["label"]) == 1
    assert "has no pictures of 1 class (apple)" in log.text


def test_pictures_may_lie_deeper_and_other_files_are_counted(class_folder, tmp_path, log):
    deeper, one = tmp_path / "elsewhere/more", class_folder / "train/sea/0.jpg"
    hidden = class_folder / "train/sea/.ipynb_checkpoints"
    for folder in (deeper, hidden, class_folder / "train/.git"):
        folder.mkdir(parents=True)
    for copy in (deeper / "x.JPEG", hidden / "0-checkpoint.jpg", one.with_name("._0.jpg")):
        shutil.copy(one, copy)
    (class_folder / "train/sea/images").symlink_to(tmp_path / "elsewhere")
    (class_folder / "train/sea/up").symlink_to("..")  # which has the pictures of the other classes
    (class_folder / "train/circle").symlink_to("circle")
    os.mkfifo(one.with_name("pipe.jpg"))  # opening it would wait for ever
    (class_folder / "train/sea/boxes.xml").write_text("<xml/>")
    dataset = dataset_of(class_folder)
    assert len(dataset) == 25 and dataset.picture_name(24) == str(class_folder / "train/sea/images/more/x.JPEG")
    assert "1 file left out: not a picture by its suffix" in log.text


def test_names_come_from_the_configuration_or_from_a_file_of_folders_and_names(class_folder):
    assert dataset_of(class_folder, class_names=["a", "b", "c"]).class_names == ["a", "b", "c"]
    (class_folder / "train/sea").rename(class_folder / "train/leaf of gold")
    lines = "leaf of gold  the deep, blue sea\napple\ta fruit\n\nleaf a leaf\nleaf a leaf\nsky unused\n"
    (class_folder / "names.txt").write_text(lines, encoding="utf-8-sig")
    named = dataset_of(class_folder, class_names_file="names.txt")
    assert named.class_names == ["a fruit", "a leaf", "the deep, blue sea"]
    with (class_folder / "names.txt").open("a") as file:
        file.write("apple a tree\n")
    with pytest.raises(ConfigError, match=naming("names.txt, line 7", "'apple' is 'a tree', and 'a fruit'")):
        dataset_of(class_folder, class_names_file="names.txt")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"class_names": ["a"]}, naming("class_names: 1 name for 3 classes")),
        ({"class_names": ["a", "", "b"]}, naming("class_names: the name of class 1 is empty")),
        ({"class_names_file": "nowhere.txt"}, naming("class_names_file: there is no file 'nowhere.txt'")),
        ({"class_names_file": "short.txt"}, naming("short.txt has no line for 'leaf' (2 of 3 folders)")),
        ({"class_names_file": "short.txt", "class_names": ["a"] * 3}, naming("class_names_file: given together with")),
        ({"num_classes": 4}, naming("num_classes: found 4", "has 3 class folders", "make it 3")),
        ({"num_classes": 1}, naming("num_classes: found 1; it must be 2 or more")),
    ],
)
def test_wrong_names_and_numbers_of_classes_are_told(arguments, message, class_folder):
    (class_folder / "short.txt").write_text("apple a fruit\n")
    with pytest.raises(ConfigError, match=message) as caught:
        dataset_of(class_folder, **arguments)
    assert "\n" not in str(caught.value)


def test_noise_for_other_channels_is_refused_with_the_data_set(class_folder):
    with pytest.raises(ConfigError, match="RandomErasing: 3 values of mean and std for pictures of 1 channels"):
        ImageFolder("train", str(class_folder), [RandomErasing()], 3, img_channels=1)


def only_in_val(root):
    (root / "val/zebra").mkdir()


def empty_class(root):
    (root / "train/zebra").mkdir()


def empty_class_of_val(root):
    shutil.rmtree(root / "val/leaf")
    (root / "val/leaf").mkdir()


def no_val(root):
    shutil.rmtree(root / "val")


def no_classes(root):
    shutil.rmtree(root / "train")
    (root / "train").mkdir()


@pytest.mark.parametrize(
    ("spoil", "mode", "num_classes", "message"),
    [
        (only_in_val, "val", 3, naming("val/zebra", "train has no class 'zebra'")),
        (empty_class, "train", 4, naming("train/zebra: the class has no pictures")),
        (empty_class_of_val, "val", 3, naming("val/leaf: the class has no pictures")),
        (no_val, "val", 3, naming("val: there is no such folder")),
        (no_classes, "train", 3, naming("train: there are no folders in it")),
    ],
)
def test_folders_that_cannot_be_used_are_told_in_one_line(spoil, mode, num_classes, message, class_folder):
    spoil(class_folder)
    with pytest.raises(DataError, match=message) as caught:
        dataset_of(class_folder, mode, num_classes)
    assert "\n" not in str(caught.value)


def test_corrupt_pictures_are_all_named_before_the_first_step(class_folder):
    (class_folder / "train/apple/3.jpg").write_bytes(b"")
    whole = (class_folder / "val/sea/1.jpg").read_bytes()
    (class_folder / "val/sea/1.jpg").write_bytes(whole[: len(whole) // 2])
    train, val = dataset_of(class_folder), dataset_of(class_folder, "val")
    with pytest.raises(DataError, match=naming("2 problems", "train/apple/3.jpg", "val/sea/1.jpg")):
        check_class_data(train, val, level="full")


def test_of_many_corrupt_pictures_the_first_are_named(class_folder):
    for picture in class_folder.glob("train/*/[0-3].jpg"):
        picture.write_bytes(b"")
    train = dataset_of(class_folder)
    with pytest.raises(
        DataError, match=naming("11 problems", "sea/1.jpg", "2 more pictures of train_dataset")
    ) as caught:
        check_class_data(train, None, level="full")
    assert len(str(caught.value).splitlines()) == 12


def test_val_has_the_classes_of_train(class_folder, tmp_path):
    train, val = dataset_of(class_folder), dataset_of(class_folder, "val")
    check_class_data(train, val, level="off")
    other = make_folders(tmp_path / "other", val=1, classes=("leaf", "sea", "apples"))
    shutil.rmtree(other / "train")
    with pytest.raises(DataError, match=naming("class 0 is 'apple' in train_dataset and 'apples' in val_dataset")):
        check_class_data(train, dataset_of(other, "val"), level="off")
    named = [
        dataset_of(class_folder, mode, class_names=list(names)) for mode, names in (("train", "abc"), ("val", "acb"))
    ]
    with pytest.raises(DataError, match=naming("class 1 by name (class_names) is 'b'", "'c' in val_dataset")):
        check_class_data(*named, level="off")


def deep_picture(folder):
    cv2.imwrite(str(folder / "sea/deep.png"), np.full((48, 56, 3), 1000, np.uint16))


def wide_picture(folder):
    cv2.imwrite(str(folder / "sea/wide.png"), np.zeros((48, 99, 3), np.uint8))


@pytest.mark.parametrize(
    ("spoil", "transforms", "message"),
    [
        (deep_picture, [], naming("deep.png: 56x48 with 3 channels of float32", "as many bits in each channel")),
        (deep_picture, [RandAugment()], naming("deep.png: RandAugment")),
        (wide_picture, [], naming("wide.png: 99x48", "apple/0.jpg is 56x48", "end the training transforms with")),
        (wide_picture, [ResizeCenterCrop(32768, 1)], naming("the transforms would make")),
    ],
)
def test_what_would_end_a_training_in_its_middle_is_told_before(spoil, transforms, message, class_folder):
    spoil(class_folder / "train")
    with pytest.raises(DataError, match=message):
        check_class_data(ImageFolder("train", str(class_folder), transforms, 3), None, level="full")


def test_pictures_in_both_sets_and_rare_classes_are_warned_of(tmp_path, log):
    root = make_folders(tmp_path, train=30, val=1, classes=("cat", "dog"))
    for number in range(1, 30):
        (root / "train/dog" / f"{number}.jpg").unlink()
    shutil.copy(root / "train/cat/0.jpg", root / "val/cat/0.jpg")
    check_class_data(dataset_of(root, num_classes=2), dataset_of(root, "val", 2), level="full", num_workers=2)
    assert "1 class with less than 1/20 of the pictures of the most frequent one (dog: 1 of 30)" in log.text
    assert "1 of 2 pictures of val_dataset are in train_dataset too" in log.text


def test_the_index_is_read_until_a_folder_changes(class_folder, log):
    settle(class_folder)
    dataset_of(class_folder)
    assert "24 pictures in 3 classes, listed" in log.text
    log.clear()
    again = dataset_of(class_folder)
    assert "24 pictures in 3 classes, read from" in log.text
    shutil.copy(class_folder / "train/sea/0.jpg", class_folder / "train/sea/new.jpg")
    log.clear()
    changed = dataset_of(class_folder)
    assert "25 pictures in 3 classes, listed" in log.text
    assert len(again) == 24 and changed.picture_name(24).endswith("new.jpg")


def test_a_new_picture_in_a_deeper_folder_is_noticed(class_folder):
    deeper = class_folder / "train/sea/more"
    deeper.mkdir()
    shutil.copy(class_folder / "train/sea/0.jpg", deeper / "a.jpg")
    settle(class_folder)
    assert len(dataset_of(class_folder)) == 25
    shutil.copy(class_folder / "train/sea/0.jpg", deeper / "b.jpg")
    assert len(dataset_of(class_folder)) == 26


def test_data_sets_that_share_a_folder_of_indices_have_their_own(class_folder, tmp_path, log):
    other = make_folders(tmp_path / "other", train=8)
    for root in (class_folder, other):
        for place, _, _ in os.walk(root):
            os.utime(place, (1e9, 1e9))  # equal, as where one is a copy of the other
    for _ in range(2):
        log.clear()
        for root in (class_folder, other):
            assert dataset_of(root, index_dir=str(tmp_path / "indices")).picture_name(0).startswith(str(root))
    assert log.text.count("read from") == 2
    first, second = sorted((tmp_path / "indices").iterdir())
    shutil.copy(first, second)
    log.clear()
    for root in (class_folder, other):
        assert os.path.isfile(dataset_of(root, index_dir=str(tmp_path / "indices")).picture_name(0))
    assert log.text.count(", listed in") == 1


def test_an_index_of_folders_that_have_just_changed_is_not_trusted(class_folder, log):
    dataset_of(class_folder)
    log.clear()
    dataset_of(class_folder)
    assert ", listed in" in log.text


@pytest.mark.parametrize("spoil", [lambda data: b"", lambda data: data[:-3], lambda data: b"{}\0a\0", lambda d: d * 2])
def test_a_damaged_index_is_made_anew(spoil, class_folder):
    settle(class_folder)
    names = list(dataset_of(class_folder).file_list)
    index = class_folder / ".file_index/train.index"
    index.write_bytes(spoil(index.read_bytes()))
    assert list(dataset_of(class_folder).file_list) == names


def test_an_index_that_cannot_be_written_costs_a_warning_only(class_folder, tmp_path, log):
    (tmp_path / "file").write_text("")
    assert len(dataset_of(class_folder, index_dir=str(tmp_path / "file"))) == 24
    assert "Set index_dir to another place" in log.text


@pytest.mark.slow
def test_a_hundred_thousand_files_start_without_their_folders_being_listed(tmp_path, monkeypatch, log):
    root = tmp_path / "pictures"
    for class_id in range(100):
        folder = root / "train" / f"{class_id:03d}"
        folder.mkdir(parents=True)
        for number in range(1000):
            (folder / f"n{class_id:08d}_{number:05d}.JPEG").touch()
    settle(root)
    try:
        dataset_of(root, num_classes=100)
        monkeypatch.setattr(file_index, "walk", None)
        dataset = dataset_of(root, num_classes=100)
    finally:
        shutil.rmtree(root)  # pytest would keep it for three runs
    assert len(dataset) == 100_000
    assert dataset.picture_name(99_999).endswith("099/n00000099_00999.JPEG") and dataset.class_of(99_999) == 99
