# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a segmentation as pure functions of its confusion matrix.

All take ``matrix``, (K, K) integer counts with labels in rows and predictions in columns, ignored pixels left
out.

A class is *absent* when it occurs neither in the labels nor in the predictions. Its scores are NaN and take
no part in a mean (counting them as 1 would raise the mean of a set that lacks classes). A class that occurs on
one side only scores 0.
"""

import numpy as np


def present_classes(matrix: np.ndarray) -> np.ndarray:
    """(K,) bool: the class occurs in a label or in a prediction."""
    return matrix.sum(axis=0) + matrix.sum(axis=1) > 0


def class_iou(matrix: np.ndarray) -> np.ndarray:
    """Intersection over union of each class: (K,) float64, NaN for an absent class."""
    hits = np.diag(matrix)
    return _class_ratio(hits, matrix.sum(axis=0) + matrix.sum(axis=1) - hits, matrix)


def class_precision(matrix: np.ndarray) -> np.ndarray:
    """Share of the pixels predicted as a class that belong to it: (K,) float64, NaN for an absent class.

    A class that is in the labels and never predicted gets 0.
    """
    return _class_ratio(np.diag(matrix), matrix.sum(axis=0), matrix)


def class_recall(matrix: np.ndarray) -> np.ndarray:
    """Share of the pixels labelled as a class that are found: (K,) float64, NaN for an absent class.

    A class that is predicted and in no label gets 0.
    """
    return _class_ratio(np.diag(matrix), matrix.sum(axis=1), matrix)


def class_dice(matrix: np.ndarray) -> np.ndarray:
    """Dice coefficient (F1 score) of each class: (K,) float64, NaN for an absent class."""
    return _class_ratio(2 * np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1), matrix)


def mean_iou(matrix: np.ndarray) -> float:
    """Mean IoU over the classes that occur in labels or predictions; NaN for an empty matrix."""
    return mean_of_present(class_iou(matrix))


def mean_dice(matrix: np.ndarray) -> float:
    """Mean Dice coefficient over the classes that occur in labels or predictions; NaN for an empty matrix."""
    return mean_of_present(class_dice(matrix))


def pixel_accuracy(matrix: np.ndarray) -> float:
    """Share of the labelled pixels predicted correctly; NaN for an empty matrix."""
    total = matrix.sum()
    return float(np.trace(matrix) / total) if total else float("nan")


def kappa(matrix: np.ndarray) -> float:
    """Cohen's kappa: the accuracy beyond what chance gives with the same class frequencies.

    NaN for an empty matrix, and where labels and predictions are all of one class (chance is then 1).
    """
    total = float(matrix.sum())
    if total == 0:
        return float("nan")
    # In float64: products of pixel counts exceed the range of int64.
    by_chance = float(np.dot(matrix.sum(axis=0) / total, matrix.sum(axis=1) / total))
    return (pixel_accuracy(matrix) - by_chance) / (1.0 - by_chance) if by_chance < 1.0 else float("nan")


def _class_ratio(numerator: np.ndarray, denominator: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    # Where the denominator is 0, so is the numerator: dividing by 1 gives the 0 of a one-sided class.
    ratio = numerator / np.maximum(denominator, 1)
    return np.where(present_classes(matrix), ratio, np.nan)


def mean_of_present(per_class: np.ndarray) -> float:
    """Mean of the scores of classes (K,) that are not NaN; NaN if all are."""
    present = per_class[~np.isnan(per_class)]
    return float(present.mean()) if present.size else float("nan")
