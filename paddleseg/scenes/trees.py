# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trees."""

from __future__ import annotations

import math

import numpy as np

from paddleseg.scenes.classes import StreetClass, draw_colour, scaled
from paddleseg.scenes.layout import Scene
from paddleseg.scenes.light import TO_CAMERA, UP

_LEAVES = ("green",) * 7 + ("autumn",)
# Blobs of a crown from its foot to its top: level in the crown, sideways spread and radius over the tree's height.
_BROADLEAF = ((0.0, 0.15, 0.14), (0.12, 0.2, 0.15), (0.25, 0.24, 0.15), (0.37, 0.24, 0.15), (0.5, 0.24, 0.15),
              (0.62, 0.23, 0.15), (0.75, 0.2, 0.15), (0.87, 0.15, 0.14), (1.0, 0.08, 0.13))  # fmt: skip
_CONIFER = tuple((step / 8.0, 0.14 * (1.0 - step / 8.0), 0.17 * (1.2 - step / 8.0)) for step in range(9))


def paint_tree(scene: Scene, x: float, z: float, height: float) -> None:
    """A tree: trunk, and a crown of blobs that are lighter at the top and towards the sun."""
    rng, canvas, light = scene.rng, scene.canvas, scene.light
    scale = height * scene.camera.pixels_per_metre(z)
    column, row = scene.camera.project(np.array((x, 0.0, z))).tolist()
    fork = column + scene.between(-0.05, 0.05) * scale
    bark = light.paint(draw_colour(rng, "earth", "dark", "earth"), TO_CAMERA, z)
    thickness = scene.between(0.035, 0.055) * scale
    canvas.bar((column, row), (fork, row - 0.45 * scale), thickness, bark, StreetClass.VEGETATION)
    leaves = light.paint(draw_colour(rng, *_LEAVES), UP, z)
    blobs = _CONIFER if scene.chance(0.2) else _BROADLEAF
    sunward = math.copysign(0.6 * light.shadow, light.sun[0])
    for (level, spread, radius), (aside, swell) in zip(blobs, rng.random((len(blobs), 2)).tolist()):
        offset = (2.0 * aside - 1.0) * spread
        colour = scaled(leaves, 0.72 + 0.4 * level + sunward * offset)
        centre = fork + offset * scale, row - (0.38 + 0.5 * level) * scale
        canvas.disc(*centre, radius * (0.8 + 0.4 * swell) * scale, colour, StreetClass.VEGETATION)
