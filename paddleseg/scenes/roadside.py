# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The building line: houses, walls, fences and hedges, with trees and houses behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddleseg.scenes.classes import Colour, StreetClass, draw_colour, scaled
from paddleseg.scenes.layout import STREET_END, Scene, Side
from paddleseg.scenes.light import TO_CAMERA
from paddleseg.scenes.trees import paint_tree

# Height of a storey and depth of a house in metres.
_STOREY, _DEPTH = 3.1, 9.0

_FACADES = ("plaster",) * 5 + ("brick",) * 2 + ("red",)

Line = tuple[tuple[float, float], tuple[float, float]]
"""From (x, z) to (x, z) on the ground, in metres."""


@dataclass(frozen=True)
class Plot:
    """A piece of the building line.

    Args:
        side: Side of the street.
        kind: Key of ``_PAINTERS``.
        near: Distance where it begins.
        far: Distance where it ends.
        height: Height in metres; 0 for an open piece.
    """

    side: Side
    kind: str
    near: float
    far: float
    height: float

    @property
    def x(self) -> float:
        return self.side.edge

    @property
    def line(self) -> Line:
        """The front, from near to far."""
        return (self.x, self.near), (self.x, self.far)

    @property
    def outward(self) -> tuple[float, float, float]:
        """Normal of the front."""
        return -float(self.side.sign), 0.0, 0.0

    @property
    def base(self) -> np.ndarray:
        """(4, 2) corners of what stands there."""
        outer = self.x + self.side.sign * (_DEPTH if self.kind == "house" else 0.3)
        return np.array(((self.x, self.near), (outer, self.near), (outer, self.far), (self.x, self.far)))


def draw_plots(scene: Scene) -> list[Plot]:
    """Divides both sides of the street into pieces, from far to near."""
    plots = [plot for side in scene.street.sides for plot in _draw_side_plots(scene, side)]
    return sorted(plots, key=lambda plot: -plot.far)


def paint_plots(scene: Scene, plots: list[Plot]) -> None:
    """Paints houses, walls, fences and hedges in the given order."""
    for plot in plots:
        if scene.camera.sees(plot.base):
            _PAINTERS[plot.kind](scene, plot)


def _draw_side_plots(scene: Scene, side: Side) -> list[Plot]:
    plots = []
    near = scene.between(2.6, 6.0)
    while near < STREET_END:
        kind = _draw_kind(scene, side)
        far = near + scene.between(*_LENGTHS[kind])
        if scene.street.crosses(near, far):
            # Stop at the corner of the crossing road and continue beyond it.
            corner, resume = scene.street.crossing[0] - 1.5, scene.street.crossing[1] + 1.5
            if corner - near > 3.0:
                plots.append(Plot(side, kind, near, corner, scene.between(*_HEIGHTS[kind])))
            near = resume
            continue
        plots.append(Plot(side, kind, near, far, scene.between(*_HEIGHTS[kind])))
        near = far + (scene.between(1.5, 5.0) if kind == "house" and scene.chance(0.35) else 0.0)
    return plots


def _draw_kind(scene: Scene, side: Side) -> str:
    if scene.chance(side.built_up):
        return "house"
    return side.barrier if scene.chance(0.85) else "open"


def _paint_house(scene: Scene, plot: Plot) -> None:
    albedo = draw_colour(scene.rng, *_FACADES)
    if scene.chance(0.5) and plot.height < 13.0:
        _paint_roof(scene, plot)
    gable = (plot.x, plot.near), (plot.x + plot.side.sign * _DEPTH, plot.near)
    _paint_face(scene, gable, plot.height, scaled(albedo, 0.95), TO_CAMERA, StreetClass.BUILDING)
    _paint_face(scene, plot.line, plot.height, albedo, plot.outward, StreetClass.BUILDING)
    glass = draw_colour(scene.rng, "dark", "dark", "dark", "blue")
    if scene.light.lamps_lit and scene.chance(0.7):
        glass = (330.0, 270.0, 150.0)
    frame = scaled(albedo, scene.between(0.7, 1.25))
    _paint_windows(scene, plot.line, plot.height, glass, frame, plot.outward)
    _paint_windows(scene, gable, plot.height, glass, frame, TO_CAMERA)


