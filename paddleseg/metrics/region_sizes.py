# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How well regions of a label are found, by their size: small ones are missed first.

A region is a connected part of a class in the label (neighbours at corners count): a car, two cars that touch, a piece
of sky. A label map has no objects, so a predicted pixel of the class belongs to the nearest region of the class in the
label, if its own connected part touches any region of that class; a part that touches none is a false alarm and belongs
to no region. The IoU of a region is its found pixels over the union of it and the prediction that belongs to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

EDGES = (0, 8, 16, 32, 64, 128, 256)
"""Where the sizes of a table begin, in pixels: the side of the square that has the region's area."""


@dataclass(frozen=True)
class Regions:
    """Regions of the labels of one picture or more.

    Attributes:
        classes: (N,) int64 class ids.
        areas: (N,) int64, pixels in the label.
        ious: (N,) float64, 0 to 1.
    """

    classes: np.ndarray
    areas: np.ndarray
    ious: np.ndarray

    @property
    def bins(self) -> np.ndarray:
        """(N,) int64: the index in ``EDGES`` of each region's size."""
        return np.searchsorted(np.square(EDGES), self.areas, side="right") - 1


def measure_regions(prediction: np.ndarray, label: np.ndarray, num_classes: int, ignore_index: int = 255) -> Regions:
    """The regions of a label and how well they are found.

    Args:
        prediction: (H, W) uint8 class ids.
        label: (H, W) uint8 class ids or ``ignore_index``, whose pixels do not count.
        num_classes: K.
        ignore_index: The label value of pixels that do not count.

    Returns:
        The regions of all classes, class by class.
    """
    classes, areas, ious = [], [], []
    for class_id in np.unique(label):
        if class_id >= num_classes or class_id == ignore_index:
            continue
        is_class = label == class_id
        is_predicted = (prediction == class_id) & (label != ignore_index)
        class_areas, class_ious = _measure_class(*_cut_out(is_class, is_predicted))
        classes.append(np.full(len(class_areas), class_id, np.int64))
        areas.append(class_areas)
        ious.append(class_ious)
    return join_regions([Regions(*parts) for parts in zip(classes, areas, ious)])


def join_regions(parts: list[Regions]) -> Regions:
    """The regions of several pictures together; without pictures, none."""
    if not parts:
        return Regions(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    return Regions(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("classes", "areas", "ious")))


def mean_by_size(regions: Regions, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean IoU of the regions of each class and size.

    Returns:
        (K, len(EDGES)) float64 means, NaN if there is no region, and (K, len(EDGES)) int64 counts.
    """
    cells = regions.classes * len(EDGES) + regions.bins
    counts = np.bincount(cells, minlength=num_classes * len(EDGES)).reshape(num_classes, -1)
    sums = np.bincount(cells, regions.ious, minlength=num_classes * len(EDGES)).reshape(num_classes, -1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan), counts


def _cut_out(is_class: np.ndarray, is_predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both masks without the outer rows and columns in which neither has a pixel; most classes are small."""
    left, top, width, height = cv2.boundingRect((is_class | is_predicted).astype(np.uint8))
    window = np.s_[top : top + height, left : left + width]
    return is_class[window], is_predicted[window]


def _measure_class(is_class: np.ndarray, is_predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area and IoU of each connected part of a mask."""
    num_regions, regions = cv2.connectedComponents(is_class.astype(np.uint8), connectivity=8)
    count = num_regions - 1
    areas = np.bincount(regions[is_class], minlength=count + 1)[1:]
    found = np.bincount(regions[is_class & is_predicted], minlength=count + 1)[1:]
    beside = _wrong_pixels(is_class, is_predicted, regions, count)
    return areas, found / (areas + beside)


def _wrong_pixels(is_class: np.ndarray, is_predicted: np.ndarray, regions: np.ndarray, count: int) -> np.ndarray:
    """(count,) predicted pixels outside the mask that belong to each region."""
    num_parts, parts = cv2.connectedComponents(is_predicted.astype(np.uint8), connectivity=8)
    touches = np.zeros(num_parts, bool)
    touches[np.unique(parts[is_class & is_predicted])] = True
    touches[0] = False  # what is not predicted
    wrong = touches[parts] & ~is_class
    if not wrong.any():
        return np.zeros(count, np.int64)
    # For each pixel the number of the nearest pixel of the mask, by which the region is looked up.
    _, nearest = cv2.distanceTransformWithLabels(
        (~is_class).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    region_of = np.zeros(int(nearest.max()) + 1, np.int64)
    region_of[nearest[is_class]] = regions[is_class]
    return np.bincount(region_of[nearest[wrong]], minlength=count + 1)[1:]
