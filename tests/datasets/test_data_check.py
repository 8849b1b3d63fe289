# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The findings on pictures and labels before a training, against counts worked out by hand."""

import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import Dataset, RoadScenes, SegmentationDataset
from paddleseg.datasets.data_check import SAMPLE_SIZE, examine
from paddleseg.datasets.data_report import (
    find_problems,
    find_warnings,
    raise_problems,
    to_dict,
)
from paddleseg.datasets.data_table import format_table
from paddleseg.utils.errors import DataError
from tests.messages import assert_names
from tests.tiff_files import tiff_file


def write(root, labels, *, name="train", num_classes=3, **arguments):
    """A data set whose labels are the given arrays; every picture is another one."""
    folder = root / name
    folder.mkdir()
    lines = []
    for index, label in enumerate(labels):
        label = np.asarray(label, np.uint8)
        seed = index + 1000 * (name == "val")
        image = np.random.default_rng(seed).integers(0, 256, (*label.shape, 3), dtype=np.uint8)
        Image.fromarray(image).save(folder / f"{index}.png")
        Image.fromarray(label).save(folder / f"{index}_label.png")
        lines.append(f"{name}/{index}.png {name}/{index}_label.png\n")
    (root / f"{name}.txt").write_text("".join(lines))
    return load(root, name, num_classes, **arguments)


def load(root, name="train", num_classes=3, **arguments):
    return Dataset(name, str(root), [], num_classes, **{f"{name}_path": str(root / f"{name}.txt")}, **arguments)


GOOD = [[0, 1], [2, 255]]


def problems(dataset, **how):
    return find_problems(examine(dataset, **how))


def warnings(train, val=None, **how):
    return find_warnings(examine(train, val, **how))


def test_good_data_has_neither_problems_nor_warnings(tmp_path):
    findings = examine(write(tmp_path, [GOOD, GOOD]), write(tmp_path, [GOOD], name="val"))
    assert find_problems(findings) == [] and find_warnings(findings) == []
    raise_problems([])


def test_pixels_and_labels_of_each_class_are_counted(tmp_path):
    findings = examine(write(tmp_path, [[[0, 0], [1, 255]], [[0, 0], [0, 2]]]))
    figures = to_dict(findings)["datasets"]["train_dataset"]
    counts = [(entry["pixels"], entry["labels"]) for entry in figures["classes"]]
    assert counts == [(5, 2), (1, 1), (1, 1)]
    assert figures["ignored_share"] == 1 / 8
    assert figures["sizes"] == [{"width": 2, "height": 2, "pictures": 2}]
    table = format_table(findings).splitlines()
    assert table[1].split() == ["0", "class", "0", "62.50%", "2"]
    assert table[4].split() == ["255", "(ignored)", "12.50%", "1"]


def test_rare_classes_are_named_with_what_lets_them_weigh_more(tmp_path):
    label = np.zeros((20, 20), int)
    label[0, :5], label[1:12] = 1, 2  # 1.25 % of class 1, where an even share of three classes is 33 %
    findings = examine(write(tmp_path, [label.tolist()]))
    assert format_table(findings).splitlines()[-1] == (
        "rare in train_dataset: class 1; loss.class_weights lets them weigh more"
    )
    label[0] = 1  # 5 %
    label[1, :8] = 1  # and 7 %: a fifth of an even share
    assert "rare" not in format_table(examine(write(tmp_path, [label.tolist()], name="val")))


def test_values_that_are_no_class_come_with_counts_files_and_the_first_of_them(tmp_path):
    dataset = write(tmp_path, [GOOD, [[7, 7], [0, 1]], [[7, 9], [0, 2]]])
    (line,) = problems(dataset)
    assert_names(line, "train_dataset", 2, 3, "7 (3 pixels in 2 files)", "9 (1 pixel in 1 file)")
    assert_names(line, "num_classes 3", "0..2", 255, f"{tmp_path}/train/1_label.png")


def test_all_problems_of_both_data_sets_are_raised_at_once(tmp_path):
    train = write(tmp_path, [GOOD, GOOD, [[0, 3], [1, 2]]])
    (tmp_path / "train/0.png").write_bytes(b"")
    Image.fromarray(np.zeros((3, 2), np.uint8)).save(tmp_path / "train/1_label.png")
    val = write(tmp_path, [GOOD], name="val")
    data = (tmp_path / "val/0_label.png").read_bytes()
    (tmp_path / "val/0_label.png").write_bytes(data[:-20])
    with pytest.raises(DataError) as caught:
        raise_problems(find_problems(examine(train, val)))
    lines = str(caught.value).splitlines()
    assert_names(lines[0], "4 problems")
    for line, parts in zip(
        lines[1:],
        (
            ("train_dataset", f"{tmp_path}/train/0.png", "empty"),
            ("train_dataset", f"{tmp_path}/train/1_label.png", "2x3"),
            ("train_dataset", 1, 3, "3 (1 pixel in 1 file)"),
            ("val_dataset", f"{tmp_path}/val/0_label.png", "truncated"),
        ),
    ):
        assert_names(line, *parts)


