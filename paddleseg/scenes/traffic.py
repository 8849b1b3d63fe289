# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Things that stand or move on the street."""

from __future__ import annotations

import math
from functools import partial

from paddleseg.scenes.furniture import paint_bin, paint_lamp_post, paint_sign, paint_traffic_light
from paddleseg.scenes.layout import Lane, Scene, Side
from paddleseg.scenes.people import paint_person
from paddleseg.scenes.plan import Item, Plan, from_far_to_near
from paddleseg.scenes.trees import paint_tree
from paddleseg.scenes.two_wheelers import paint_bicycle, paint_motorcycle
from paddleseg.scenes.vehicles import (
    BUS,
    CAR,
    TRAM,
    TRUCK,
    paint_bus,
    paint_car,
    paint_tram,
    paint_truck,
)

_LARGE = ((paint_truck, TRUCK), (paint_bus, BUS))


def plan_traffic(scene: Scene) -> list[Item]:
    """Decides on everything that stands or moves on the street.

    Returns:
        The things from far to near.
    """
    plan = Plan(scene)
    # Large and rare things choose their places first; the others fill up.
    _add_tram(plan)
    _add_large(plan)
    _add_riders(plan)
    _add_crossing_traffic(plan)
    for side in scene.street.sides:
        _add_furniture(plan, side)
        _add_trees(plan, side)
        _add_parked(plan, side)
        _add_people(plan, side)
    for lane in scene.street.lanes:
        _add_cars(plan, lane)
    return from_far_to_near(plan.items)


def _heading(lane: Lane) -> float:
    return math.pi if lane.oncoming else 0.0


def _room_of_two_wheeler(sideways: bool) -> tuple[float, float]:
    """Width and length in metres."""
    return (1.9, 0.6) if sideways else (0.8, 1.9)


def _add_tram(plan: Plan) -> None:
    scene, track = plan.scene, plan.scene.street.tram
    if track is None or not scene.chance(0.85):
        return
    near = scene.between(5.0, 12.0)
    plan.add_vehicle(paint_tram, TRAM, track, near + 0.5 * TRAM.length, math.pi if scene.chance(0.6) else 0.0)


def _add_large(plan: Plan) -> None:
    """Lorries and buses in the lanes."""
    scene, lanes = plan.scene, plan.scene.street.lanes
    for _ in range(2):
        paint, size = _LARGE[int(scene.rng.random() * 2)]
        lane = lanes[int(scene.rng.random() * len(lanes))]
        # In the own lane it must leave the street visible; beside it, it may be close.
        near = scene.between(7.0, 13.0) if lane.middle == 0.0 else scene.between(5.0, 13.0)
        if scene.chance(0.4):
            plan.add_vehicle(paint, size, lane.middle, near + 0.5 * size.length, _heading(lane), gap=1.0)


def _add_riders(plan: Plan) -> None:
    """People on bicycles and motorcycles: along the lanes, or across the street."""
    scene = plan.scene
    for _ in range(2):
        paint = paint_bicycle if scene.chance(0.5) else paint_motorcycle
        ridden, sideways = scene.chance(0.85), scene.chance(0.5)
        lane = scene.street.lanes[int(scene.rng.random() * len(scene.street.lanes))]
        x = lane.middle + scene.between(-0.9, 1.1)
        z = max(scene.between(4.8, 9.5), plan.reach(x, 0.9))
        if scene.chance(0.33):
            width, length = _room_of_two_wheeler(sideways)
            plan.add(paint, x, z, width=width, length=length, sideways=sideways, ridden=ridden)


def _add_crossing_traffic(plan: Plan) -> None:
    """Vehicles on the crossing road, seen from the side; people on the zebra crossing before it."""
    scene, crossing = plan.scene, plan.scene.street.crossing
    if crossing is None:
        return
    near, far = crossing
    for share, yaw in ((0.27, math.pi / 2), (0.73, -math.pi / 2)):
        z, x = near + share * (far - near), scene.between(-11.0, 11.0)
        kind = scene.rng.random()
        if kind < 0.3:
            plan.add_vehicle(paint_car, CAR, x, z, yaw)
        elif kind < 0.6:
            plan.add_vehicle(*_LARGE[int(kind < 0.45)], x, z, yaw)
        elif kind < 0.75:
            plan.add_vehicle(paint_tram, TRAM, x, z, yaw)
    for _ in range(int(scene.rng.integers(0, 3))):
        x = scene.between(scene.street.left.kerb, scene.street.right.kerb)
        plan.add(paint_person, x, near - scene.between(1.4, 3.6), gap=0.1)


