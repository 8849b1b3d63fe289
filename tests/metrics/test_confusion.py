# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The confusion matrix against counting pixel by pixel."""

import numpy as np
import pytest

from paddleseg.metrics.confusion import ConfusionMatrix, sum_over_ranks
from paddleseg.utils.errors import DataError
from tests.messages import naming


def count_in_a_loop(prediction, label, num_classes, ignore_index):
    matrix = [[0] * num_classes for _ in range(num_classes)]
    for predicted, labelled in zip(prediction.ravel().tolist(), label.ravel().tolist()):
        if labelled != ignore_index:
            matrix[labelled][predicted] += 1
    return matrix


@pytest.mark.parametrize("size", [(3, 17, 23), (6, 2, 2)])  # more and fewer pixels than the matrix has cells
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_counts_equal_a_plain_loop(dtype, size):
    rng = np.random.default_rng(0)
    label = rng.choice([0, 1, 2, 3, 4, 255], size=size).astype(dtype)
    prediction = rng.integers(0, 5, size=label.shape).astype(dtype)
    confusion = ConfusionMatrix(5)
    for predicted, labelled in zip(prediction, label):
        confusion.update(predicted, labelled)
    assert confusion.matrix.dtype == np.int64
    assert confusion.matrix.tolist() == count_in_a_loop(prediction, label, 5, 255)


def test_rows_are_labels_and_columns_predictions():
    confusion = ConfusionMatrix(3)
    confusion.update(np.array([2]), np.array([0]))
    assert confusion.matrix.tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_256_classes_fit():
    label = np.arange(256, dtype=np.uint8)
    confusion = ConfusionMatrix(256, ignore_index=-1)
    confusion.update(label, label)
    assert (confusion.matrix == np.eye(256)).all()


def test_ignore_index_may_be_a_class_number():
    label, prediction = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    confusion = ConfusionMatrix(2, ignore_index=0)
    confusion.update(prediction, label)
    assert confusion.matrix.tolist() == [[0, 0], [1, 1]]


def test_a_picture_that_is_ignored_as_a_whole_adds_nothing():
    confusion = ConfusionMatrix(2)
    confusion.update(np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8))
    assert confusion.matrix.sum() == 0


def test_label_out_of_range_names_file_values_and_what_is_allowed():
    label = np.array([[0, 200], [255, 7]], np.uint8)
    with pytest.raises(DataError, match=naming("street.png", "7, 200", "0 to 3", 255)) as info:
        ConfusionMatrix(4).update(np.zeros((2, 2), np.uint8), label, path="street.png")
    assert "\n" not in str(info.value)


def test_a_negative_label_is_out_of_range():
    with pytest.raises(DataError, match="label value -1 found"):
        ConfusionMatrix(4).update(np.array([0]), np.array([-1]))


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match="must have the same shape"):
        ConfusionMatrix(4).update(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))


@pytest.mark.parametrize("value", [-1, 4])
def test_a_prediction_that_is_no_class_is_refused(value):
    with pytest.raises(ValueError, match="predictions must be 0 to 3"):
        ConfusionMatrix(4).update(np.array([value]), np.array([0]))


def test_the_sum_over_one_process_is_the_array():
    counts = np.arange(4).reshape(2, 2)
    assert (sum_over_ranks(counts) == counts).all()
