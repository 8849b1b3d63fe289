# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The data of a report besides the confusion matrix, collected picture by picture."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from paddleseg.metrics import scores
from paddleseg.metrics.boundary_iou import BoundaryIoU
from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.metrics.region_sizes import Regions, join_regions, measure_regions


@dataclass(frozen=True)
class PictureScores:
    """The scores of one picture.

    Attributes:
        index: Its position in the data set.
        path: Its file or name.
        iou: Mean IoU over the classes in its label or prediction, 0 to 1; NaN if no pixel counts.
        accuracy: Share of its correct pixels.
        boundary_iou: The mean over the same classes.
        confusion: The pair (class in the label, class predicted) with most wrong pixels; None if all are right.
    """

    index: int
    path: str
    iou: float
    accuracy: float
    boundary_iou: float
    confusion: tuple[int, int] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; NaN becomes None."""
        figures = {"iou": self.iou, "accuracy": self.accuracy, "boundary_iou": self.boundary_iou}
        return {"path": self.path, **{key: None if math.isnan(value) else value for key, value in figures.items()}}


@dataclass(frozen=True)
class KeptPicture:
    """A displayed picture: its scores, and its maps at its own size, (H, W) uint8."""

    scores: PictureScores
    label: np.ndarray
    prediction: np.ndarray


class EvaluationDetails:
    """Collects boundaries, regions and the worst pictures of an evaluation.

    It takes more time per picture than a small network; an evaluation without a report skips all this.

    Args:
        num_classes: K.
        ignore_index: Label value that is not counted.
        num_kept: The number of pictures with the lowest IoU that are kept with their maps.

    Attributes:
        boundary: The counts of boundary IoU.
        pictures: The scores of all pictures, in their order.
    """

    def __init__(self, num_classes: int, ignore_index: int, num_kept: int) -> None:
        self.num_classes, self.ignore_index = num_classes, ignore_index
        self.boundary = BoundaryIoU(num_classes, ignore_index)
        self.pictures: list[PictureScores] = []
        self._num_kept = num_kept
        self._regions: list[Regions] = []
        # The best of the kept ones is first, and is dropped first.
        self._kept: list[tuple[float, int, KeptPicture]] = []

    def observe(self, index: int, path: str, prediction: np.ndarray, label: np.ndarray) -> None:
        """Add a picture from ``inference.evaluation.evaluate``.

        Args:
            index: Its position in the data set.
            path: Its file or name.
            prediction: (H, W) uint8 class ids.
            label: (H, W) uint8 class ids or ``ignore_index``.
        """
        confusion = ConfusionMatrix(self.num_classes, self.ignore_index)
        confusion.update(prediction, label, path=path)
        matrix = confusion.matrix
        wrong = matrix - np.diag(np.diag(matrix))
        worst = np.unravel_index(int(wrong.argmax()), wrong.shape) if wrong.any() else None
        one = PictureScores(
            index,
            path,
            scores.mean_of_present(scores.class_iou(matrix)),
            scores.pixel_accuracy(matrix),
            self.boundary.update(prediction, label),
            None if worst is None else (int(worst[0]), int(worst[1])),
        )
        self.pictures.append(one)
        self._regions.append(measure_regions(prediction, label, self.num_classes, self.ignore_index))
        if self._num_kept and not math.isnan(one.iou):
            self._keep(one, label, prediction)

    @property
    def regions(self) -> Regions:
        """The regions of all pictures."""
        return join_regions(self._regions)

    @property
    def worst(self) -> list[KeptPicture]:
        """The pictures with the lowest IoU, the worst first."""
        return [kept for _, _, kept in sorted(self._kept, key=lambda entry: (-entry[0], entry[1]))]

    def _keep(self, one: PictureScores, label: np.ndarray, prediction: np.ndarray) -> None:
        entry = (-one.iou, len(self.pictures), KeptPicture(one, label.copy(), prediction.copy()))
        if len(self._kept) < self._num_kept:
            heapq.heappush(self._kept, entry)
        elif entry[0] > self._kept[0][0]:
            heapq.heapreplace(self._kept, entry)
