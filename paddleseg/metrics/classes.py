# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The result of evaluating a classifier: top-1 and top-5 accuracy, the confusion matrix, and the lines of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paddleseg.metrics import scores
from paddleseg.utils.errors import printable_line
from paddleseg.utils.visualize import names_of_classes

TOP = 5
# A longer table tells less than its worst rows alone.
_MOST_ROWS = 20
_MOST_CONFUSIONS = 5


def is_in_top(logits: np.ndarray, classes: np.ndarray, count: int) -> np.ndarray:
    """Whether the wanted class of each row is among its ``count`` highest logits; ties go to the lower class.

    Args:
        logits: (N, K) numbers.
        classes: (N,) integers, 0 to K - 1.
        count: At least 1.

    Returns:
        (N,) bool.
    """
    own = np.take_along_axis(logits, classes[:, None], axis=1)
    is_before = np.arange(logits.shape[1]) < classes[:, None]
    num_better = (logits > own).sum(axis=1) + ((logits == own) & is_before).sum(axis=1)
    return num_better < count


@dataclass(frozen=True)
class ClassificationResult:
    """The counts of a classifier's evaluation.

    Attributes:
        matrix: (K, K) int64; rows are labels, columns the classes of the highest logit.
        num_right: Pictures whose highest logit is their class's.
        num_in_top: Pictures whose class is among the ``TOP`` highest logits; None: not known, since class ids do not
            say which class came second.
        class_names: Names by class id, where the data set gives them.
    """

    matrix: np.ndarray
    num_right: int
    num_in_top: int | None
    class_names: Sequence[str] | None = None

    @property
    def num_images(self) -> int:
        return int(self.matrix.sum())

    @property
    def top1(self) -> float:
        """Share of the pictures, 0 to 1."""
        return self.num_right / self.num_images

    @property
    def top5(self) -> float | None:
        """Share of the pictures, 0 to 1; None if it is not known, or always 1 because there are no more classes."""
        is_known = self.num_in_top is not None and len(self.matrix) > TOP
        return self.num_in_top / self.num_images if is_known else None

    @property
    def values(self) -> dict[str, float]:
        """The accuracies by name."""
        return {"top1": self.top1, **({} if self.top5 is None else {"top5": self.top5})}

    @property
    def names(self) -> list[str]:
        """Name of each class."""
        return names_of_classes(len(self.matrix), self.class_names)

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain numbers for JSON; None for those of a class without pictures."""
        recall, precision = self._class_scores()
        labels, predictions = self.matrix.sum(axis=1).tolist(), self.matrix.sum(axis=0).tolist()
        return {
            "num_images": self.num_images,
            **self.values,
            "classes": [
                {
                    "id": class_id,
                    "name": name,
                    "recall": _number_or_none(recall[class_id]),
                    "precision": _number_or_none(precision[class_id]),
                    "label_images": labels[class_id],
                    "predicted_images": predictions[class_id],
                }
                for class_id, name in enumerate(self.names)
            ],
            "confusion_matrix": self.matrix.tolist(),
        }

    def report(self) -> list[str]:
        """The lines of the log: the accuracies, the table of the classes, the most frequent confusions."""
        accuracies = " ".join(f"{name}: {value:.4f}" for name, value in self.values.items())
        lines = [f"[EVAL] #Images: {self.num_images} {accuracies}", self._table()]
        confusions = self._confusions()
        return lines + ([confusions] if confusions else [])

    def _class_scores(self) -> tuple[np.ndarray, np.ndarray]:
        """Recall and precision of each class, (K,) float64; NaN for one that occurs nowhere."""
        return scores.class_recall(self.matrix), scores.class_precision(self.matrix)

    def _table(self) -> str:
        recall, precision = self._class_scores()
        counts = self.matrix.sum(axis=1)
        order = [class_id for class_id in np.argsort(recall, kind="stable") if counts[class_id]]
        is_whole = len(order) <= _MOST_ROWS
        shown = sorted(order) if is_whole else order[:_MOST_ROWS]
        names = list(map(printable_line, self.names))
        width = max(len(name) for name in ["class", *(names[class_id] for class_id in shown)])
        title = "Accuracy of the classes:" if is_whole else f"The {_MOST_ROWS} classes that are found least:"
        lines = [title, f"{'class':<{width}}   recall  precision  pictures"]
        for class_id in shown:
            figures = f"{recall[class_id]:7.2%}  {precision[class_id]:9.2%}  {counts[class_id]:8d}"
            lines.append(f"{names[class_id]:<{width}}  {figures}")
        return "\n".join(lines)

    def _confusions(self) -> str:
        labels, found = np.nonzero(self.matrix)  # few cells of very many
        labels, found = labels[labels != found], found[labels != found]
        counts = self.matrix[labels, found]
        names = list(map(printable_line, self.names))
        parts = [
            f"{names[labels[cell]]} for {names[found[cell]]} ({counts[cell]})"
            for cell in np.argsort(counts, kind="stable")[::-1][:_MOST_CONFUSIONS]
        ]
        return f"Most often taken: {', '.join(parts)}" if parts else ""


def _number_or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
