# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes of annotation tools as pixels of a label map: the one place where polygons become class ids.

Tools have two meanings of a coordinate, and labels equal theirs only if each is respected:

* ``pixels``: a vertex is a pixel. Fractions are cut off, and the pixels that the outline passes through belong to the
  shape, so that a square from 2 to 5 has 4 x 4 pixels. The exports of labelme, EISeg, Supervisely and cityscapesscripts
  are drawn so, with Pillow or OpenCV.
* ``area``: a vertex is a point in the plane, pixel 0 reaches from 0 to 1, and a pixel belongs to the shape if its
  centre lies within, so that a square from 2 to 5 has 3 x 3 pixels. COCO and CVAT count so. The inside is defined by
  the number of crossings (even-odd rule).

Only the pixels of a shape's bounding box are processed: the label of a street scene has hundreds of shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from PIL import Image, ImageDraw

Point = tuple[float, float]
"""(x, y) in pixels."""
Rule = Literal["pixels", "area"]

_ELLIPSE_CORNERS = 360


class Bounds(NamedTuple):
    """The smallest box around a shape; ``right`` and ``bottom`` are the last pixel, not the one after it."""

    left: int
    top: int
    right: int
    bottom: int

    def meets(self, width: int, height: int) -> bool:
        """Whether any part of it lies in a picture of this size."""
        return self.left < width and self.top < height and self.right >= 0 and self.bottom >= 0

    def exceeds(self, width: int, height: int) -> bool:
        """Whether it reaches beyond a picture of this size, by more than the one pixel in which tools differ."""
        return self.left < -1 or self.top < -1 or self.right > width or self.bottom > height


class Shape(Protocol):
    """A shape that can be painted."""

    @property
    def bounds(self) -> Bounds: ...

    def mask(self, window: Bounds) -> np.ndarray:
        """Which pixels of the window belong to it, (bottom - top + 1, right - left + 1) bool."""
        ...


def paint(label_map: np.ndarray, shape: Shape, value: int) -> None:
    """Give the pixels of a shape a value; parts outside the label map are cut off.

    Args:
        label_map: (H, W) uint8, changed in place.
        shape: Outline, line, point or mask, in pixels.
        value: Class id.

    Example:
        >>> label_map = np.zeros((2, 6), np.uint8)
        >>> paint(label_map, Polygon([(1, 0), (3, 0), (3, 2), (1, 2)], rule="area"), 7)
        >>> label_map.tolist()
        [[0, 7, 7, 0, 0, 0], [0, 7, 7, 0, 0, 0]]
    """
    height, width = label_map.shape
    bounds = shape.bounds
    if not bounds.meets(width, height):
        return
    window = Bounds(
        max(bounds.left, 0), max(bounds.top, 0), min(bounds.right, width - 1), min(bounds.bottom, height - 1)
    )
    part = label_map[window.top : window.bottom + 1, window.left : window.right + 1]
    part[shape.mask(window)] = value


@dataclass(frozen=True)
class Polygon:
    """A polygon, closed by itself.

    Attributes:
        points: Its vertices, at least one: with fewer than three it is a pixel or a line (``pixels``), or nothing.
        holes: Polygons whose pixels do not belong to it.
        rule: The meaning of its coordinates, see the module.
    """

    points: Sequence[Point]
    holes: Sequence[Sequence[Point]] = ()
    rule: Rule = "pixels"

    @property
    def bounds(self) -> Bounds:
        return _bounds_of(self.points)

    def mask(self, window: Bounds) -> np.ndarray:
        if self.rule == "area":
            inside = _area_mask(self.points, window)
            for hole in self.holes:
                inside &= ~_area_mask(hole, window)
            return inside

        def draw(pen: ImageDraw.ImageDraw) -> None:
            for points, ink in ((self.points, 1), *((hole, 0) for hole in self.holes)):
                if len(points) == 1:
                    pen.point(points, fill=ink)
                else:
                    pen.polygon(points, fill=ink, outline=ink)

        return _drawn(window, draw)


@dataclass(frozen=True)
class Ellipse:
    """An ellipse with upright axes in pixels, its outermost pixels included.

    Attributes:
        corners: Two opposite corners of the box around it.
    """

    corners: tuple[Point, Point]

    @classmethod
    def circle(cls, centre: Point, radius: float) -> Ellipse:
        """The circle of this radius."""
        (x, y), r = centre, radius
        return cls(((x - r, y - r), (x + r, y + r)))

    @property
    def bounds(self) -> Bounds:
        return _bounds_of(self.corners)

    def mask(self, window: Bounds) -> np.ndarray:
        return _drawn(window, lambda pen: pen.ellipse(self.corners, fill=1, outline=1))


