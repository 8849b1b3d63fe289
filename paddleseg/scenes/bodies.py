# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Bodies of vehicles: side profiles extruded across their width, seen in perspective.

A body has its own axes in metres: x across it (right positive), y up, z along it (front positive); for a vehicle
that drives away they are the axes of the street. It has materials instead of colours, so that one body serves
all vehicles of its kind.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from paddleseg.scenes.canvas import fixed_point
from paddleseg.scenes.classes import Colour
from paddleseg.scenes.layout import Scene

Point = tuple[float, float, float]
Outline = tuple[tuple[float, float], ...]

COMMON_MATERIALS: dict[str, Colour] = {
    "glass": (44.0, 52.0, 60.0),
    "clear glass": (56.0, 66.0, 76.0),
    "trim": (40.0, 41.0, 44.0),
    "tyre": (26.0, 26.0, 28.0),
    "rim": (130.0, 132.0, 136.0),
    "tail lamp": (190.0, 26.0, 24.0),
    "head lamp": (240.0, 238.0, 224.0),
    "plate": (206.0, 206.0, 200.0),
    "display": (236.0, 160.0, 40.0),
}
"""What vehicles share; each adds its own paint."""

# Twelve corners of a wheel, as unit vectors.
_CIRCLE = tuple((math.cos(math.pi / 6 * step), math.sin(math.pi / 6 * step)) for step in range(12))
# A body lower than this share of the picture's height is painted without its smaller details.
_DETAILED = 0.07


class Face:
    """A plane polygon of a body and the details on it (windows, lamps, wheels), painted in their order.

    Args:
        points: Corners, ordered so that (b - a) x (c - a) points outwards.
        material: What it is made of.
    """

    def __init__(self, points: list[Point], material: str) -> None:
        self.parts: list[tuple[list[Point], str]] = [(points, material)]

    def add(self, points: list[Point], material: str) -> None:
        """Adds a detail; its points lie in the plane of the face but may reach beyond its edge."""
        self.parts.append((points, material))

    def add_box(self, across: tuple[float, float], along: tuple[float, float], material: str) -> None:
        """Adds a rectangle to a face over an edge of the profile.

        Args:
            across: From and to, as shares of the width, from the right of the vehicle to its left.
            along: From and to, as shares of the edge in the order of the profile; beyond 0 to 1 it sticks out (a
                tyre under the bumper).
            material: What it is made of.
        """
        right_low, left_low, _, right_high = self.parts[0][0]

        def at(share_across: float, share_along: float) -> Point:
            x, y, z = (
                low + (left - low) * share_across + (high - low) * share_along
                for low, left, high in zip(right_low, left_low, right_high)
            )
            return x, y, z

        (a0, a1), (b0, b1) = across, along
        self.add([at(a0, b0), at(a1, b0), at(a1, b1), at(a0, b1)], material)

    def add_pair(self, inset: float, width: float, along: tuple[float, float], material: str) -> None:
        """Adds a rectangle at the right and its mirror image at the left; shares as in ``add_box``."""
        self.add_box((inset, inset + width), along, material)
        self.add_box((1.0 - inset - width, 1.0 - inset), along, material)

    @property
    def normal(self) -> Point:
        """Outward unit normal, by Newell's method, which tolerates three collinear corners."""
        corners = self.parts[0][0]
        nx = ny = nz = 0.0
        for (x0, y0, z0), (x1, y1, z1) in zip(corners, corners[1:] + corners[:1]):
            nx += (y0 - y1) * (z0 + z1)
            ny += (z0 - z1) * (x0 + x1)
            nz += (x0 - x1) * (y0 + y1)
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        return nx / length, ny / length, nz / length