def test_labels_that_count_from_one_are_recognised(tmp_path):
    (line,) = problems(write(tmp_path, [[[1, 2], [3, 255]]]))
    assert_names(line, "classes are counted from 0, and here 0 never occurs: give reduce_zero_label: True")


def test_labels_whose_0_is_no_class_are_told_the_key_that_reads_them(tmp_path):
    (line,) = problems(write(tmp_path, [[[0, 2], [3, 255]]]))
    assert_names(line, "if 0 is not a class here: give reduce_zero_label: True")
    (line,) = problems(write(tmp_path, [[[0, 2], [3, 4]]], name="val", reduce_zero_label=True))
    assert "give reduce_zero_label" not in line


def test_a_label_with_many_values_is_called_resampled(tmp_path):
    (line,) = problems(write(tmp_path, [np.arange(64).reshape(8, 8)]))
    assert "and 53 more values" in line and "resampling, JPEG files or colours" in line


def test_many_damaged_files_are_counted_and_not_all_listed(tmp_path):
    dataset = write(tmp_path, [GOOD] * 14)
    for index in range(12):
        (tmp_path / f"train/{index}.png").write_bytes(b"no picture")
    lines = problems(dataset)
    assert len(lines) == 11 and lines[-1] == "train_dataset: 12 files like these in all"


def test_nothing_but_ignored_pixels_cannot_be_used(tmp_path):
    (line,) = problems(write(tmp_path, [np.full((2, 2), 255)] * 2))
    assert "every pixel of the 2 labels is 255 (ignored)" in line


def test_one_single_class_is_warned_of(tmp_path):
    (line,) = warnings(write(tmp_path, [np.zeros((2, 2))] * 2, class_names=["road", "car", "person"]))
    assert_names(line, "train_dataset", "only one class", "class 0 (road)", 2)


def test_a_class_that_never_occurs_is_named_in_each_data_set(tmp_path):
    train = write(tmp_path, [[[0, 0], [1, 1]]])
    val = write(tmp_path, [[[0, 0], [2, 2]]], name="val")
    for_training, for_evaluation = warnings(train, val)
    assert_names(for_training, "train_dataset", "class 2", 1)
    assert_names(for_evaluation, "val_dataset", "class 1", 1)


def mask(share):
    """A mask of 0 and 255 with this share of foreground."""
    label = np.zeros((10, 10), np.uint8)
    label.ravel()[: round(100 * share)] = 255
    return label


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_data_of_nothing_but_0_and_255_is_an_error_for_two_classes(tmp_path, share):
    (line,) = problems(write(tmp_path, [mask(share), mask(0)], num_classes=2, class_names=["road", "crack"]))
    assert_names(line, "0 and 255", "class 1 (crack)", "write 1 into the labels", "or give label_map: {255: 1}")
    assert problems(write(tmp_path, [mask(share), mask(0)], name="val", num_classes=2, label_map={255: 1})) == []


def test_an_absent_class_is_explained_by_255_however_little_of_it_there_is(tmp_path):
    train = write(tmp_path, [mask(0.02)], num_classes=2)
    val = write(tmp_path, [[[0, 1]]], name="val", num_classes=2)
    assert find_problems(examine(train, val)) == []  # the labels of the other set are ids
    first, second = warnings(train, val)
    assert "only one class, class 0" in first
    assert_names(second, "train_dataset", "2.0%", 255, "class 1", "write 1 into the labels")


def test_two_classes_of_which_0_is_absent_are_explained_too(tmp_path):
    _, line = warnings(write(tmp_path, [[[1, 255]]], num_classes=2))
    assert_names(line, 255, "class 0", "write 0 into the labels")


def test_255_that_is_not_ignored_is_explained_as_well(tmp_path):
    (line,) = problems(write(tmp_path, [mask(0.1)], num_classes=2, ignore_index=254))
    assert_names(line, "255 (10 pixels", "if 255 stands for class 1")


def test_borders_of_255_in_few_of_a_sample_of_labels_are_no_error(tmp_path):
    labels = [mask(0.1)] + [mask(0)] * SAMPLE_SIZE
    dataset = write(tmp_path, labels, num_classes=2)  # a rare object may be in the label that is not looked at
    assert problems(dataset, level="sample") == []
    assert len(problems(dataset, level="full")) == 1


