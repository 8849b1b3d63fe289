# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The cost of int8: mIoU and share of equal pixels against the float32 graph, on users' final label maps."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.int8.pictures import Pictures, at_size
from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.metrics.result import EvaluationResult
from paddleseg.utils.label_map import ignored_class_of
from paddleseg.utils.progress import tracked

_FAST = 1  # level of zlib; label maps still shrink to a twentieth or less


@dataclass(frozen=True)
class Scores:
    """A graph's scores on the pictures.

    Attributes:
        mean_iou: 0 to 1; None without labels.
        equal_share: Share of the pixels, 0 to 1, that have the class of the reference.
    """

    mean_iou: float | None
    equal_share: float

    def loss(self, reference: Scores) -> float:
        """The loss against the reference, in points (hundredths): of mIoU, or of equal pixels if that is None.

        Negative if it is better.
        """
        if self.mean_iou is None or reference.mean_iou is None:
            return 100 * (1 - self.equal_share)
        return 100 * (reference.mean_iou - self.mean_iou)

    def describe(self) -> str:
        """For the log."""
        iou = "no labels" if self.mean_iou is None else f"mIoU {100 * self.mean_iou:.2f} %"
        return f"{iou}, {100 * self.equal_share:.3f} % of the pixels equal to fp32's"


class Scorer:
    """Scores graphs on pictures; the first one is the reference for all.

    Args:
        pictures: With labels or without.
        size_hw: Height and width at which the graphs run.
    """

    def __init__(self, pictures: Pictures, size_hw: Sequence[int]) -> None:
        self._pictures, self._size_hw = pictures, size_hw
        self._reference: list[bytes] = []  # packed: 500 label maps of 1024 x 2048 would take a gigabyte

    def score(self, segmenter: Segmenter) -> Scores:
        """Run a graph on all pictures.

        Raises:
            DataError: A picture or label is damaged, or the graph does not run on it.
        """
        dataset, is_first = self._pictures.dataset, not self._reference
        confusion = ConfusionMatrix(dataset.num_classes, dataset.ignore_index)
        equal = total = 0
        read = tracked(self._pictures.read(), f"scoring {segmenter.graph.precision}", total=len(self._pictures.indices))
        for index, sample in enumerate(read):
            (found,) = segmenter.label_maps([at_size(sample, segmenter, self._size_hw)])
            found = found.astype(np.uint8)
            if is_first:
                self._reference.append(zlib.compress(found.tobytes(), _FAST))
            expected = np.frombuffer(zlib.decompress(self._reference[index]), np.uint8).reshape(found.shape)
            equal += int((found == expected).sum())
            total += found.size
            if "label" in sample:
                confusion.update(found, sample["label"], path=sample["path"])
        ignored = ignored_class_of(dataset.num_classes, dataset.ignore_index)
        result = EvaluationResult(confusion.matrix, len(self._pictures.indices), ignored_class=ignored)
        return Scores(result.mean_iou if confusion.matrix.any() else None, equal / total)
