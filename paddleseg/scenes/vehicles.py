# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cars, lorries, buses and trams."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from paddleseg.scenes.bodies import COMMON_MATERIALS, Body, Outline, paint_bodies
from paddleseg.scenes.classes import StreetClass, draw_colour, scaled
from paddleseg.scenes.layout import Scene


class GroundPlan(NamedTuple):
    """Ground space of a vehicle, in metres."""

    length: float
    width: float
    height: float


CAR = GroundPlan(4.3, 1.8, 1.5)
TRUCK = GroundPlan(8.5, 2.5, 3.5)
BUS = GroundPlan(11.0, 2.55, 3.1)
TRAM = GroundPlan(26.0, 2.5, 3.6)


class CarShape(NamedTuple):
    """A kind of car; outlines as shares of length and height, edges as places in the profile."""

    size: tuple[float, float, float]
    profile: Outline
    rear_glass: int
    windscreen: int
    side_windows: tuple[Outline, ...]


_CAR_SHAPES = (
    CarShape(  # hatchback
        (4.1, 1.48, 1.78),
        ((-0.5, 0.16), (-0.49, 0.58), (-0.4, 0.97), (0.05, 1.0), (0.25, 0.62), (0.46, 0.53), (0.5, 0.4), (0.5, 0.16)),
        1,
        3,
        (
            ((-0.4, 0.62), (-0.34, 0.9), (-0.14, 0.92), (-0.14, 0.62)),
            ((-0.11, 0.62), (-0.11, 0.92), (0.04, 0.92), (0.2, 0.62)),
        ),
    ),
    CarShape(  # saloon
        (4.7, 1.45, 1.82),
        ((-0.5, 0.16), (-0.5, 0.6), (-0.34, 0.66), (-0.2, 0.97), (0.05, 1.0), (0.24, 0.64), (0.47, 0.54), (0.5, 0.16)),
        2,
        4,
        (
            ((-0.29, 0.68), (-0.18, 0.92), (-0.08, 0.93), (-0.08, 0.66)),
            ((-0.05, 0.66), (-0.05, 0.93), (0.04, 0.93), (0.19, 0.66)),
        ),
    ),
    CarShape(  # estate
        (4.6, 1.66, 1.86),
        ((-0.5, 0.18), (-0.5, 0.57), (-0.45, 0.96), (0.08, 1.0), (0.24, 0.64), (0.47, 0.56), (0.5, 0.18)),
        1,
        3,
        (
            ((-0.44, 0.62), (-0.4, 0.9), (-0.14, 0.92), (-0.14, 0.62)),
            ((-0.11, 0.62), (-0.11, 0.92), (0.06, 0.92), (0.19, 0.62)),
        ),
    ),
    CarShape(  # van
        (4.9, 1.95, 1.9),
        ((-0.5, 0.14), (-0.5, 0.55), (-0.49, 0.98), (0.2, 1.0), (0.38, 0.58), (0.5, 0.48), (0.5, 0.14)),
        1,
        3,
        (((0.03, 0.6), (0.03, 0.9), (0.18, 0.9), (0.31, 0.6)),),
    ),
)


def paint_car(scene: Scene, x: float, z: float, yaw: float) -> None:
    """A car of one of four shapes."""
    body = _car(int(scene.rng.random() * len(_CAR_SHAPES)))
    families = ("silver", "asphalt", "dark", "white", "white", "blue", "red", "green", "earth")
    materials = {"paint": draw_colour(scene.rng, *families)}
    if scene.light.lamps_lit:
        materials["head lamp"] = scaled(COMMON_MATERIALS["head lamp"], 1.8)
    paint_bodies(scene, x, z, yaw, [body], materials, StreetClass.CAR)


@cache
def _car(place: int) -> Body:
    shape = _CAR_SHAPES[place]
    body = Body(shape.profile, shape.size, "paint")
    for window in shape.side_windows:
        body.add_to_sides(window, "glass")
    body.add_band(-0.48, 0.49, 0.17, 0.24, "trim")
    body.add_wheels((-0.31, 0.31), 0.33)
    body.edges[shape.rear_glass].add_box((0.08, 0.92), (0.15, 0.9), "glass")
    body.edges[shape.windscreen].add_box((0.06, 0.94), (0.06, 0.94), "clear glass")
    _add_undercarriage(body)
    rear, front = body.edges[0], body.edges[-1]
    rear.add_pair(0.02, 0.18, (0.6, 0.95), "tail lamp")
    rear.add_box((0.33, 0.67), (0.35, 0.6), "plate")
    front.add_pair(0.02, 0.18, (0.05, 0.4), "head lamp")
    front.add_box((0.24, 0.76), (0.15, 0.5), "trim")
    front.add_box((0.35, 0.65), (0.55, 0.75), "plate")
    return body


