# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Bicycles and motorcycles, ridden or parked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from paddleseg.scenes.board import Board
from paddleseg.scenes.classes import Colour, StreetClass, draw_colour, scaled
from paddleseg.scenes.layout import Scene
from paddleseg.scenes.people import ON_BICYCLE, ON_MOTORCYCLE, Seat, paint_rider

_TYRE, _TAIL_LAMP = (34.0, 34.0, 36.0), (190.0, 30.0, 26.0)
# Radius of a bicycle's wheel in metres.
_WHEEL = 0.35


class _Kind(NamedTuple):
    """A kind of two-wheeler.

    Args:
        colours: Families of colours that its frame or body may have.
        from_side: Paints it as seen from the side.
        from_behind: Paints it as seen from behind.
        seat: How people sit on it.
    """

    colours: tuple[str, ...]
    from_side: Callable[[Board, Colour], None]
    from_behind: Callable[[Board, Colour], None]
    seat: Seat


def paint_bicycle(scene: Scene, x: float, z: float, *, sideways: bool, ridden: bool) -> None:
    """A bicycle, ridden or parked; seen from the side, or from behind."""
    _paint(_BICYCLE, scene, x, z, sideways=sideways, ridden=ridden)


def paint_motorcycle(scene: Scene, x: float, z: float, *, sideways: bool, ridden: bool) -> None:
    """A motorcycle or scooter, ridden or parked; seen from the side, or from behind."""
    _paint(_MOTORCYCLE, scene, x, z, sideways=sideways, ridden=ridden)


def _paint(kind: _Kind, scene: Scene, x: float, z: float, *, sideways: bool, ridden: bool) -> None:
    board = Board(scene, x, z, mirrored=scene.chance(0.5))
    colour = draw_colour(scene.rng, *kind.colours)
    paint = kind.from_side if sideways else kind.from_behind
    paint(board, colour)
    if ridden:
        paint_rider(board, kind.seat, sideways=sideways)


def _paint_bicycle_from_side(board: Board, frame: Colour) -> None:
    bicycle = StreetClass.BICYCLE
    hubs = (-0.54, _WHEEL), (0.54, _WHEEL)
    # Everything seen between frame and spokes counts as bicycle, as in Cityscapes.
    upper = ((-0.85, 0.2), (-0.85, 0.5), (-0.25, 0.95), (0.5, 1.05))
    outline = (*upper, (0.88, 0.5), (0.85, 0.2), (0.5, 0.0), (-0.5, 0.0))
    board.glaze(outline, (70.0, 70.0, 74.0), 0.3, bicycle)
    for hub in hubs:
        board.ring(hub, _WHEEL, 0.07, _TYRE, bicycle)
    crank, saddle, head = (-0.05, 0.3), (-0.22, 0.95), (0.42, 0.92)
    stays = ((hubs[0], crank), (crank, saddle), (crank, head), (saddle, head), (saddle, hubs[0]), (head, hubs[1]))
    for start, end in stays:
        board.bar(start, end, 0.075, frame, bicycle)
    board.bar((-0.36, 0.97), (-0.1, 0.97), 0.08, _TYRE, bicycle)
    board.bar((0.36, 1.05), (0.6, 1.08), 0.08, _TYRE, bicycle)


def _paint_bicycle_from_behind(board: Board, frame: Colour) -> None:
    bicycle = StreetClass.BICYCLE
    board.box(-0.06, 0.0, 0.06, 2.0 * _WHEEL, _TYRE, bicycle)
    board.box(-0.05, 0.55, 0.05, 0.95, frame, bicycle)
    board.bar((-0.32, 1.06), (0.32, 1.06), 0.08, _TYRE, bicycle)
    board.box(-0.12, 0.9, 0.12, 0.99, _TYRE, bicycle)
    board.box(-0.05, 0.6, 0.05, 0.68, _TAIL_LAMP, bicycle)


def _paint_motorcycle_from_side(board: Board, albedo: Colour) -> None:
    motorcycle = StreetClass.MOTORCYCLE
    for hub in ((-0.68, 0.32), (0.72, 0.32)):
        board.disc(hub, 0.34, _TYRE, motorcycle)
        board.disc(hub, 0.17, (140.0, 142.0, 146.0), motorcycle)
    board.polygon(((-0.55, 0.28), (0.45, 0.24), (0.5, 0.6), (-0.35, 0.66)), (56.0, 57.0, 60.0), motorcycle)
    board.polygon(((-1.0, 0.72), (-0.9, 0.9), (0.0, 0.78), (0.0, 0.62), (-0.6, 0.55)), scaled(albedo, 0.9), motorcycle)
    board.polygon(((-0.75, 0.84), (0.0, 0.76), (0.0, 0.86), (-0.7, 0.93)), _TYRE, motorcycle)
    board.polygon(((-0.05, 0.58), (-0.05, 0.86), (0.2, 1.02), (0.52, 0.95), (0.5, 0.55)), albedo, motorcycle)
    board.bar((0.42, 1.0), (0.74, 0.3), 0.12, (120.0, 122.0, 126.0), motorcycle)
    board.polygon(((0.4, 0.8), (0.62, 0.78), (0.66, 1.0), (0.5, 1.25), (0.38, 1.1)), albedo, motorcycle)
    board.bar((0.22, 1.1), (0.46, 1.12), 0.07, _TYRE, motorcycle)
    board.bar((-0.9, 0.3), (-0.1, 0.28), 0.11, (150.0, 150.0, 152.0), motorcycle)


def _paint_motorcycle_from_behind(board: Board, albedo: Colour) -> None:
    motorcycle = StreetClass.MOTORCYCLE
    board.box(-0.12, 0.0, 0.12, 0.66, _TYRE, motorcycle)
    board.box(0.12, 0.22, 0.28, 0.42, (150.0, 150.0, 152.0), motorcycle)
    board.polygon(((-0.24, 0.5), (0.24, 0.5), (0.3, 0.88), (-0.3, 0.88)), albedo, motorcycle)
    board.box(-0.13, 0.68, 0.13, 0.8, _TAIL_LAMP, motorcycle)
    board.box(-0.12, 0.42, 0.12, 0.56, (210.0, 208.0, 200.0), motorcycle)
    board.bar((-0.46, 1.08), (0.46, 1.08), 0.09, _TYRE, motorcycle)
    for mirror in (-0.5, 0.5):
        board.box(mirror - 0.1, 1.16, mirror + 0.1, 1.3, _TYRE, motorcycle)


_BICYCLE = _Kind(
    ("red", "blue", "dark", "green", "silver", "yellow"),
    _paint_bicycle_from_side,
    _paint_bicycle_from_behind,
    ON_BICYCLE,
)
_MOTORCYCLE = _Kind(
    ("red", "dark", "blue", "yellow", "silver", "green"),
    _paint_motorcycle_from_side,
    _paint_motorcycle_from_behind,
    ON_MOTORCYCLE,
)
