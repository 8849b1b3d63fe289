# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The result of evaluating a segmentation: counts, scores, and the lines of the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paddleseg.metrics import scores
from paddleseg.utils.visualize import names_of_classes


@dataclass(frozen=True)
class EvaluationResult:
    """The confusion matrix of a data set and its scores.

    Attributes:
        matrix: (K, K) int64; rows are labels, columns predictions, ignored pixels left out.
        num_images: Number of pictures counted.
        class_names: Names by class id, where the data set gives them.
        ignored_class: The class whose label value is ``ignore_index``: it appears in no mean and no table.

    The scores of classes are (K,) float64, NaN for a class that occurs neither in labels nor in predictions and for
    the ignored one.
    """

    matrix: np.ndarray
    num_images: int
    class_names: Sequence[str] | None = None
    ignored_class: int | None = None

    @property
    def mean_iou(self) -> float:
        return scores.mean_of_present(self.class_iou)

    @property
    def pixel_accuracy(self) -> float:
        return scores.pixel_accuracy(self.matrix)

    @property
    def kappa(self) -> float:
        return scores.kappa(self.matrix)

    @property
    def mean_dice(self) -> float:
        return scores.mean_of_present(self.class_dice)

    @property
    def class_iou(self) -> np.ndarray:
        return self._of_classes(scores.class_iou)

    @property
    def class_precision(self) -> np.ndarray:
        return self._of_classes(scores.class_precision)

    @property
    def class_recall(self) -> np.ndarray:
        return self._of_classes(scores.class_recall)

    @property
    def class_dice(self) -> np.ndarray:
        return self._of_classes(scores.class_dice)

    @property
    def names(self) -> list[str]:
        """Name of each class, "class 3" if the data set gives none."""
        return names_of_classes(len(self.matrix), self.class_names)

    @property
    def counted_classes(self) -> list[int]:
        """Ids of the classes that have scores: all but the ignored one."""
        return [class_id for class_id in range(len(self.matrix)) if class_id != self.ignored_class]

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain numbers for JSON; undefined ones, such as an absent class's, are None."""
        per_class = {
            "iou": self.class_iou,
            "precision": self.class_precision,
            "recall": self.class_recall,
            "dice": self.class_dice,
        }
        return {
            "num_images": self.num_images,
            "mean_iou": _number_or_none(self.mean_iou),
            "pixel_accuracy": _number_or_none(self.pixel_accuracy),
            "kappa": _number_or_none(self.kappa),
            "mean_dice": _number_or_none(self.mean_dice),
            "classes": [
                {
                    "id": class_id,
                    "name": name,
                    **{score: _number_or_none(values[class_id]) for score, values in per_class.items()},
                    "label_pixels": int(self.matrix[class_id].sum()),
                    "predicted_pixels": int(self.matrix[:, class_id].sum()),
                }
                for class_id, name in enumerate(self.names)
                if class_id in self.counted_classes
            ],
            "confusion_matrix": self.matrix.tolist(),
        }

    def _of_classes(self, score: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        values = score(self.matrix)
        if self.ignored_class is not None:
            values[self.ignored_class] = np.nan
        return values


def format_eval_line(result: EvaluationResult) -> str:
    """PaddleSeg's line of the means, which scripts parse."""
    return (
        f"[EVAL] #Images: {result.num_images} mIoU: {result.mean_iou:.4f} Acc: {result.pixel_accuracy:.4f} "
        f"Kappa: {result.kappa:.4f} Dice: {result.mean_dice:.4f}"
    )


def format_class_lines(result: EvaluationResult) -> list[str]:
    """PaddleSeg's lines of the classes' scores, which scripts parse; an absent or ignored class is ``nan``."""
    return [
        f"[EVAL] Class {name}: \n" + np.array2string(np.round(values, 4), suppress_small=True)
        for name, values in (
            ("IoU", result.class_iou),
            ("Precision", result.class_precision),
            ("Recall", result.class_recall),
        )
    ]


def format_table(result: EvaluationResult) -> str:
    """Table of the classes' scores in per cent, for people."""
    classes = result.counted_classes
    names = [result.names[class_id] for class_id in classes]
    width = max(len(name) for name in [*names, "class"])
    label_share = result.matrix.sum(axis=1) / max(int(result.matrix.sum()), 1)
    lines = [f"{'class':<{width}}     IoU  precision  recall    Dice   share of labels"]
    columns = result.class_iou, result.class_precision, result.class_recall, result.class_dice, label_share
    for name, (iou, precision, recall, dice, share) in zip(names, np.stack(columns, axis=1)[classes]):
        if np.isnan(iou):
            lines.append(f"{name:<{width}}  absent from labels and predictions")
        else:
            lines.append(f"{name:<{width}}  {iou:6.2%}  {precision:9.2%}  {recall:6.2%}  {dice:6.2%}  {share:16.2%}")
    num_present = int((~np.isnan(result.class_iou)).sum())
    lines.append(
        f"mIoU {result.mean_iou:.2%} over {num_present} of {len(names)} classes, "
        f"pixel accuracy {result.pixel_accuracy:.2%}, {_kappa_in_words(result.kappa)}"
    )
    return "\n".join(lines)


def report_lines(result: EvaluationResult) -> list[str]:
    """A result's lines for the log: PaddleSeg's, then the table."""
    return [
        format_eval_line(result),
        *format_class_lines(result),
        f"Scores of the classes:\n{format_table(result)}",
    ]


def _kappa_in_words(kappa: float) -> str:
    return "Kappa undefined (labels and predictions are all of one class)" if np.isnan(kappa) else f"Kappa {kappa:.4f}"


def _number_or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