def _add_undercarriage(body: Body) -> None:
    """Bumpers and tyres at both ends, down to the ground."""
    # Shares along the edge of the profile run upwards at the rear and downwards at the front.
    for face, bumper, downwards in ((body.edges[0], (0.0, 0.3), False), (body.edges[-1], (0.7, 1.0), True)):
        heights = [y for _, y, _ in face.parts[0][0]]
        drop = min(heights) / (max(heights) - min(heights))
        face.add_box((0.0, 1.0), bumper, "trim")
        face.add_pair(0.03, 0.13, (1.0, 1.0 + drop) if downwards else (-drop, 0.0), "tyre")


def paint_truck(scene: Scene, x: float, z: float, yaw: float) -> None:
    """A lorry: cab, chassis, and after a gap a box or a low tipper body."""
    rng = scene.rng
    chassis, load, cab = _truck(_LOAD_HEIGHTS[int(rng.random() * len(_LOAD_HEIGHTS))], scene.chance(0.6))
    load_paint = draw_colour(rng, "white", "white", "silver", "blue", "brick", "earth")
    materials = {
        "cab": draw_colour(rng, "white", "red", "blue", "blue"),
        "load": load_paint,
        "seam": scaled(load_paint, 0.6),
        "stripe": draw_colour(rng, "red", "blue", "green", "white", "dark"),
    }
    # The chassis goes first: cab and load stand on it.
    paint_bodies(scene, x, z, yaw, [chassis], materials, StreetClass.TRUCK)
    paint_bodies(scene, x, z, yaw, [load, cab], materials, StreetClass.TRUCK)


# Metres from the ground to the top of the load; the low one is a tipper.
_LOAD_HEIGHTS = (2.3, 3.2, 3.5, 3.9)


@cache
def _truck(top: float, has_stripe: bool) -> tuple[Body, Body, Body]:
    length, width = TRUCK.length, TRUCK.width
    chassis = Body(((-0.5, 0.35), (-0.5, 1.0), (0.46, 1.0), (0.46, 0.35)), (length, 1.0, width - 0.1), "trim")
    chassis.add_wheels((-0.36, -0.22, 0.34), 0.5)
    chassis.edges[0].add_pair(0.04, 0.18, (0.3, 0.8), "tail lamp")
    chassis.edges[0].add_pair(0.04, 0.18, (-0.54, 0.0), "tyre")

    floor = 1.0 / top
    box = ((-0.5, floor), (-0.5, 1.0), (0.5, 1.0), (0.5, floor))
    load = Body(box, (length - 2.6, top, width), "load", offset=-1.3)
    if has_stripe:
        load.add_band(-0.35, 0.35, floor + 0.35 * (1 - floor), floor + 0.7 * (1 - floor), "stripe")
        load.edges[0].add_box((0.2, 0.8), (0.4, 0.7), "stripe")
    load.edges[0].add_box((0.48, 0.52), (0.0, 1.0), "seam")

    profile = ((-0.5, 0.2), (-0.5, 1.0), (0.36, 1.0), (0.5, 0.55), (0.5, 0.16))
    cab = Body(profile, (2.1, 2.75, width), "cab", offset=0.5 * length - 1.05)
    cab.add_to_sides(((-0.15, 0.56), (-0.15, 0.88), (0.3, 0.88), (0.42, 0.56)), "glass")
    windscreen, grille = cab.edges[2], cab.edges[3]
    windscreen.add_box((0.06, 0.94), (0.05, 0.95), "clear glass")
    grille.add_box((0.1, 0.9), (0.15, 0.6), "trim")
    grille.add_pair(0.02, 0.18, (0.66, 0.85), "head lamp")
    return chassis, load, cab


def paint_bus(scene: Scene, x: float, z: float, yaw: float) -> None:
    """A city bus: one tall box, a band of windows, a lit destination board."""
    paint = draw_colour(scene.rng, "yellow", "yellow", "green", "green", "autumn")
    materials = {"paint": paint, "skirt": scaled(paint, 0.58), "pillar": scaled(paint, 0.8)}
    paint_bodies(scene, x, z, yaw, [_bus()], materials, StreetClass.BUS)