def test_an_ignored_value_within_the_classes_is_no_class(tmp_path):
    dataset = write(tmp_path, [[[0, 1], [2, 2]]], ignore_index=0)
    assert warnings(dataset) == []
    assert examine(dataset).statistics[0].ignored_share == 1 / 4
    assert "  0  class 0 " not in format_table(examine(dataset))


def test_a_sample_is_spread_evenly_over_the_pictures(tmp_path):
    class Seen(RoadScenes):
        def read(self, index):
            seen.append(index)
            return super().read(index)

    seen = []
    findings = examine(Seen([], num_samples=3 * SAMPLE_SIZE, size=(64, 32)), level="sample")
    assert findings.statistics[0].num_checked == len(set(seen)) == SAMPLE_SIZE
    assert seen == list(range(0, 3 * SAMPLE_SIZE, 3))


def test_a_warning_of_a_sample_says_that_it_is_one(tmp_path):
    (line,) = warnings(write(tmp_path, [[[0, 1]]] * (SAMPLE_SIZE + 1)), level="sample")
    assert f"class 2 never occurs in the {SAMPLE_SIZE} labels checked (of {SAMPLE_SIZE + 1}): cannot" in line


def test_labels_that_cannot_be_read_do_not_count_as_looked_at(tmp_path):
    dataset = write(tmp_path, [[[0, 1]]] * 3)
    (tmp_path / "train/1_label.png").write_bytes(b"")
    (line,) = warnings(dataset)
    assert "class 2 never occurs in the 2 labels checked (of 3)" in line


def test_threads_find_the_same_as_one(tmp_path):
    labels = [np.random.default_rng(i).integers(0, 4, (6, 5)) for i in range(9)]
    dataset = write(tmp_path, labels)
    one, many = (to_dict(examine(dataset, num_workers=n)) for n in (0, 3))
    assert {**one, "seconds": 0} == {**many, "seconds": 0}


class Own(SegmentationDataset):
    """One picture of 2x1 pixels, read in its own way, that has this label."""

    def __init__(self, label, mode="train"):
        super().__init__([], mode=mode, num_classes=2)
        self.label = label

    def __len__(self):
        return 1

    def read(self, index):
        return {"img": np.zeros((1, 2, 3), np.uint8), "label": self.label, "path": "own 0", "trans_info": []}


def test_values_of_a_data_set_that_reads_without_looking_at_them_are_compared_too():
    dataset = Own(np.array([[0, 5]], np.uint8))
    (line,) = problems(dataset)
    assert "5 (1 pixel in 1 file)" in line and line.endswith("First: own 0")
    assert examine(dataset, Own(dataset.label, mode="val")).shared == []


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        (np.array([[0, 300]], np.int32), (0, 300, 0, 255)),
        (np.array([[0, -1]]), (-1, 0)),
        (np.array([[0, 1]], np.float32), ("float32",)),
        ([[0, 1]], ("list",)),
        (np.zeros((1, 2, 1), np.uint8), ("(1, 2, 1)", "(1, 2)")),
        (np.zeros((1, 3), np.uint8), ("(1, 3)", "(1, 2)")),
    ],
)
def test_what_is_no_label_at_all_is_named_too(label, parts):
    (line,) = problems(Own(label))
    assert_names(line, "train_dataset: own 0: ", *parts)


def test_labels_of_other_whole_numbers_are_counted_as_they_are():
    findings = examine(Own(np.array([[0, 1]], np.int64)))
    assert find_problems(findings) == [] and findings.statistics[0].class_pixels.tolist() == [1, 1]


def test_a_picture_without_label_cannot_be_evaluated(tmp_path):
    train = write(tmp_path, [GOOD])
    (tmp_path / "test.txt").write_text("train/0.png\n")
    val = load(tmp_path, "test")
    assert any("train/0.png: has no label" in line for line in find_problems(examine(train, val)))


