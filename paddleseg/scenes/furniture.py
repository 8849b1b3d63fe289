# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Street furniture: lamp posts, traffic lights, traffic signs, bins."""

from __future__ import annotations

import numpy as np

from paddleseg.scenes.board import Board
from paddleseg.scenes.classes import VOID, Colour, StreetClass, draw_colour, scaled
from paddleseg.scenes.layout import Scene
from paddleseg.scenes.light import UP

_BLACK, _WHITE, _RED, _BLUE = (34.0, 34.0, 36.0), (226.0, 226.0, 222.0), (176.0, 36.0, 36.0), (36.0, 72.0, 150.0)
# Unlit lamps of a traffic light are dark; one of the three is lit.
_LAMPS = ((235.0, 60.0, 44.0), (240.0, 180.0, 50.0), (60.0, 220.0, 120.0))


def paint_lamp_post(scene: Scene, x: float, z: float) -> None:
    """A lamp post with an arm over the road; post, arm and lamp are pole."""
    board = Board(scene, x, z, mirrored=x > 0)
    albedo = draw_colour(scene.rng, "dark", "dark", "silver", "green")
    height, width = scene.between(5.0, 8.0), scene.between(0.24, 0.36)
    board.bar((0.0, 0.0), (0.0, height), width, albedo, StreetClass.POLE)
    if scene.chance(0.7):
        reach = scene.between(0.8, 2.2)
        board.bar((0.0, height), (reach, height + 0.25), 0.6 * width, albedo, StreetClass.POLE)
        lamp = (reach - 0.35, height + 0.2), (reach + 0.35, height + 0.2)
        board.bar(*lamp, 0.22, scaled(albedo, 1.2), StreetClass.POLE)
        if scene.light.lamps_lit:
            board.glow((reach, height + 0.12), 0.16, (255.0, 226.0, 160.0), StreetClass.POLE)


def paint_traffic_light(scene: Scene, x: float, z: float) -> None:
    """A traffic light on a pole, some with a second one on an arm over the road."""
    board = Board(scene, x, z, mirrored=x > 0)
    metal = draw_colour(scene.rng, "dark", "dark", "silver")
    low, lit = scene.between(2.1, 2.7), int(scene.rng.integers(0, 3))
    case = draw_colour(scene.rng, "dark", "dark", "dark", "green")
    has_arm, reach, arm = scene.chance(0.4), scene.between(2.0, 3.6), scene.between(4.4, 5.2)
    board.bar((0.0, 0.0), (0.0, arm if has_arm else low + 0.2), 0.26, metal, StreetClass.POLE)
    if has_arm:
        board.bar((0.0, arm), (reach, arm), 0.2, metal, StreetClass.POLE)
        _signal_head(board, reach, arm - 1.1, case, lit)
    _signal_head(board, 0.0, low, case, lit)


def _signal_head(board: Board, middle: float, low: float, case: Colour, lit: int) -> None:
    board.box(middle - 0.34, low, middle + 0.34, low + 1.56, case, StreetClass.TRAFFIC_LIGHT)
    for place, lamp in enumerate(_LAMPS):
        centre = (middle, low + 1.28 - 0.5 * place)
        if place == lit:
            board.glow(centre, 0.22, lamp, StreetClass.TRAFFIC_LIGHT)
        else:
            board.disc(centre, 0.2, scaled(lamp, 0.25), StreetClass.TRAFFIC_LIGHT)


def paint_sign(scene: Scene, x: float, z: float) -> None:
    """A traffic sign on a pole: round, triangular, square or a direction board."""
    board = Board(scene, x, z)
    shape = int(scene.rng.random() * 6)
    size, low = scene.between(0.45, 0.62), scene.between(1.8, 2.4)
    top = low + 2.0 * size
    board.bar((0.0, 0.0), (0.0, top), 0.2, draw_colour(scene.rng, "dark", "dark", "silver"), StreetClass.POLE)
    _SIGN_FACES[shape](board, low + size, size)
    if scene.chance(0.3):
        board.box(-0.9 * size, low - 0.42, 0.9 * size, low - 0.06, _WHITE, StreetClass.TRAFFIC_SIGN)


