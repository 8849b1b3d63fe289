# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The painting surface of a scene: a pinhole camera, and a canvas with the picture and its label together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from paddleseg.scenes.classes import Colour

# Polygon corners are handed to OpenCV in 1/16 pixel, so that a composition is the same at every size.
_SUBPIXEL_BITS = 4
_SUBPIXELS = 1 << _SUBPIXEL_BITS

NEAREST = 2.5
"""Distance in metres before which nothing is projected; the ground enters the picture farther away."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera over the street, in metres: x to the right, y up from the ground, z forward.

    All lengths in the picture are relative to its height, so that one camera serves every size.

    Args:
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        focal: Focal length over the height of the picture.
        horizon: Row of the horizon over the height of the picture.
        vanishing: Column of the vanishing point, from the centre, over the height of the picture.
        eye: Height of the lens over the ground in metres.
        bend: Sideways offset of the street in metres per square metre of distance.
    """

    width: int
    height: int
    focal: float
    horizon: float
    vanishing: float
    eye: float
    bend: float

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels of points of the street.

        Args:
            points: (..., 3) metres.

        Returns:
            (..., 2) float pixels (column, row); whole numbers are the centres of pixels.
        """
        depth = np.maximum(points[..., 2], NEAREST)
        pixels = np.empty(points.shape[:-1] + (2,))
        pixels[..., 0] = (points[..., 0] / depth + self.bend * depth) * self.focal + self.vanishing
        pixels[..., 1] = (self.eye - points[..., 1]) / depth * self.focal + self.horizon
        pixels *= self.height
        pixels[..., 0] += 0.5 * self.width
        pixels -= 0.5
        return pixels

    def pixels_per_metre(self, distance: float) -> float:
        """Length in pixels of one metre across the view at a distance."""
        return self.focal * self.height / distance

    @property
    def horizon_row(self) -> float:
        """Row of the horizon in pixels."""
        return self.horizon * self.height

    def sees(self, base: np.ndarray, overhang: float = 0.0) -> bool:
        """Whether a thing may reach into the picture from the left or right.

        Args:
            base: (K, 2) x and z in metres of the corners of its base.
            overhang: Metres by which it reaches beyond its base.
        """
        depth = np.maximum(base[:, 1], NEAREST)
        middle = (base[:, 0] / depth + self.bend * depth) * self.focal + self.vanishing
        edge = 0.5 * self.width / self.height + overhang * self.focal / float(depth.min())
        return bool(middle.max() > -edge and middle.min() < edge)

    def ground_distance(self, rows: np.ndarray) -> np.ndarray:
        """Distance in metres of the ground seen in rows below the horizon."""
        return self.focal * self.eye * self.height / np.maximum(rows + 0.5 - self.horizon_row, 1e-3)


class Canvas:
    """Picture and label as one (H, W, 4) uint8 array: red, green, blue and class id.

    Each stroke writes colour and class with the same call, so that the two agree to the pixel.
    """

    def __init__(self, size_wh: tuple[int, int]) -> None:
        width, height = size_wh
        self.pixels = np.zeros((height, width, 4), np.uint8)

    @property
    def image(self) -> np.ndarray:
        """(H, W, 3) uint8 view of the colours."""
        return self.pixels[..., :3]

    @property
    def label(self) -> np.ndarray:
        """(H, W) uint8 view of the class ids."""
        return self.pixels[..., 3]

    def fill(self, corners: np.ndarray, colour: Colour, class_id: int) -> None:
        """Fills a convex polygon; corners (K, 2) pixels."""
        cv2.fillConvexPoly(self.pixels, fixed_point(corners), (*colour, class_id), shift=_SUBPIXEL_BITS)

    def fill_all(self, polygons: np.ndarray | list[np.ndarray], colour: Colour, class_id: int) -> None:
        """Fills polygons of any shape that do not overlap each other; each (K, 2) pixels."""
        if isinstance(polygons, list):
            fixed = [fixed_point(corners) for corners in polygons]
        else:
            fixed = list(fixed_point(polygons))
        cv2.fillPoly(self.pixels, fixed, (*colour, class_id), shift=_SUBPIXEL_BITS)

    def fill_fixed(self, corners: np.ndarray, colour: Colour, class_id: int) -> None:
        """Fills a polygon of any shape; corners (K, 2) from ``fixed_point``, to convert many at once."""
        cv2.fillPoly(self.pixels, [corners], (*colour, class_id), shift=_SUBPIXEL_BITS)

    def disc(self, column: float, row: float, radius: float, colour: Colour, class_id: int) -> None:
        """Fills a circle; centre and radius in pixels."""
        self._circle(column, row, radius, cv2.FILLED, colour, class_id)

    def ring(self, column: float, row: float, radius: float, thickness: float, colour: Colour, class_id: int) -> None:
        """Draws a circle line, at least one pixel thick."""
        self._circle(column, row, radius, max(round(thickness), 1), colour, class_id)

    def _circle(self, column: float, row: float, radius: float, line: int, colour: Colour, class_id: int) -> None:
        centre = round(column * _SUBPIXELS), round(row * _SUBPIXELS)
        fixed_radius = max(round(radius * _SUBPIXELS), 1)
        cv2.circle(self.pixels, centre, fixed_radius, (*colour, class_id), line, shift=_SUBPIXEL_BITS)

    def bar(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        thickness: float,
        colour: Colour,
        class_id: int,
    ) -> None:
        """Draws a straight bar with square ends; start, end (column, row) and thickness in pixels."""
        (column0, row0), (column1, row1) = start, end
        length = math.hypot(column1 - column0, row1 - row0) or 1.0
        across, down = (row0 - row1) * 0.5 * thickness / length, (column1 - column0) * 0.5 * thickness / length
        corners = (
            (column0 + across, row0 + down),
            (column1 + across, row1 + down),
            (column1 - across, row1 - down),
            (column0 - across, row0 - down),
        )
        self.fill(np.array(corners), colour, class_id)

    def glaze(self, corners: np.ndarray, colour: Colour, opacity: float, class_id: int) -> None:
        """Fills a polygon with transparent colour; its class is written opaquely (a fence, the spokes of a wheel)."""
        height, width = self.pixels.shape[:2]
        left, top = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, 0, (width, height))
        right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 2, 0, (width, height))
        if left >= right or top >= bottom:
            return
        below = self.pixels[top:bottom, left:right]
        above = below.copy()
        local = fixed_point(corners - (left, top))
        cv2.fillPoly(above, [local], (*colour, class_id), shift=_SUBPIXEL_BITS)
        mixed = cv2.addWeighted(above, opacity, below, 1.0 - opacity, 0.0)
        mixed[..., 3] = above[..., 3]
        below[...] = mixed


def fill_mask(mask: np.ndarray, corners: np.ndarray) -> None:
    """Sets the convex hull of points of a (H, W) uint8 mask to 255; points (K, 2) pixels."""
    cv2.fillConvexPoly(mask, cv2.convexHull(fixed_point(corners)), 255, shift=_SUBPIXEL_BITS)


def fixed_point(points: np.ndarray) -> np.ndarray:
    """Pixels as int32 in the unit of OpenCV's subpixel drawing."""
    return np.rint(points * _SUBPIXELS).astype(np.int32)
