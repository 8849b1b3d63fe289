# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Polygons of the regions of a label map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

MOST_VERTICES = 200_000
"""In one answer: about 2 MB of text. A label map of noise would have millions."""


class TooManyVerticesError(ValueError):
    """The regions have more vertices than an answer may have."""


def polygons(labels: np.ndarray, tolerance: float, min_pixels: int) -> list[dict[str, Any]]:
    """The regions of each class, as polygons with holes.

    Pixels that touch at a side or a corner belong to one region. Vertices are [x, y], the indices of pixels of
    the region that lie on its border, so that a region of one row or one pixel is a line or a point.

    Args:
        labels: (H, W) uint8 class ids.
        tolerance: Most pixels by which a polygon leaves the border (Douglas and Peucker); 0: every corner of it.
        min_pixels: Regions of fewer pixels, and holes whose outline encloses fewer, are left out.

    Returns:
        For each region its ``class_id``, ``pixels``, ``exterior`` and ``holes``, the largest region first.

    Raises:
        TooManyVerticesError: There are more than ``MOST_VERTICES``.
    """
    found, vertices = [], 0
    for class_id in np.unique(labels).tolist():
        for region in _regions(labels == class_id, tolerance, min_pixels):
            vertices += sum(map(len, (region["exterior"], *region["holes"])))
            if vertices > MOST_VERTICES:
                raise TooManyVerticesError(f"the polygons have more than {MOST_VERTICES} vertices")
            found.append({"class_id": class_id, **region})
    return sorted(found, key=lambda region: -region["pixels"])


def _regions(mask: np.ndarray, tolerance: float, min_pixels: int) -> Iterator[dict[str, Any]]:
    """The regions of one class."""
    mask = mask.astype(np.uint8)
    _, numbers, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    outlines, ranks = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for outline, (_, _, hole, parent) in zip(outlines, ranks[0].tolist()):
        x, y = outline[0, 0]
        pixels = int(facts[numbers[y, x], cv2.CC_STAT_AREA])
        if parent >= 0 or pixels < min_pixels:  # holes have their region as parent
            continue
        holes = []
        while hole >= 0:
            if cv2.contourArea(outlines[hole]) >= min_pixels:
                holes.append(_simplified(outlines[hole], tolerance))
            hole = ranks[0][hole][0]
        yield {"pixels": pixels, "exterior": _simplified(outline, tolerance), "holes": holes}


def _simplified(outline: np.ndarray, tolerance: float) -> list[list[int]]:
    return cv2.approxPolyDP(outline, tolerance, True)[:, 0].tolist()