@cache
def _bus() -> Body:
    profile = ((-0.5, 0.1), (-0.5, 1.0), (0.485, 1.0), (0.5, 0.45), (0.5, 0.1))
    body = Body(profile, (BUS.length, BUS.height, BUS.width), "paint")
    body.add_band(-0.47, 0.47, 0.44, 0.82, "glass")
    body.add_band(-0.49, 0.49, 0.1, 0.2, "skirt")
    for pillar in (-0.3, -0.14, 0.02, 0.18, 0.34):
        body.add_band(pillar - 0.006, pillar + 0.006, 0.44, 0.82, "pillar")
    for door in (-0.08, 0.4):
        body.add_band(door - 0.05, door + 0.05, 0.12, 0.82, "clear glass")
    body.add_wheels((-0.3, 0.3), 0.5)
    rear, upper, lower = body.edges[0], body.edges[2], body.edges[3]
    rear.add_box((0.1, 0.9), (0.5, 0.8), "glass")
    upper.add_box((0.03, 0.97), (0.2, 1.0), "glass")
    _add_undercarriage(body)
    rear.add_box((0.15, 0.85), (0.12, 0.38), "skirt")
    rear.add_pair(0.03, 0.12, (0.15, 0.45), "tail lamp")
    upper.add_box((0.15, 0.85), (0.04, 0.18), "display")
    lower.add_box((0.03, 0.97), (0.0, 0.25), "glass")
    lower.add_pair(0.03, 0.12, (0.5, 0.68), "head lamp")
    return body


def paint_tram(scene: Scene, x: float, z: float, yaw: float) -> None:
    """A tram of three cars with bellows between them, raked ends, skirts to the rails and boxes on the roof."""
    skirt = draw_colour(scene.rng, "red", "blue", "dark", "red", "green")
    materials = {
        "paint": draw_colour(scene.rng, "white", "white", "silver", "red"),
        "skirt": skirt,
        "door": scaled(skirt, 0.7),
    }
    paint_bodies(scene, x, z, yaw, _tram(), materials, StreetClass.TRAIN)


@cache
def _tram() -> tuple[Body, ...]:
    rear_end = ((-0.5, 0.08), (-0.5, 0.34), (-0.42, 0.95), (0.5, 0.95), (0.5, 0.08))
    front_end = tuple((-z, y) for z, y in reversed(rear_end))
    roof_box = ((-0.34, 0.95), (-0.32, 1.03), (0.32, 1.03), (0.34, 0.95))
    middle = ((-0.5, 0.08), (-0.5, 0.95), *roof_box, (0.5, 0.95), (0.5, 0.08))
    bellows = ((-0.5, 0.1), (-0.5, 0.9), (0.5, 0.9), (0.5, 0.1))
    gap = 0.7
    car = (TRAM.length - 2.0 * gap) / 3.0
    size = (car, TRAM.height, TRAM.width)
    rear, front = Body(rear_end, size, "paint", -car - gap), Body(front_end, size, "paint", car + gap)
    centre = Body(middle, size, "paint")
    for body, windows in ((rear, (-0.41, 0.49)), (centre, (-0.49, 0.49)), (front, (-0.49, 0.41))):
        body.add_band(*windows, 0.42, 0.78, "glass")
        body.add_band(-0.5, 0.5, 0.08, 0.34, "skirt")
        for door in (-0.2, 0.22):
            body.add_band(door - 0.07, door + 0.07, 0.12, 0.8, "door")
            body.add_band(door - 0.055, door + 0.055, 0.3, 0.76, "clear glass")
    # Shares along the edges run upwards at the rear and downwards at the front.
    for skirt, glass, upwards in ((rear.edges[0], rear.edges[1], True), (front.edges[-1], front.edges[-2], False)):
        skirt.add_box((0.0, 1.0), (0.0, 1.0), "skirt")
        skirt.add_pair(0.05, 0.15, (0.5, 0.85) if upwards else (0.15, 0.5), "tail lamp" if upwards else "head lamp")
        glass.add_box((0.06, 0.94), (0.08, 0.74) if upwards else (0.26, 0.92), "glass")
        glass.add_box((0.2, 0.8), (0.8, 0.93) if upwards else (0.07, 0.2), "display")
    joints = [Body(bellows, (gap, 3.5, TRAM.width - 0.25), "trim", place * 0.5 * (car + gap)) for place in (-1, 1)]
    return rear, centre, front, *joints