def _add_furniture(plan: Plan, side: Side) -> None:
    """Traffic lights, signs, lamp posts and bins along the kerb."""
    scene, x = plan.scene, side.kerb + side.sign * 0.5
    start = plan.reach(x, 0.95)
    crossing = scene.street.crossing
    if scene.chance(0.5 if crossing is not None else 0.16):
        z = max(crossing[0] - 1.5, start) if crossing is not None else start * scene.between(1.0, 1.7)
        plan.add(paint_traffic_light, x, z, height=3.5)
    for _ in range(2):
        z, away = start * scene.between(1.0, 1.9), scene.between(0.0, 0.5)
        if scene.chance(0.22):
            plan.add(paint_sign, x + side.sign * away, z, height=2.6)
    if scene.chance(0.2):
        z, spacing = start * scene.between(1.0, 1.6), scene.between(14.0, 24.0)
        away = scene.between(0.1, 0.6)
        while z < 35.0:
            plan.add(paint_lamp_post, x + side.sign * away, z, height=6.0)
            z += spacing
    if scene.chance(0.1):
        plan.add(paint_bin, side.pavement + side.sign * 0.8, start * scene.between(1.0, 2.0), height=1.2)


def _add_trees(plan: Plan, side: Side) -> None:
    scene = plan.scene
    x = side.pavement - side.sign * 0.9 if side.pavement != side.kerb else side.garden - side.sign * 0.4
    if side.edge != side.garden and scene.chance(0.6):
        x = 0.5 * (side.garden + side.edge)
    if not scene.chance(0.35):
        return
    z, spacing = plan.reach(x, 1.2) * scene.between(1.0, 1.5), scene.between(10.0, 18.0)
    height = scene.between(5.0, 9.0)
    while z < 38.0:
        if not scene.street.crosses(z - 1.0, z + 1.0):
            tall = height * scene.between(0.8, 1.2)
            plan.add(partial(paint_tree, height=tall), x, z, height=tall, width=0.3, length=0.3)
        z += spacing * scene.between(0.7, 1.3)


def _add_parked(plan: Plan, side: Side) -> None:
    """Cars along the kerb, bicycles and motorcycles on the pavement."""
    scene = plan.scene
    if side.parking:
        x, z = side.kerb - side.sign * 1.15, scene.between(4.0, 10.0)
        yaw = 0.0 if side.sign > 0 or scene.chance(0.3) else math.pi
        while z < 34.0:
            if scene.chance(0.72) and not scene.street.crosses(z - 4.0, z + 4.0):
                plan.add_vehicle(paint_car, CAR, x, z, yaw)
            z += scene.between(5.4, 6.4)
    x = side.pavement + side.sign * scene.between(0.7, 1.6)
    z = plan.reach(x, 0.95) * scene.between(1.0, 1.35)
    if scene.chance(0.24):
        paint = paint_motorcycle if scene.chance(0.45) else paint_bicycle
        sideways = scene.chance(0.85)
        for number in range(int(scene.rng.integers(1, 3))):
            width, length = _room_of_two_wheeler(sideways)
            spacing = length + 0.6
            settings = {"sideways": sideways, "ridden": False}
            plan.add(paint, x, z + spacing * number, width=width, length=length, height=1.0, **settings)


def _add_people(plan: Plan, side: Side) -> None:
    scene = plan.scene
    for _ in range(int(scene.rng.random() * 2.4)):
        x = side.kerb + (side.garden - side.kerb) * scene.between(0.12, 0.95)
        z = plan.reach(x, 0.96) * (1.0 + 0.7 * scene.rng.random() ** 1.5)
        if scene.street.crosses(z, z):
            continue
        plan.add(paint_person, x, z, gap=0.05)
        if scene.chance(0.2):
            plan.add(paint_person, x + scene.between(0.55, 0.7), z + 0.1, gap=0.0)
    if scene.chance(0.08):
        x = scene.between(scene.street.left.kerb, scene.street.right.kerb)
        plan.add(paint_person, x, max(scene.between(7.0, 16.0), plan.reach(x)))


def _add_cars(plan: Plan, lane: Lane) -> None:
    scene = plan.scene
    if lane.middle == scene.street.tram:
        return
    z = scene.between(9.0, 26.0) if lane.middle == 0.0 else scene.between(6.0, 20.0)
    density = scene.between(0.15, 0.6)
    while z < 32.0:
        if scene.chance(density) and not scene.street.crosses(z - 2.0, z + 2.0):
            x = lane.middle + scene.between(-0.3, 0.3)
            plan.add_vehicle(paint_car, CAR, x, z, _heading(lane), gap=0.6)
        z += scene.between(7.0, 17.0)