def _prohibition(board: Board, middle: float, size: float) -> None:
    board.disc((0.0, middle), size, _RED, StreetClass.TRAFFIC_SIGN)
    board.disc((0.0, middle), 0.72 * size, _WHITE, StreetClass.TRAFFIC_SIGN)
    board.box(-0.4 * size, middle - 0.2 * size, 0.4 * size, middle + 0.2 * size, _BLACK, StreetClass.TRAFFIC_SIGN)


def _mandatory(board: Board, middle: float, size: float) -> None:
    board.disc((0.0, middle), size, _BLUE, StreetClass.TRAFFIC_SIGN)
    board.bar((-0.45 * size, middle - 0.3 * size), (0.45 * size, middle + 0.3 * size), 0.3 * size, _WHITE,
              StreetClass.TRAFFIC_SIGN)  # fmt: skip


def _warning(board: Board, middle: float, size: float) -> None:
    for scale, albedo in ((1.2, _RED), (0.75, _WHITE)):
        size_now, base = scale * size, middle - 0.35 * size
        points = (
            (-size_now, base - 0.45 * size_now),
            (size_now, base - 0.45 * size_now),
            (0.0, base + 1.25 * size_now),
        )
        board.polygon(points, albedo, StreetClass.TRAFFIC_SIGN)


def _priority(board: Board, middle: float, size: float) -> None:
    for scale, albedo in ((1.15, _WHITE), (0.8, (222.0, 176.0, 40.0))):
        reach = scale * size
        points = ((0.0, middle - reach), (reach, middle), (0.0, middle + reach), (-reach, middle))
        board.polygon(points, albedo, StreetClass.TRAFFIC_SIGN)


def _parking(board: Board, middle: float, size: float) -> None:
    board.box(-size, middle - size, size, middle + size, _BLUE, StreetClass.TRAFFIC_SIGN)
    board.box(-0.35 * size, middle - 0.6 * size, 0.3 * size, middle + 0.6 * size, _WHITE, StreetClass.TRAFFIC_SIGN)


def _direction(board: Board, middle: float, size: float) -> None:
    field = (_BLUE, (206.0, 168.0, 40.0), _WHITE)[int(board.scene.rng.random() * 3)]
    text = _BLACK if field is not _BLUE else _WHITE
    board.box(-2.3 * size, middle - size, 2.3 * size, middle + size, field, StreetClass.TRAFFIC_SIGN)
    for low in (-0.5, 0.2):
        board.box(-1.8 * size, middle + low * size, 1.2 * size, middle + (low + 0.3) * size, text,
                  StreetClass.TRAFFIC_SIGN)  # fmt: skip


_SIGN_FACES = (_prohibition, _mandatory, _warning, _priority, _parking, _direction)


def paint_bin(scene: Scene, x: float, z: float) -> None:
    """A litter bin or switch box on the pavement; without a class, as in Cityscapes."""
    board = Board(scene, x, z)
    width, height = scene.between(0.25, 0.5), scene.between(0.8, 1.4)
    albedo = draw_colour(scene.rng, "silver", "green", "dark", "yellow")
    board.box(-width, 0.0, width, height, albedo, VOID)
    board.box(-width, height - 0.12, width, height, scaled(albedo, 0.7), VOID)


def paint_bonnet(scene: Scene) -> None:
    """The camera car's bonnet along the lower edge of the picture; without a class."""
    camera = scene.camera
    high, half = scene.between(0.05, 0.11), scene.between(0.75, 1.0)
    across = np.linspace(-1.0, 1.0, 13)
    crest = 1.0 - high * (1.0 - 0.6 * across**4)
    rim = np.stack((half * across, crest), axis=1)
    outline = np.concatenate((rim, ((half, 1.1), (-half, 1.1)))) * camera.height
    outline[:, 0] += 0.5 * camera.width
    colour = scene.light.paint(draw_colour(scene.rng, "dark", "silver"), UP, 1.0)
    scene.canvas.fill_all([outline], colour, VOID)
