# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""People on foot, and riders of two-wheelers without their vehicles."""

from __future__ import annotations

from typing import NamedTuple

from paddleseg.scenes.board import Board, Point
from paddleseg.scenes.classes import Colour, StreetClass, draw_colour, scaled
from paddleseg.scenes.layout import Scene

_CLOTHES = ("dark", "dark", "blue", "earth", "white", "green", "brick", "plaster", "red")
# Riders of two-wheelers dress to be seen.
_JACKETS = ("yellow", "red", "yellow", "blue", "dark", "white")
_SHOE = (40.0, 36.0, 34.0)


def paint_person(scene: Scene, x: float, z: float) -> None:
    """A grown-up or a child, standing or walking."""
    rng = scene.rng
    board = Board(scene, x, z, mirrored=scene.chance(0.5))
    tall = scene.between(1.05, 1.3) if scene.chance(0.12) else scene.between(1.6, 1.92)
    skin = draw_colour(rng, "skin")
    coat, trousers = draw_colour(rng, *_CLOTHES), draw_colour(rng, "dark", "blue", "earth", "asphalt", "plaster")
    stride = scene.between(0.0, 0.2) * tall
    hem = (0.28 if scene.chance(0.25) else 0.46) * tall
    person = StreetClass.PERSON
    for foot in (-stride, stride):
        board.bar((0.25 * foot, 0.5 * tall), (foot, 0.03 * tall), 0.12 * tall, trousers, person)
        board.box(foot - 0.04 * tall, 0.0, foot + 0.08 * tall, 0.05 * tall, _SHOE, person)
    swing = scene.between(0.04, 0.12) * tall
    board.bar((0.1 * tall, 0.79 * tall), (0.1 * tall + swing, 0.47 * tall), 0.07 * tall, scaled(coat, 0.85), person)
    waist, shoulder = 0.125 * tall, 0.16 * tall
    board.polygon(((-waist, hem), (waist, hem), (shoulder, 0.82 * tall), (-shoulder, 0.82 * tall)), coat, person)
    near_arm = (-0.12 * tall, 0.79 * tall), (-0.12 * tall - swing, 0.46 * tall)
    board.bar(*near_arm, 0.075 * tall, scaled(coat, 0.85), person)
    if scene.chance(0.3):
        bag = draw_colour(rng, *_CLOTHES)
        board.box(-0.22 * tall, 0.5 * tall, -0.1 * tall, 0.74 * tall, bag, person)
    _paint_head(board, (0.0, 0.91 * tall), 0.085 * tall, skin, draw_colour(rng, "dark", "earth", "autumn"), person)


def _paint_head(
    board: Board, middle: tuple[float, float], radius: float, skin: Colour, hair: Colour, class_id: int
) -> None:
    board.disc(middle, radius, skin, class_id)
    board.bar((middle[0], middle[1] - radius), (middle[0], middle[1] - 1.5 * radius), 0.9 * radius, skin, class_id)
    board.disc((middle[0] - 0.15 * radius, middle[1] + 0.3 * radius), 0.9 * radius, hair, class_id)


class Seat(NamedTuple):
    """How people sit on a kind of two-wheeler; points in metres from its centre on the ground.

    Args:
        hip: Seen from the side, as all points.
        shoulder: Where the arms begin.
        hand: On the handlebar.
        knee: Bent.
        foot: On the pedal or the rest.
        height: Of the saddle, for the view from behind.
        head: Radius of head and helmet.
        helmets: Colour families of the helmet or hair.
    """

    hip: Point
    shoulder: Point
    hand: Point
    knee: Point
    foot: Point
    height: float
    head: float
    helmets: tuple[str, ...]


ON_BICYCLE = Seat(
    (-0.22, 1.0), (0.12, 1.5), (0.5, 1.08), (0.2, 0.72), (0.0, 0.22), 0.98, 0.12, ("dark", "earth", "red", "white")
)
ON_MOTORCYCLE = Seat(
    (-0.3, 0.9), (-0.06, 1.42), (0.36, 1.1), (0.18, 0.68), (-0.02, 0.3), 0.86, 0.155, ("dark", "white", "red", "silver")
)


def paint_rider(board: Board, seat: Seat, *, sideways: bool) -> None:
    """The person on a two-wheeler, from the side or from behind."""
    rng = board.scene.rng
    helmet = draw_colour(rng, *seat.helmets)
    jacket, trousers = draw_colour(rng, *_JACKETS), draw_colour(rng, "dark", "blue", "earth", "asphalt")
    skin, rider = draw_colour(rng, "skin"), StreetClass.RIDER
    if sideways:
        board.bar(seat.hip, seat.knee, 0.19, trousers, rider)
        board.bar(seat.knee, seat.foot, 0.15, trousers, rider)
        x, y = seat.foot
        board.box(x - 0.06, y - 0.06, x + 0.18, y + 0.04, _SHOE, rider)
        board.bar(seat.hip, seat.shoulder, 0.34, jacket, rider)
        board.bar(seat.shoulder, seat.hand, 0.12, scaled(jacket, 0.85), rider)
        head = seat.shoulder[0] + 0.08, seat.shoulder[1] + 0.2
    else:
        hip, shoulder = seat.height, seat.height + 0.5
        for side in (-1.0, 1.0):
            board.bar((0.1 * side, hip), (0.24 * side, 0.62), 0.16, trousers, rider)
            board.bar((0.24 * side, 0.66), (0.2 * side, 0.3), 0.13, trousers, rider)
            board.bar((0.24 * side, shoulder), (0.36 * side, shoulder - 0.34), 0.11, scaled(jacket, 0.85), rider)
        torso = ((-0.19, hip - 0.06), (0.19, hip - 0.06), (0.27, shoulder + 0.06), (-0.27, shoulder + 0.06))
        board.polygon(torso, jacket, rider)
        head = 0.0, shoulder + 0.2
    _paint_head(board, head, seat.head, skin, helmet, rider)
