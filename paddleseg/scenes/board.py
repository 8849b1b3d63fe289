# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A flat figure that faces the camera, drawn in metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddleseg.scenes.classes import Colour
from paddleseg.scenes.layout import Scene
from paddleseg.scenes.light import TO_CAMERA

Point = tuple[float, float]


class Board:
    """Strokes on an upright plane; points are metres to the right of and above a place on the ground.

    Args:
        scene: The scene to paint on, with its camera and light.
        x: The place, to the right, in metres.
        z: The place, forward, in metres.
        mirrored: Whether left and right are exchanged.
    """

    def __init__(self, scene: Scene, x: float, z: float, mirrored: bool = False) -> None:
        self.scene, self.z = scene, z
        self.scale = scene.camera.pixels_per_metre(z)
        self._x_scale = -self.scale if mirrored else self.scale
        self._column, self._row = scene.camera.project(np.array((x, 0.0, z))).tolist()

    def _pixel(self, point: Point) -> Point:
        return self._column + point[0] * self._x_scale, self._row - point[1] * self.scale

    def _paint(self, albedo: Colour) -> Colour:
        return self.scene.light.paint(albedo, TO_CAMERA, self.z)

    def polygon(self, points: Sequence[Point], albedo: Colour, class_id: int) -> None:
        """A convex polygon."""
        corners = np.array([self._pixel(point) for point in points])
        self.scene.canvas.fill(corners, self._paint(albedo), class_id)

    def box(self, left: float, low: float, right: float, high: float, albedo: Colour, class_id: int) -> None:
        """An upright rectangle."""
        self.polygon(((left, low), (right, low), (right, high), (left, high)), albedo, class_id)

    def bar(self, start: Point, end: Point, thickness: float, albedo: Colour, class_id: int) -> None:
        """A straight bar."""
        ends = self._pixel(start), self._pixel(end)
        self.scene.canvas.bar(*ends, thickness * self.scale, self._paint(albedo), class_id)

    def disc(self, centre: Point, radius: float, albedo: Colour, class_id: int) -> None:
        """A filled circle."""
        self.glow(centre, radius, self._paint(albedo), class_id)

    def glow(self, centre: Point, radius: float, colour: Colour, class_id: int) -> None:
        """A filled circle that emits light."""
        self.scene.canvas.disc(*self._pixel(centre), radius * self.scale, colour, class_id)

    def ring(self, centre: Point, radius: float, thickness: float, albedo: Colour, class_id: int) -> None:
        """A circle line."""
        colour, thickness = self._paint(albedo), thickness * self.scale
        self.scene.canvas.ring(*self._pixel(centre), radius * self.scale, thickness, colour, class_id)

    def glaze(self, points: Sequence[Point], albedo: Colour, opacity: float, class_id: int) -> None:
        """A transparent polygon, all of one class."""
        corners = np.array([self._pixel(point) for point in points])
        self.scene.canvas.glaze(corners, self._paint(albedo), opacity, class_id)