def _paint_roof(scene: Scene, plot: Plot) -> None:
    ridge_x, rise = plot.x + plot.side.sign * 0.5 * _DEPTH, scene.between(2.0, 4.5)
    albedo = draw_colour(scene.rng, "brick", "dark", "brick", "concrete")
    eaves, ridge = plot.height, plot.height + rise
    slope = np.array(
        (
            (plot.x, eaves, plot.near),
            (plot.x, eaves, plot.far),
            (ridge_x, ridge, plot.far),
            (ridge_x, ridge, plot.near),
        )
    )
    gable = np.array(
        (
            (plot.x, eaves, plot.near),
            (ridge_x, ridge, plot.near),
            (2.0 * ridge_x - plot.x, eaves, plot.near),
        )
    )
    scene.fill(gable, scaled(albedo, 0.9), StreetClass.BUILDING, TO_CAMERA)
    scene.fill(slope, albedo, StreetClass.BUILDING, (0.7 * plot.outward[0], 0.7, 0.0))


def _upright(line: Line, low: float, high: float) -> np.ndarray:
    """Corners (4, 3) of an upright rectangle over a line."""
    (x0, z0), (x1, z1) = line
    return np.array(((x0, low, z0), (x1, low, z1), (x1, high, z1), (x0, high, z0)))


def _paint_face(
    scene: Scene, line: Line, height: float, albedo: Colour, normal: tuple[float, float, float], class_id: int
) -> None:
    scene.fill(_upright(line, 0.0, height), albedo, class_id, normal)


def _paint_windows(
    scene: Scene, line: Line, height: float, glass: Colour, frame: Colour, normal: tuple[float, float, float]
) -> None:
    """A grid of windows over a face of a house."""
    start, end = line
    length = abs(end[0] - start[0]) + abs(end[1] - start[1])
    storeys, columns = int(height / _STOREY), max(int(length / scene.between(2.2, 3.6)), 1)
    if storeys < 1:
        return
    grow = np.array((0.12, 0.0))[:, None, None, None]
    left = (np.arange(columns) + 0.25)[:, None] / columns
    low = ((np.arange(storeys) + 0.28) * _STOREY)[:, None, None]
    right, high = left + 0.5 / columns, low + 0.5 * _STOREY
    # Frames (0) and panes (1): (2, storeys, columns, 4, 3).
    corners = np.empty((2, storeys, columns, 4, 3))
    along = np.concatenate((left, right, right, left), axis=1) + grow * np.array((-0.5, 0.5, 0.5, -0.5)) / columns
    corners[..., 0] = start[0] + along * (end[0] - start[0])
    corners[..., 1] = np.concatenate((low, low, high, high), axis=2) + grow * np.array((-1.0, -1.0, 1.0, 1.0))
    corners[..., 2] = start[1] + along * (end[1] - start[1])
    pixels = scene.camera.project(corners.reshape(2, -1, 4, 3))
    distance = 0.5 * (start[1] + end[1])
    for rectangles, albedo in zip(pixels, (frame, glass)):
        scene.canvas.fill_all(rectangles, scene.light.paint(albedo, normal, distance), StreetClass.BUILDING)


def _paint_wall(scene: Scene, plot: Plot) -> None:
    albedo = draw_colour(scene.rng, "concrete", "concrete", "brick")
    _paint_background(scene, plot)
    end = (plot.x, plot.near), (plot.x + plot.side.sign * 0.4, plot.near)
    _paint_face(scene, end, plot.height, albedo, TO_CAMERA, StreetClass.WALL)
    _paint_face(scene, plot.line, plot.height, albedo, plot.outward, StreetClass.WALL)
    coping = _upright(plot.line, plot.height - 0.25, plot.height)
    scene.fill(coping, scaled(albedo, scene.between(0.75, 1.3)), StreetClass.WALL, plot.outward)


