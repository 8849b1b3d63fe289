# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Scores against numbers worked out by hand."""

import math

import numpy as np
import pytest

from paddleseg.metrics import scores

# Class 0: 6 right, 2 taken for 1. Class 1: 4 right, 3 taken for 0, 1 taken for 2. Class 2: predicted once,
# never labelled. Class 3: absent. Class 4: labelled twice, never predicted (taken for 0).
MATRIX = np.array(
    [
        [6, 2, 0, 0, 0],
        [3, 4, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [2, 0, 0, 0, 0],
    ]
)
NAN = float("nan")


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (scores.class_iou, [6 / 13, 4 / 10, 0, NAN, 0]),
        (scores.class_precision, [6 / 11, 4 / 6, 0, NAN, 0]),
        (scores.class_recall, [6 / 8, 4 / 8, 0, NAN, 0]),
        (scores.class_dice, [12 / 19, 8 / 14, 0, NAN, 0]),
    ],
)
def test_class_scores_equal_hand_worked_numbers(score, expected):
    np.testing.assert_allclose(score(MATRIX), expected, rtol=1e-15)


def test_absent_classes_take_no_part_in_the_means():
    assert scores.mean_iou(MATRIX) == pytest.approx((6 / 13 + 4 / 10) / 4)
    assert scores.mean_dice(MATRIX) == pytest.approx((12 / 19 + 8 / 14) / 4)
    assert scores.present_classes(MATRIX).tolist() == [True, True, True, False, True]


def test_pixel_accuracy_is_the_share_of_the_diagonal():
    assert scores.pixel_accuracy(MATRIX) == pytest.approx(10 / 18)


def test_kappa_equals_the_hand_worked_number():
    chance = (11 * 8 + 6 * 8 + 0 + 0 + 0 * 2) / 18**2
    assert scores.kappa(MATRIX) == pytest.approx((10 / 18 - chance) / (1 - chance))


def test_kappa_is_zero_for_a_guess_that_ignores_the_picture():
    assert scores.kappa(np.array([[30, 10], [30, 10]])) == pytest.approx(0)


def test_kappa_does_not_overflow_with_billions_of_pixels():
    pixels = 2975 * 2048 * 1024
    assert scores.kappa(np.array([[pixels, 0], [0, pixels]]) * 4) == pytest.approx(1)


def test_a_perfect_result_scores_one_and_absent_classes_stay_absent():
    matrix = np.diag([5, 0, 7])
    assert scores.mean_iou(matrix) == scores.mean_dice(matrix) == scores.pixel_accuracy(matrix) == 1
    assert scores.kappa(matrix) == 1
    assert math.isnan(scores.class_iou(matrix)[1])


def test_kappa_of_a_single_class_is_undefined():
    assert math.isnan(scores.kappa(np.diag([9, 0])))


def test_an_empty_matrix_gives_nan_without_warning(recwarn):
    empty = np.zeros((3, 3), np.int64)
    for score in (scores.mean_iou, scores.mean_dice, scores.pixel_accuracy, scores.kappa):
        assert math.isnan(score(empty))
    assert np.isnan(scores.class_iou(empty)).all()
    assert not recwarn


def test_kappa_equals_counting_pairs_of_pixels_plainly():
    random = np.random.default_rng(0)
    label, prediction = random.integers(0, 3, 200), random.integers(0, 3, 200)
    prediction[:120] = label[:120]
    matrix = np.zeros((3, 3), np.int64)
    np.add.at(matrix, (label, prediction), 1)
    agreement = np.mean(label == prediction)
    chance = np.mean(label[:, np.newaxis] == prediction[np.newaxis])  # any pixel's label, any pixel's prediction
    assert scores.kappa(matrix) == pytest.approx((agreement - chance) / (1 - chance), rel=1e-12)


def test_kappa_of_labels_of_one_class_is_zero_when_another_is_predicted_too():
    assert scores.kappa(np.array([[7, 3], [0, 0]])) == pytest.approx(0)
    assert scores.kappa(np.array([[0, 5], [0, 0]])) == 0
