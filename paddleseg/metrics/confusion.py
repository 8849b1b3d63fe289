# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The confusion matrix: every score of a segmentation is a function of these counts."""

from __future__ import annotations

import numpy as np

from paddleseg.utils.errors import DataError


class ConfusionMatrix:
    """Counts of labelled pixels by (class in the label, class predicted).

    Args:
        num_classes: K, the number of classes.
        ignore_index: Label value of the pixels that do not count; negative if all do.

    Attributes:
        matrix: (K, K) int64; rows are labels, columns are predictions.

    Example:
        >>> confusion = ConfusionMatrix(num_classes=2)
        >>> confusion.update(np.array([[0, 1]]), np.array([[0, 0]]))
        >>> confusion.matrix.tolist()
        [[1, 1], [0, 0]]
    """

    def __init__(self, num_classes: int, ignore_index: int = 255) -> None:
        self.num_classes = num_classes
        self.ignore_index = ignore_index
        self.matrix = np.zeros((num_classes, num_classes), np.int64)

    def update(self, prediction: np.ndarray, label: np.ndarray, *, path: str | None = None) -> None:
        """Add the pixels of one picture or of a batch.

        Args:
            prediction: Class ids 0 to K-1, integers of any shape.
            label: Class ids or ``ignore_index``, integers of the same shape.
            path: The picture, for the message of the error.

        Raises:
            DataError: The label has a value that is neither a class nor ``ignore_index``.
            ValueError: The shapes differ, or a prediction is not a class.
        """
        if prediction.shape != label.shape:
            raise ValueError(f"prediction {prediction.shape} and label {label.shape} must have the same shape")
        if label.size == 0:
            return
        # Every label value gets a row, even if it is not a class: dropping such rows costs less than masking pixels.
        num_rows = max(self.num_classes, self.ignore_index + 1)
        if label.min() < 0 or label.max() >= num_rows:
            self._raise_out_of_range(label, path)
        if prediction.min() < 0 or prediction.max() >= self.num_classes:
            raise ValueError(f"predictions must be 0 to {self.num_classes - 1}, found up to {prediction.max()}")
        if label.size < self.matrix.size:  # one of many classes per picture: counting all cells would take longer
            is_counted = label != self.ignore_index
            if (label[is_counted] >= self.num_classes).any():
                self._raise_out_of_range(label, path)
            np.add.at(self.matrix, (label[is_counted], prediction[is_counted]), 1)
            return
        cell = np.multiply(label, self.num_classes, dtype=np.intp)  # the type that bincount works in
        cell += prediction
        counts = np.bincount(cell.ravel(), minlength=num_rows * self.num_classes).reshape(num_rows, -1)
        if self.ignore_index >= 0:
            counts[self.ignore_index] = 0
        if counts[self.num_classes :].any():
            self._raise_out_of_range(label, path)
        self.matrix += counts[: self.num_classes]

    def reduce(self) -> None:
        """Add up the matrices of all processes of a distributed run; every process gets the sum."""
        self.matrix = sum_over_ranks(self.matrix)

    def _raise_out_of_range(self, label: np.ndarray, path: str | None) -> None:
        wrong = np.unique(label[((label < 0) | (label >= self.num_classes)) & (label != self.ignore_index)])
        raise DataError(
            f"{path or 'label'}: label value {', '.join(map(str, wrong[:5]))} found, allowed are 0 to "
            f"{self.num_classes - 1} and {self.ignore_index} (ignored); correct the label or num_classes"
        )


def sum_over_ranks(counts: np.ndarray) -> np.ndarray:
    """Element-wise sum of an int64 array over the processes of a distributed run.

    Outside a distributed run it is the array itself. Paddle is imported here, so that the metrics serve
    programs without it.
    """
    import paddle

    if paddle.distributed.get_world_size() == 1:
        return counts
    total = paddle.to_tensor(counts)
    paddle.distributed.all_reduce(total)
    return total.numpy()