@dataclass(frozen=True)
class Line:
    """A line through points.

    Attributes:
        points: At least two.
        width: In pixels.
        round_joints: Whether bends of wide lines are rounded.
    """

    points: Sequence[Point]
    width: int
    round_joints: bool = False

    @property
    def bounds(self) -> Bounds:
        left, top, right, bottom = _bounds_of(self.points)
        return Bounds(left - self.width, top - self.width, right + self.width, bottom + self.width)

    def mask(self, window: Bounds) -> np.ndarray:
        joint = "curve" if self.round_joints else None
        return _drawn(window, lambda pen: pen.line(self.points, fill=1, width=self.width, joint=joint))


@dataclass(frozen=True)
class Bitmap:
    """Pixels given one by one.

    Attributes:
        pixels: (h, w) bool.
        left: Column of its first pixel in the picture.
        top: Row of its first pixel.
    """

    pixels: np.ndarray
    left: int = 0
    top: int = 0

    @property
    def bounds(self) -> Bounds:
        height, width = self.pixels.shape
        return Bounds(self.left, self.top, self.left + width - 1, self.top + height - 1)

    def mask(self, window: Bounds) -> np.ndarray:
        rows = slice(window.top - self.top, window.bottom - self.top + 1)
        return self.pixels[rows, window.left - self.left : window.right - self.left + 1]


def box(left: float, top: float, right: float, bottom: float, rule: Rule = "pixels", degrees: float = 0) -> Polygon:
    """An upright rectangle, or one that is turned clockwise about its centre."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return Polygon(_turned(corners, degrees), rule=rule)


def ellipse_in_plane(centre: Point, radii: Point, degrees: float = 0) -> Polygon:
    """An ellipse by the rule ``area``, turned clockwise, as a polygon of 360 corners."""
    angles = np.linspace(0, 2 * math.pi, _ELLIPSE_CORNERS, endpoint=False)
    corners = zip(centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles))
    return Polygon(_turned([(float(x), float(y)) for x, y in corners], degrees, centre), rule="area")


def _turned(points: Sequence[Point], degrees: float, centre: Point | None = None) -> list[Point]:
    if not degrees:
        return list(points)
    if centre is None:
        centre = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    away = [(x - centre[0], y - centre[1]) for x, y in points]
    return [(centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine) for x, y in away]


def _bounds_of(points: Sequence[Point]) -> Bounds:
    (left, top), (right, bottom) = np.min(points, axis=0), np.max(points, axis=0)
    return Bounds(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))


def _drawn(window: Bounds, draw: Callable[[ImageDraw.ImageDraw], None]) -> np.ndarray:
    """Pillow's drawing in a window.

    The canvas reaches from the corner of the picture to that of the window: on a smaller one, with shifted coordinates,
    one polygon in sixty had a pixel more or less, as Pillow computes edges in single precision.
    """
    canvas = Image.new("L", (window.right + 1, window.bottom + 1))
    draw(ImageDraw.Draw(canvas))
    return np.asarray(canvas.crop((window.left, window.top, window.right + 1, window.bottom + 1)), dtype=bool)


def _area_mask(points: Sequence[Point], window: Bounds) -> np.ndarray:
    """The pixels of a window whose centres lie within a polygon: those with an odd number of edges to their left."""
    height, width = window.bottom - window.top + 1, window.right - window.left + 1
    ends = np.asarray(points, np.float64) - (window.left, window.top)
    others = np.roll(ends, -1, axis=0)
    goes_up = (ends[:, 1] > others[:, 1])[:, None]
    (x0, y0), (x1, y1) = np.where(goes_up, others, ends).T, np.where(goes_up, ends, others).T
    # Centres of rows are at y + 0.5. An edge includes its upper end but not its lower one, so that none counts twice.
    first, last = (np.clip(np.ceil(y - 0.5), 0, height).astype(np.intp) for y in (y0, y1))
    counts = last - first
    slopes = np.divide(x1 - x0, y1 - y0, out=np.zeros(len(ends)), where=counts > 0)
    # Every edge with every row that it crosses.
    edges = np.repeat(np.arange(len(ends)), counts)
    rows = np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edges]
    columns = np.ceil(x0[edges] + (rows + 0.5 - y0[edges]) * slopes[edges] - 0.5)
    places = rows * (width + 1) + np.clip(columns, 0, width).astype(np.intp)
    crossings = np.bincount(places, minlength=height * (width + 1)).reshape(height, width + 1)
    return (np.cumsum(crossings[:, :width], axis=1) & 1).astype(bool)