class Body:
    """An extruded side profile; complete it before first painting it.

    Args:
        profile: Corners (z, y) as shares of length and height, from the lower rear one over the top to the lower
            front one.
        size: Length, height and width in metres.
        material: The material of all faces.
        offset: z of the centre of the body in metres.

    Attributes:
        right: Right side.
        left: Left side.
        edges: One face per edge of the profile, in its order; the bottom is left out.
    """

    def __init__(self, profile: Outline, size: tuple[float, float, float], material: str, offset: float = 0.0) -> None:
        self.length, self.height, self.width = size
        self.offset = offset
        outline = [self._corner(corner) for corner in profile]
        half = 0.5 * self.width
        self.right = Face([(half, y, z) for z, y in outline], material)
        self.left = Face([(-half, y, z) for z, y in reversed(outline)], material)
        self.edges = [
            Face([(half, y0, z0), (-half, y0, z0), (-half, y1, z1), (half, y1, z1)], material)
            for (z0, y0), (z1, y1) in zip(outline, outline[1:])
        ]

    def _corner(self, corner: tuple[float, float]) -> tuple[float, float]:
        return self.offset + corner[0] * self.length, corner[1] * self.height

    def _add_to_sides(self, corners: list[tuple[float, float]], material: str) -> None:
        for face, half in ((self.right, 0.5 * self.width), (self.left, -0.5 * self.width)):
            face.add([(half, y, z) for z, y in corners], material)

    def add_to_sides(self, outline: Outline, material: str) -> None:
        """Adds a detail to both sides; corners as shares like those of the profile."""
        self._add_to_sides([self._corner(corner) for corner in outline], material)

    def add_band(self, rear: float, front: float, low: float, high: float, material: str) -> None:
        """Adds a rectangle to both sides, from share to share of length and height."""
        self.add_to_sides(((rear, low), (rear, high), (front, high), (front, low)), material)

    def add_wheels(self, places: tuple[float, ...], radius: float) -> None:
        """Adds wheels to both sides; places as shares of the length, radius in metres."""
        for place in places:
            middle = self.offset + place * self.length
            for size, material in ((radius, "tyre"), (0.55 * radius, "rim")):
                self._add_to_sides([(middle + size * c, radius + size * s) for c, s in _CIRCLE], material)

    @cached_property
    def geometry(self) -> Geometry:
        """All faces as arrays."""
        return Geometry([self.right, self.left, *self.edges])


class Geometry:
    """Faces as arrays, ready to be turned and projected.

    Attributes:
        points: (P, 3) corners of all parts of all faces.
        normals: (F, 3) outward unit normals.
        middles: (F, 3) centres of the faces.
        parts: For each face, (first, last, material) of its parts within ``points``.
    """

    def __init__(self, faces: list[Face]) -> None:
        self.points = np.array([point for face in faces for points, _ in face.parts for point in points])
        self.normals = np.array([face.normal for face in faces])
        self.middles = np.array([np.mean(face.parts[0][0], axis=0) for face in faces])
        self.parts: list[list[tuple[int, int, str]]] = []
        first = 0
        for face in faces:
            spans = []
            for points, material in face.parts:
                spans.append((first, first + len(points), material))
                first += len(points)
            self.parts.append(spans)


def paint_bodies(
    scene: Scene,
    x: float,
    z: float,
    yaw: float,
    bodies: Sequence[Body],
    materials: Mapping[str, Colour],
    class_id: int,
) -> None:
    """Paints the bodies of one vehicle, from far to near.

    Args:
        scene: The scene to paint on, with its camera and light.
        x: Centre of the vehicle, to the right, in metres.
        z: Centre of the vehicle, forward, in metres.
        yaw: Heading in radians; 0 drives away from the camera, pi towards it, pi/2 to the right.
        bodies: Its parts.
        materials: Colours of its own materials, and of common ones that look different on it.
        class_id: Class of all of it.
    """

    def distance(body: Body) -> float:
        return math.hypot(x + body.offset * math.sin(yaw), z + body.offset * math.cos(yaw))

    colours = {**COMMON_MATERIALS, **materials}
    sine, cosine = math.sin(yaw), math.cos(yaw)
    # A row (x, y, z) of the body times this is one of the street.
    turn = np.array(((cosine, 0.0, -sine), (0.0, 1.0, 0.0), (sine, 0.0, cosine)))
    for body in sorted(bodies, key=distance, reverse=True):
        _paint_body(scene, np.array((x, 0.0, z)), turn, body, colours, class_id)


def _paint_body(
    scene: Scene, place: np.ndarray, turn: np.ndarray, body: Body, colours: Mapping[str, Colour], class_id: int
) -> None:
    geometry = body.geometry
    corners = fixed_point(scene.camera.project(geometry.points @ turn + place))
    normals = geometry.normals @ turn
    to_eye = np.array((0.0, scene.camera.eye, 0.0)) - (geometry.middles @ turn + place)
    is_visible = (normals * to_eye).sum(axis=1) > 0.0
    distances = np.sqrt((to_eye**2).sum(axis=1))
    is_detailed = scene.camera.focal * body.height / place[2] > _DETAILED
    for face in np.argsort(-distances):
        if not is_visible[face]:
            continue
        normal, distance = tuple(normals[face].tolist()), float(distances[face])
        parts = geometry.parts[face]
        for first, last, material in parts if is_detailed else parts[:2]:
            colour = scene.light.paint(colours[material], normal, distance)
            scene.canvas.fill_fixed(corners[first:last], colour, class_id)
