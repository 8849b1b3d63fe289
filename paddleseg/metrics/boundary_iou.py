# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Boundary IoU: how well the outlines of the classes are matched.

Bowen Cheng, Ross Girshick, Piotr Dollár, Alexander C. Berg, Alexander Kirillov: "Boundary IoU: Improving Object-Centric
Image Segmentation Evaluation", CVPR 2021. Of both masks of a class only the pixels within a distance d of the mask's
own outline are kept; their IoU is the score. The inside of a large region, which every network finds, no longer
hides what happens at its edge.

What it depends on: d is 2 % of the picture's diagonal, so the figure is for pictures of one size or one field of view;
on enlarged pictures the same network's score differs by rounding alone, on crops by more. A region that is nowhere
wider than 2 d lies within d of its outline as a whole, and its boundary IoU is its IoU: small
objects and poles get no harder measure than before.

Here the masks are those of a whole label map. The picture's frame is an outline, as in the authors' code; an edge to
ignored pixels is not, because nobody said that the class ends there.
"""

from __future__ import annotations

import cv2
import numpy as np

from paddleseg.metrics.scores import mean_of_present

DISTANCE_SHARE = 0.02
"""d as a share of the picture's diagonal; the authors' choice."""


def boundary_distance(size_hw: tuple[int, int]) -> int:
    """The distance d in pixels for a picture of this size, at least 1.

    Example:
        >>> boundary_distance((1024, 2048))
        46
    """
    return max(1, round(DISTANCE_SHARE * float(np.hypot(*size_hw))))


def near_boundary(label_map: np.ndarray, is_ignored: np.ndarray, distance: int) -> np.ndarray:
    """Which pixels have another class, or the picture's frame, within a distance.

    All classes are done at once: inside a region the smallest and the largest class of the neighbourhood are equal.

    Args:
        label_map: (H, W) uint8 class ids.
        is_ignored: (H, W) bool; these pixels have no class.
        distance: In pixels, along rows or columns, whichever is more (the neighbourhood is a square).

    Returns:
        (H, W) bool; without meaning at ignored pixels.
    """
    square = np.ones((2 * distance + 1, 2 * distance + 1), np.uint8)
    # An ignored pixel is neither the smallest nor the largest; OpenCV leaves out what is beyond the frame, too.
    smallest = cv2.erode(np.where(is_ignored, np.uint8(255), label_map), square)
    largest = cv2.dilate(np.where(is_ignored, np.uint8(0), label_map), square)
    near = smallest != largest
    for rows_or_columns in (near, near.T):
        rows_or_columns[:distance] = True
        rows_or_columns[-distance:] = True
    return near


class BoundaryIoU:
    """Counts over pictures, as ``ConfusionMatrix`` for whole masks.

    Args:
        num_classes: K.
        ignore_index: Label value of the pixels that do not count; negative if all do.

    Attributes:
        intersections: (K,) int64 pixels that are near the outline of the class in both maps.
        unions: (K,) int64 pixels that are near it in at least one of them.

    Example:
        >>> boundary = BoundaryIoU(num_classes=2)
        >>> _ = boundary.update(np.array([[0, 1]], np.uint8), np.array([[0, 0]], np.uint8))
        >>> boundary.class_iou.tolist()
        [0.5, 0.0]
    """

    def __init__(self, num_classes: int, ignore_index: int = 255) -> None:
        self.num_classes, self.ignore_index = num_classes, ignore_index
        self.intersections = np.zeros(num_classes, np.int64)
        self.unions = np.zeros(num_classes, np.int64)

    def update(self, prediction: np.ndarray, label: np.ndarray) -> float:
        """Add a picture.

        Args:
            prediction: (H, W) uint8 class ids.
            label: (H, W) uint8 class ids or ``ignore_index``.

        Returns:
            The picture's own figure: the mean over the classes that are in its label or prediction; NaN if none is.
        """
        is_ignored = label == self.ignore_index
        distance = boundary_distance(label.shape)
        counted = ~is_ignored
        in_label = near_boundary(label, is_ignored, distance) & counted
        in_prediction = near_boundary(prediction, is_ignored, distance) & counted
        hits = self._count(label[in_label & in_prediction & (label == prediction)])
        unions = self._count(label[in_label]) + self._count(prediction[in_prediction]) - hits
        self.intersections += hits
        self.unions += unions
        return mean_of_present(_ratio(hits, unions))

    @property
    def class_iou(self) -> np.ndarray:
        """(K,) float64; NaN for a class that was in no label and no prediction."""
        return _ratio(self.intersections, self.unions)

    def _count(self, classes: np.ndarray) -> np.ndarray:
        return np.bincount(classes, minlength=self.num_classes)


def _ratio(hits: np.ndarray, unions: np.ndarray) -> np.ndarray:
    return np.where(unions > 0, hits / np.maximum(unions, 1), np.nan)
