# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels of each class in each label."""

import cv2
import numpy as np
import pytest

from paddleseg.datasets import Dataset, RoadScenes
from paddleseg.datasets.class_counts import count_class_pixels
from paddleseg.utils.errors import DataError


def make(root, **options):
    return Dataset("train", str(root), [], 4, train_path="train.txt", **options)


def test_labels_are_counted_without_what_is_ignored_and_without_the_pictures(root):
    dataset = make(root)
    labels = [cv2.imread(path, cv2.IMREAD_UNCHANGED) for _, path in dataset.file_list]
    expected = [[(label == index).sum() for index in range(4)] for label in labels]
    for picture, _ in dataset.file_list:
        open(picture, "wb").close()  # would be refused if it were read
    counted = count_class_pixels(dataset)
    assert counted.dtype == np.int64
    np.testing.assert_array_equal(counted, expected)


def test_an_ignored_class_counts_for_nothing_and_renumbered_labels_as_what_they_become(root):
    plain = count_class_pixels(make(root))
    ignored = count_class_pixels(make(root, ignore_index=2, label_map={255: 2}))
    np.testing.assert_array_equal(ignored, plain * [1, 1, 0, 1])
    swapped = count_class_pixels(make(root, label_map={0: 1, 1: 0}))
    np.testing.assert_array_equal(swapped, plain[:, [1, 0, 2, 3]])


def test_scenes_that_are_drawn_are_counted_as_they_are_drawn():
    scenes = RoadScenes([], num_samples=2, size=(64, 32))
    expected = [np.bincount(scenes.read(index)["label"].ravel(), minlength=256)[:19] for index in range(2)]
    np.testing.assert_array_equal(count_class_pixels(scenes), expected)


def test_a_wrong_label_is_named(root):
    dataset = make(root)
    bad = dataset.file_list[1][1]
    cv2.imwrite(bad, np.full((8, 8), 77, np.uint8))
    with pytest.raises(DataError, match=f"{bad}: the label has the values 77"):
        count_class_pixels(dataset)


def test_a_picture_without_a_label_is_named(root):
    dataset = make(root)
    dataset.file_list[0] = (dataset.file_list[0][0], None)
    with pytest.raises(DataError, match="has no label; the pixels of the classes cannot be counted"):
        count_class_pixels(dataset)
