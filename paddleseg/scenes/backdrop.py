# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The end of the street: the sky, and distant houses and trees."""

from __future__ import annotations

import cv2
import numpy as np

from paddleseg.scenes.classes import StreetClass, draw_colour
from paddleseg.scenes.layout import STREET_END, Scene
from paddleseg.scenes.light import TO_CAMERA


def paint_sky(scene: Scene) -> None:
    """Gradient from zenith to horizon with clouds; fills the picture down to the horizon."""
    canvas, light = scene.canvas, scene.light
    # A little farther: the ground ends under the horizon.
    rows = int(scene.camera.horizon_row + 0.02 * scene.camera.height) + 2
    height = np.linspace(1.0, 0.0, rows, dtype=np.float32)[:, None, None]
    sky = height * np.array(light.zenith, np.float32) + (1.0 - height) * np.array(light.skyline, np.float32)
    # Clouds on a coarse grid, the same at every size of the picture.
    grid = scene.rng.random((5, 14), np.float32) + 0.5 * cv2.resize(
        scene.rng.random((10, 28), np.float32), (14, 5), interpolation=cv2.INTER_AREA
    )
    cover = cv2.resize(grid, (canvas.label.shape[1], rows), interpolation=cv2.INTER_CUBIC)
    cover = np.clip((cover - 1.25 + light.clouds) * 1.6, 0.0, 0.85)[..., None]
    shade = scene.between(0.9, 1.15)
    cloud = np.minimum(np.array(light.skyline, np.float32) * shade + 12.0, 255.0).astype(np.float32)
    canvas.image[:rows] = sky * (1.0 - cover) + cloud * cover
    canvas.label[:rows] = StreetClass.SKY


def paint_skyline(scene: Scene) -> None:
    """Distant houses and trees at the end of the street."""
    camera = scene.camera
    # Wide enough for pictures four times as wide as high.
    reach = 2.4 * STREET_END / camera.focal
    x = -reach
    while x < reach:
        width = scene.between(40.0, 90.0)
        if scene.chance(0.5):
            albedo, class_id = draw_colour(scene.rng, "plaster", "brick"), StreetClass.BUILDING
            heights = np.full(6, scene.between(3.5, 8.0))
        else:
            albedo, class_id = draw_colour(scene.rng, "green"), StreetClass.VEGETATION
            heights = scene.between(3.0, 7.0) * (0.8 + 0.4 * scene.rng.random(6))
        top = np.stack((np.linspace(x, x + width, 6), heights, np.full(6, STREET_END)), axis=1)
        foot = np.array(((x + width, 0.0, STREET_END), (x, 0.0, STREET_END)))
        corners = camera.project(np.concatenate((top, foot)))
        # The ground ends a little under the horizon; nothing may shine through between the two.
        scene.canvas.fill_all([corners], scene.light.paint(albedo, TO_CAMERA, STREET_END), class_id)
        x += width * scene.between(0.8, 1.0)
