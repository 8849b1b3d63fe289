# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in class folders: which classes there are, what the index remembers, and what is refused in one line."""

import os
import shutil
import time

import numpy as np
import pytest

from paddleseg.datasets import ImageFolder
from paddleseg.datasets.class_check import check_class_data
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
    assert "has no pictures of 1 classes (apple)" in log.text


def test_pictures_may_lie_deeper_and_other_files_are_counted(class_folder, log):
    deeper = class_folder / "train/sea/images/more"
    deeper.mkdir(parents=True)
    shutil.copy(class_folder / "train/sea/0.jpg", deeper / "x.JPEG")
    (class_folder / "train/sea/boxes.xml").write_text("<xml/>")
    dataset = dataset_of(class_folder)
    assert len(dataset) == 25 and dataset.picture_name(24) == str(deeper / "x.JPEG")
    assert "1 files are no pictures and are left out" in log.text


def test_names_come_from_the_configuration_or_from_a_file_of_folders_and_names(class_folder):
    assert dataset_of(class_folder, class_names=["a", "b", "c"]).class_names == ["a", "b", "c"]
    (class_folder / "names.txt").write_text("sea  the deep, blue sea\napple a fruit\n\nleaf a leaf\nsky unused\n")
    named = dataset_of(class_folder, class_names_file="names.txt")
    assert named.class_names == ["a fruit", "a leaf", "the deep, blue sea"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"class_names": ["a"]}, naming("class_names: 1 names for 3 classes")),
        ({"class_names_file": "nowhere.txt"}, naming("class_names_file: there is no file 'nowhere.txt'")),
        ({"class_names_file": "short.txt"}, naming("short.txt has no line for 'leaf' (2 of 3 folders)")),
        ({"class_names_file": "short.txt", "class_names": ["a"] * 3}, naming("class_names_file: given beside")),
        ({"num_classes": 4}, naming("num_classes: found 4", "has 3 class folders", "make it 3")),
        ({"num_classes": 1}, naming("num_classes: found 1; it must be 2 or more")),
    ],
)
def test_wrong_names_and_numbers_of_classes_are_told(arguments, message, class_folder):
    (class_folder / "short.txt").write_text("apple a fruit\n")
    with pytest.raises(ConfigError, match=message) as caught:
        dataset_of(class_folder, **arguments)
    assert "\n" not in str(caught.value)


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


def test_pictures_in_both_sets_and_rare_classes_are_warned_of(tmp_path, log):
    root = make_folders(tmp_path, train=30, val=1, classes=("cat", "dog"))
    for number in range(1, 30):
        (root / "train/dog" / f"{number}.jpg").unlink()
    shutil.copy(root / "train/cat/0.jpg", root / "val/cat/0.jpg")
    check_class_data(dataset_of(root, num_classes=2), dataset_of(root, "val", 2), level="full", num_workers=2)
    assert "1 classes have less than 1/20 of the pictures of the most frequent one (dog: 1 of 30)" in log.text
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
    assert "index_dir names another place" in log.text


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
        monkeypatch.setattr(os, "walk", None)
        started = time.perf_counter()
        dataset = dataset_of(root, num_classes=100)
        seconds = time.perf_counter() - started
    finally:
        shutil.rmtree(root)  # pytest would keep it for three runs
    assert len(dataset) == 100_000 and seconds < 2
    assert dataset.picture_name(99_999).endswith("099/n00000099_00999.JPEG") and dataset.class_of(99_999) == 99
