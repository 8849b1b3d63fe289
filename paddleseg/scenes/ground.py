# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The ground: carriageway and its marks, kerbs, pavements, grass; and the shadows that fall on it."""

from __future__ import annotations

import cv2
import numpy as np

from paddleseg.scenes.canvas import fill_mask
from paddleseg.scenes.classes import Colour, StreetClass, draw_colour, scaled
from paddleseg.scenes.layout import Scene, Side
from paddleseg.scenes.light import UP

# Distances of the corners of a strip along the street: dense where perspective bends the edge most.
_RUN = np.geomspace(2.5, 400.0, 20)
_FAR_OUT = 500.0


def paint_ground(scene: Scene) -> None:
    """Paints everything flat, from the outside to the centre of the road, and fades it into the haze."""
    rng, street = scene.rng, scene.street
    road = scaled(draw_colour(rng, "asphalt"), scene.between(0.9, 1.1))
    pavement = draw_colour(rng, "paving")
    for side in street.sides:
        _paint_side(scene, side, pavement)
    _strip(scene, street.left.kerb, street.right.kerb, road, StreetClass.ROAD)
    if street.crossing is not None:
        near, far = street.crossing
        _slab(scene, -_FAR_OUT, _FAR_OUT, near, far, road, StreetClass.ROAD)
    _paint_repairs(scene, road)
    _paint_marks(scene)
    _fade(scene)


def _paint_side(scene: Scene, side: Side, pavement: Colour) -> None:
    rng = scene.rng
    soil = draw_colour(rng, "grass")
    outside = (soil, StreetClass.TERRAIN) if scene.chance(0.75) else (pavement, StreetClass.SIDEWALK)
    _strip(scene, side.edge, side.sign * _FAR_OUT, *outside)
    if side.edge != side.garden:
        _strip(scene, side.garden, side.edge, soil, StreetClass.TERRAIN)
    _strip(scene, side.pavement, side.garden, pavement, StreetClass.SIDEWALK)
    _paint_flags(scene, side, pavement)
    if side.pavement != side.kerb:
        _strip(scene, side.kerb, side.pavement, soil, StreetClass.TERRAIN)
    kerb = scaled(draw_colour(rng, "concrete"), scene.between(1.1, 1.35))
    _strip(scene, side.kerb, side.kerb + side.sign * 0.22, kerb, StreetClass.SIDEWALK)


def _paint_flags(scene: Scene, side: Side, pavement: Colour) -> None:
    """Joints between the flags of the pavement."""
    joints = np.arange(4.0, 26.0, scene.between(0.9, 2.0))
    joints = joints[:, None, None] + np.array((0.0, 0.0, 0.06, 0.06))[None, :, None]
    corners = np.zeros((len(joints), 4, 3))
    corners[..., 2:] = joints
    corners[..., 0] = (side.pavement, side.garden, side.garden, side.pavement)
    colour = scene.light.paint(scaled(pavement, 0.7), UP, 12.0)
    scene.canvas.fill_all(scene.camera.project(corners), colour, StreetClass.SIDEWALK)


def _paint_repairs(scene: Scene, road: Colour) -> None:
    """Patches of newer asphalt."""
    street = scene.street
    for _ in range(int(scene.rng.integers(0, 5))):
        near = scene.between(4.5, 25.0)
        x = scene.between(street.left.kerb, street.right.kerb - 1.5)
        far, right = near + scene.between(1.0, 7.0), min(x + scene.between(0.5, 2.5), street.right.kerb)
        _slab(scene, x, right, near, far, scaled(road, scene.between(0.8, 1.15)), StreetClass.ROAD)


def _paint_marks(scene: Scene) -> None:
    """Lane lines, zebra crossing and tram rails; all of them are road."""
    street = scene.street
    # Old paint is worn: its colour may come close to that of the road.
    paint = scaled((225.0, 225.0, 220.0), scene.between(0.65, 1.05))
    lanes = street.lanes
    dashes = np.arange(3.0, 90.0, 7.0) + scene.between(0.0, 5.0)
    for left, right in zip(lanes, lanes[1:]):
        x = 0.5 * (left.middle + right.middle)
        if left.oncoming != right.oncoming and scene.chance(0.4):
            _strip(scene, x - 0.08, x + 0.08, paint, StreetClass.ROAD)
        else:
            _slabs(scene, np.full(len(dashes), x), 0.16, dashes, 3.0, paint)
    if scene.chance(0.5):
        for side in street.sides:
            x = side.kerb - side.sign * (2.3 if side.parking else 0.35)
            _strip(scene, x - 0.06, x + 0.06, paint, StreetClass.ROAD)
    zebra = zebra_distance(scene)
    if zebra is not None:
        stripes = np.arange(street.left.kerb + 0.4, street.right.kerb - 0.6, 1.05)
        _slabs(scene, stripes, 0.52, np.full(len(stripes), zebra), 3.0, paint)
    if street.tram is not None:
        for x in (street.tram - 0.72, street.tram + 0.72):
            _strip(scene, x - 0.13, x + 0.13, (72.0, 70.0, 70.0), StreetClass.ROAD)
            _strip(scene, x - 0.04, x + 0.04, (170.0, 170.0, 174.0), StreetClass.ROAD)


