# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From random numbers to a picture of a street and its label."""

from __future__ import annotations

import numpy as np

from paddleseg.scenes.backdrop import paint_sky, paint_skyline
from paddleseg.scenes.canvas import Canvas
from paddleseg.scenes.furniture import paint_bonnet
from paddleseg.scenes.ground import cast_shadows, paint_ground
from paddleseg.scenes.layout import Scene, draw_camera, draw_street
from paddleseg.scenes.light import draw_light
from paddleseg.scenes.roadside import draw_plots, paint_plots
from paddleseg.scenes.sensor import photograph
from paddleseg.scenes.traffic import plan_traffic

# Crowns of trees and arms of lamps reach this far (in metres) beyond their base.
_OVERHANG = 3.5


def draw_scene(rng: np.random.Generator, size_wh: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Draws a street scene.

    The scene is a function of the state of ``rng`` alone; at another size of the same shape it is the same street.

    Args:
        rng: The source of all randomness.
        size_wh: Width and height in pixels.

    Returns:
        Picture (H, W, 3) uint8 RGB and label (H, W) uint8 with Cityscapes train ids and 255 for no class.
    """
    scene = Scene(rng, draw_camera(rng, size_wh), Canvas(size_wh), draw_light(rng), draw_street(rng))
    items = plan_traffic(scene)
    plots = draw_plots(scene)
    # Painter's algorithm: whatever is nearer comes later.
    paint_sky(scene)
    paint_skyline(scene)
    paint_ground(scene)
    cast_shadows(scene, [(thing.base, thing.height) for thing in (*plots, *items) if thing.height > 0.0])
    paint_plots(scene, plots)
    for item in items:
        if scene.camera.sees(item.base, _OVERHANG):
            item.paint(scene)
    if scene.chance(0.35):
        paint_bonnet(scene)
    return photograph(rng, scene.canvas), scene.canvas.label.copy()
