# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Plan of a street before painting: camera, lanes, pavements and the places of things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddleseg.scenes.canvas import Camera, Canvas
from paddleseg.scenes.classes import Colour
from paddleseg.scenes.light import Light

STREET_END = 75.0
"""Distance in metres up to which the sides of the street are built; the skyline stands behind."""


@dataclass(frozen=True)
class Lane:
    """A lane: its centre (x in metres) and whether its traffic comes towards the camera."""

    middle: float
    oncoming: bool


@dataclass(frozen=True)
class Side:
    """One side of the street, from the kerb outwards; every x in metres, signed.

    Args:
        sign: -1 left, +1 right.
        kerb: x of the kerb.
        pavement: x from which the pavement runs; a grass verge lies before it if this is not the kerb.
        garden: x where the pavement ends.
        edge: x of the building line; a strip of grass or earth lies before it if this is not ``garden``.
        parking: Whether cars park along the kerb.
        built_up: Share of houses in the building line, 0 to 1.
        barrier: What most of the rest is: ``"wall"``, ``"fence"`` or ``"hedge"``.
    """

    sign: int
    kerb: float
    pavement: float
    garden: float
    edge: float
    parking: bool
    built_up: float
    barrier: str


@dataclass(frozen=True)
class Street:
    """Cross-section of the street and the crossing road, if there is one.

    Args:
        lanes: From left to right; the own lane is around x = 0.
        left: Left side.
        right: Right side.
        crossing: Nearest and farthest distance of a road that crosses, or None.
        tram: x of the middle of a tram track, or None.
    """

    lanes: tuple[Lane, ...]
    left: Side
    right: Side
    crossing: tuple[float, float] | None
    tram: float | None

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.left, self.right

    def crosses(self, near: float, far: float) -> bool:
        """Whether the crossing road takes up a part of this range of distances."""
        return self.crossing is not None and near < self.crossing[1] and far > self.crossing[0]


@dataclass(frozen=True)
class Scene:
    """Everything a painter needs: randomness, camera, light and canvas."""

    rng: np.random.Generator
    camera: Camera
    canvas: Canvas
    light: Light
    street: Street

    def between(self, low: float, high: float) -> float:
        """A uniform random number."""
        return low + (high - low) * self.rng.random()

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return self.rng.random() < probability

    def fill(
        self,
        corners: np.ndarray,
        albedo: Colour,
        class_id: int,
        normal: tuple[float, float, float],
    ) -> None:
        """Paints a convex polygon of the street; corners (K, 3) metres."""
        colour = self.light.paint(albedo, normal, float(corners[:, 2].mean()))
        self.canvas.fill(self.camera.project(corners), colour, class_id)


def draw_camera(rng: np.random.Generator, size_wh: tuple[int, int]) -> Camera:
    """Draws how the camera is mounted and how the street bends."""
    width, height = size_wh
    return Camera(
        width,
        height,
        focal=rng.uniform(1.25, 1.75),
        horizon=rng.uniform(0.42, 0.50),
        vanishing=rng.uniform(-0.15, 0.15),
        eye=rng.uniform(1.4, 2.0),
        bend=rng.normal() * 0.0009,
    )


def draw_street(rng: np.random.Generator) -> Street:
    """Draws lanes, sides, crossing and tram track."""
    lane_width = rng.uniform(2.9, 3.4)
    has_tram = rng.random() < 0.26
    # Usually there is one lane each way; a tram needs an oncoming lane of its own.
    with_us = 1 if rng.random() < 0.75 else 2
    against_us = max(int(np.searchsorted((0.25, 0.92), rng.random())), int(has_tram))
    own = int(rng.integers(0, with_us))
    lanes = tuple(
        Lane(lane_width * (position - own), oncoming=position < 0) for position in range(-against_us, with_us)
    )
    tram = None
    if has_tram:
        tram = next(lane.middle for lane in reversed(lanes) if lane.oncoming)
    left = _draw_side(rng, -1, lanes[0].middle - 0.5 * lane_width)
    right = _draw_side(rng, 1, lanes[-1].middle + 0.5 * lane_width)
    crossing = None
    if rng.random() < 0.3:
        near = rng.uniform(16.0, 30.0)
        crossing = (near, near + rng.uniform(7.0, 12.0))
    return Street(lanes, left, right, crossing, tram)


_BARRIERS = ("wall", "wall", "fence", "fence", "hedge")


def _draw_side(rng: np.random.Generator, sign: int, end_of_lanes: float) -> Side:
    parking = rng.random() < 0.25
    kerb = end_of_lanes + sign * (2.4 if parking else 0.3)
    pavement = kerb + sign * (rng.uniform(1.2, 2.5) if rng.random() < 0.15 else 0.0)
    garden = pavement + sign * rng.uniform(2.0, 4.0)
    edge = garden + sign * (rng.uniform(2.5, 6.0) if rng.random() < 0.3 else 0.0)
    built_up = 0.0 if rng.random() < 0.4 else rng.uniform(0.5, 1.0)
    barrier = _BARRIERS[int(rng.random() * len(_BARRIERS))]
    return Side(sign, kerb, pavement, garden, edge, parking, built_up, barrier)