class TestSharedPictures:
    def shared(self, tmp_path, lines):
        train = write(tmp_path, [GOOD] * 3)
        write(tmp_path, [GOOD] * 2, name="val")
        (tmp_path / "val.txt").write_text(lines)
        return examine(train, load(tmp_path, "val")).shared

    def test_pictures_of_their_own_are_none(self, tmp_path):
        assert self.shared(tmp_path, "val/0.png val/0_label.png\nval/1.png val/1_label.png\n") == []

    def test_the_same_file_is_found(self, tmp_path):
        path = str(tmp_path / "train/1.png")
        assert self.shared(tmp_path, "train/1.png train/1_label.png\n") == [(path, path)]

    def test_a_link_to_the_same_file_is_found(self, tmp_path):
        train = write(tmp_path, [GOOD] * 3)
        (tmp_path / "link.png").symlink_to(tmp_path / "train/2.png")
        (tmp_path / "val.txt").write_text("link.png train/2_label.png\n")
        found = examine(train, load(tmp_path, "val")).shared
        assert found == [(str(tmp_path / "train/2.png"), str(tmp_path / "link.png"))]

    def test_a_copy_under_another_name_is_found_among_files_of_the_same_length(self, tmp_path):
        train = write(tmp_path, [GOOD] * 3)
        picture = tmp_path / "train/2.png"
        picture.write_bytes(picture.read_bytes() + bytes(100_000))  # so long that its beginning does not decide
        changed = bytearray(picture.read_bytes())
        changed[-1] ^= 1  # the same length, another content
        shutil.copy(picture, tmp_path / "copy.png")
        (tmp_path / "changed.png").write_bytes(changed)
        (tmp_path / "val.txt").write_text("changed.png train/0_label.png\ncopy.png train/2_label.png\n")
        val = load(tmp_path, "val")
        assert examine(train, val).shared == [(str(picture), str(tmp_path / "copy.png"))]
        assert_names(warnings(train, val)[-1], 1, 2, "val_dataset", "train_dataset")

    def test_drawn_scenes_are_the_same_when_their_names_are(self):
        scenes = {"num_samples": 2, "size": (64, 32)}
        assert examine(RoadScenes([], **scenes), RoadScenes([], mode="val", **scenes), level="sample").shared == []
        assert len(examine(RoadScenes([], **scenes), RoadScenes([], **scenes), level="sample").shared) == 2


def write_deep(root, pictures, **arguments):
    """As ``write``, with these pictures in the place of those of 8 bits."""
    write(root, [[[0, 1], [2, 255]]] * len(pictures))
    for index, pixels in enumerate(pictures):
        cv2.imwrite(str(root / "train" / f"{index}.png"), np.asarray(pixels))
    return load(root, **arguments)


def test_pictures_of_16_bits_are_shown_with_type_channels_and_values(tmp_path):
    dataset = write_deep(tmp_path, [np.full((2, 2), value, np.uint16) for value in (17, 60000)], img_channels=1)
    findings = examine(dataset)
    assert_names(format_table(findings).splitlines()[-1], "train_dataset", "uint16 with 1 channel (2)", "17 to 60000")
    [entry] = to_dict(findings)["datasets"]["train_dataset"]["formats"]
    assert entry == {"dtype": "uint16", "channels": 1, "pictures": 2, "values": (17.0, 60000.0)}
    assert find_warnings(findings) == []


def test_twelve_bits_that_are_taken_for_sixteen_are_warned_of_with_the_range_to_write(tmp_path):
    pictures = [np.full((2, 2, 3), 3900, np.uint16)]
    (line,) = warnings(write_deep(tmp_path, pictures))
    assert_names(line, "train_dataset", "uint16", 3900, "value_range: [0, 4095]")
    assert warnings(load(tmp_path, value_range=[0, 4095])) == []


def test_values_of_packed_pictures_are_shown_as_the_file_has_them_and_fill_their_range(tmp_path):
    dataset = write_deep(tmp_path, [np.zeros((2, 2), np.uint8)], img_channels=1)
    values = np.array([[17, 3900], [99, 200]], np.uint16)
    (tmp_path / "train" / "0.png").write_bytes(tiff_file(values, bits=12))  # decoders go by the content
    findings = examine(dataset)
    assert_names(format_table(findings).splitlines()[-1], "uint16 (up to 4095) with 1 channel (1)", "17 to 3900")
    assert find_warnings(findings) == []
    (tmp_path / "train" / "0.png").write_bytes(tiff_file(values, bits=12, photometric=0))
    assert "17 to 3900" in format_table(examine(dataset)).splitlines()[-1]


def test_values_beyond_the_stated_range_are_warned_of(tmp_path):
    pictures = [np.full((2, 2, 3), 5000, np.uint16)]
    (line,) = warnings(write_deep(tmp_path, pictures, value_range=[0, 4095]))
    assert_names(line, 5000, "beyond value_range [0, 4095]")


def test_a_fourth_channel_that_is_left_out_is_said_once(tmp_path):
    pictures = [np.full((2, 2, 4), value, np.uint8) for value in (0, 200)]
    (line,) = warnings(write_deep(tmp_path, pictures))
    assert_names(line, "2 of 2 pictures", "fourth channel", "img_channels: 4")
    assert warnings(load(tmp_path, img_channels=4)) == []