def _paint_fence(scene: Scene, plot: Plot) -> None:
    """Bars before whatever is behind; the whole face counts as fence, as in Cityscapes."""
    _paint_background(scene, plot)
    albedo = draw_colour(scene.rng, "white", "white", "white", "dark", "green")
    colour = scene.light.paint(albedo, plot.outward, 0.5 * (plot.near + plot.far))
    face = scene.camera.project(_upright(plot.line, 0.05, plot.height))
    scene.canvas.glaze(face, colour, scene.between(0.45, 0.6), StreetClass.FENCE)
    near = np.arange(plot.near, plot.far - 0.3, scene.between(0.6, 0.9))
    corners = np.empty((len(near), 4, 3))
    corners[..., 0] = plot.x
    corners[..., 1] = (0.0, 0.0, plot.height, plot.height)
    corners[..., 2] = near[:, None] + np.array((0.0, 0.2, 0.2, 0.0))
    scene.canvas.fill_all(scene.camera.project(corners), colour, StreetClass.FENCE)
    for low in (0.15, plot.height - 0.2):
        scene.fill(_upright(plot.line, low, low + 0.14), albedo, StreetClass.FENCE, plot.outward)


def _paint_hedge(scene: Scene, plot: Plot) -> None:
    _paint_background(scene, plot)
    albedo = draw_colour(scene.rng, "green", "green", "green", "autumn")
    points = 9
    along = np.linspace(plot.near, plot.far, points)
    top = plot.height * (0.85 + 0.3 * scene.rng.random(points))
    crest = np.stack((np.full(points, plot.x), top, along), axis=1)
    foot = np.array(((plot.x, 0.0, plot.far), (plot.x, 0.0, plot.near)))
    colour = scene.light.paint(albedo, plot.outward, 0.5 * (plot.near + plot.far))
    face = scene.camera.project(np.concatenate((crest, foot)))
    scene.canvas.fill_all([face], colour, StreetClass.VEGETATION)


def _paint_background(scene: Scene, plot: Plot) -> None:
    """Trees or houses some way behind a wall, fence, hedge or open piece."""
    kind = scene.rng.random()
    sign, middle = plot.side.sign, 0.5 * (plot.near + plot.far)
    if kind < 0.2:
        for _ in range(2):
            x, z = plot.x + sign * scene.between(3.0, 8.0), scene.between(plot.near, plot.far)
            paint_tree(scene, x, max(z, 6.0), scene.between(4.0, 9.0))
    elif kind < 0.3:
        x = plot.x + sign * scene.between(5.0, 12.0)
        albedo = draw_colour(scene.rng, "plaster", "brick", "concrete", "white")
        height, front = scene.between(4.0, 11.0), ((x, middle), (x + sign * 10.0, middle))
        _paint_face(scene, front, height, albedo, TO_CAMERA, StreetClass.BUILDING)
        _paint_windows(scene, front, height, draw_colour(scene.rng, "dark", "blue"), albedo, TO_CAMERA)


_PAINTERS = {
    "house": _paint_house,
    "wall": _paint_wall,
    "fence": _paint_fence,
    "hedge": _paint_hedge,
    "open": _paint_background,
}
# Ranges in metres.
_LENGTHS = {
    "house": (14.0, 34.0),
    "wall": (16.0, 40.0),
    "fence": (16.0, 40.0),
    "hedge": (14.0, 30.0),
    "open": (6.0, 14.0),
}
_HEIGHTS = {"house": (4.5, 13.5), "wall": (2.2, 4.2), "fence": (1.8, 2.9), "hedge": (1.2, 3.0), "open": (0.0, 0.0)}