def zebra_distance(scene: Scene) -> float | None:
    """Distance of the zebra crossing: before the crossing road, if there is one."""
    return None if scene.street.crossing is None else scene.street.crossing[0] - 4.0


def _strip(scene: Scene, left: float, right: float, albedo: Colour, class_id: int) -> None:
    corners = np.zeros((2 * len(_RUN), 3))
    corners[: len(_RUN), 0], corners[len(_RUN) :, 0] = left, right
    corners[: len(_RUN), 2], corners[len(_RUN) :, 2] = _RUN, _RUN[::-1]
    # Distance 0: the haze over the ground is laid on at the end, row by row.
    scene.canvas.fill_all([scene.camera.project(corners)], scene.light.paint(albedo, UP, 0.0), class_id)


def _slab(scene: Scene, left: float, right: float, near: float, far: float, albedo: Colour, class_id: int) -> None:
    corners = np.array(((left, 0.0, near), (right, 0.0, near), (right, 0.0, far), (left, 0.0, far)))
    scene.canvas.fill_all([scene.camera.project(corners)], scene.light.paint(albedo, UP, 0.0), class_id)


def _slabs(scene: Scene, lefts: np.ndarray, width: float, nears: np.ndarray, length: float, albedo: Colour) -> None:
    """Equal rectangles on the road."""
    corners = np.zeros((len(lefts), 4, 3))
    corners[..., 0] = lefts[:, None] + np.array((0.0, width, width, 0.0))
    corners[..., 2] = nears[:, None] + np.array((0.0, 0.0, length, length))
    colour = scene.light.paint(albedo, UP, 0.0)
    scene.canvas.fill_all(scene.camera.project(corners), colour, StreetClass.ROAD)


def _fade(scene: Scene) -> None:
    """Lays the haze over the ground, by the distance of each row."""
    top = max(int(scene.camera.horizon_row), 0)
    ground = scene.canvas.image[top:]
    rows = np.arange(top, top + len(ground), dtype=np.float32)
    clear = np.exp(-scene.camera.ground_distance(rows) / scene.light.visibility).astype(np.float32)
    haze = np.array(scene.light.skyline, np.float32)
    ground[...] = ground * clear[:, None, None] + (1.0 - clear[:, None, None]) * haze


def cast_shadows(scene: Scene, bases: list[tuple[np.ndarray, float]]) -> None:
    """Darkens the ground where things block the sun, and close under them in any weather.

    Args:
        scene: The scene; only its ground may be painted yet.
        bases: For each thing, the corners of its base (4, 2), x and z in metres, and its height.
    """
    light, camera, canvas = scene.light, scene.camera, scene.canvas
    # A low sun casts endless shadows; six times the height is enough for the picture.
    reach = min(1.0 / max(light.sun[1], 1e-3), 6.0)
    corners = np.stack([base for base, _ in bases])
    heights = np.array([height for _, height in bases])
    away = np.array((-light.sun[0], -light.sun[2])) * reach * heights[:, None, None]
    ground = np.zeros((len(bases), 8, 3))
    ground[:, :4, ::2], ground[:, 4:, ::2] = corners, corners + away
    pixels = camera.project(ground)
    cast = np.zeros(canvas.label.shape, np.uint8)
    contact = np.zeros_like(cast)
    for outline in pixels:
        fill_mask(cast, outline)
        fill_mask(contact, outline[:4])
    top = max(int(camera.horizon_row), 0)
    softness = max(canvas.label.shape[0] / 128.0, 0.3)
    dark = cv2.GaussianBlur(cast[top:], (0, 0), softness) * np.float32(light.shadow / 255.0)
    dark = np.maximum(dark, cv2.GaussianBlur(contact[top:], (0, 0), softness) * np.float32(0.45 / 255.0))
    ground = canvas.image[top:]
    ground[...] = ground * (1.0 - dark)[..., None]
