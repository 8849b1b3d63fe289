# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Light of a scene: sun, sky and haze, and how a surface looks under them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paddleseg.scenes.classes import Colour

UP = (0.0, 1.0, 0.0)
TO_CAMERA = (0.0, 0.0, -1.0)


@dataclass(frozen=True)
class Light:
    """Sun, sky and air.

    Args:
        sun: Unit vector towards the sun (x, y, z).
        sun_gain: Gain of a surface that faces the sun, per channel, on top of the sky's.
        sky_gain: Gain of every surface, per channel.
        shadow: Share of the light removed by a cast shadow, 0 to 1.
        zenith: Colour of the sky at the upper edge of the picture.
        skyline: Colour of the sky at the horizon; far things fade into it.
        visibility: Distance in metres over which contrast falls to 1/e.
        clouds: Share of the sky under cloud, 0 to 1.
        lamps_lit: Whether windows and lamps shine.
    """

    sun: tuple[float, float, float]
    sun_gain: Colour
    sky_gain: Colour
    shadow: float
    zenith: Colour
    skyline: Colour
    visibility: float
    clouds: float
    lamps_lit: bool

    def paint(self, albedo: Colour, normal: tuple[float, float, float], distance: float) -> Colour:
        """Colour in the picture of a matt surface with this normal at this distance in metres."""
        facing = normal[0] * self.sun[0] + normal[1] * self.sun[1] + normal[2] * self.sun[2]
        facing = max(facing, 0.0)
        clear = math.exp(-distance / self.visibility)
        (sky_red, sky_green, sky_blue), (sun_red, sun_green, sun_blue) = self.sky_gain, self.sun_gain
        far_red, far_green, far_blue = self.skyline
        # Written out: this runs some hundred times per scene.
        return (
            min(albedo[0] * (sky_red + sun_red * facing) * clear + far_red * (1.0 - clear), 255.0),
            min(albedo[1] * (sky_green + sun_green * facing) * clear + far_green * (1.0 - clear), 255.0),
            min(albedo[2] * (sky_blue + sun_blue * facing) * clear + far_blue * (1.0 - clear), 255.0),
        )


def draw_light(rng: np.random.Generator) -> Light:
    """Draws weather and time of day: clear, overcast, low sun or dusk."""
    weather = rng.random()
    azimuth, glow = rng.uniform(-math.pi, math.pi), rng.random()
    if weather < 0.42:
        return _light(rng, azimuth, rng.uniform(0.5, 1.1), (0.62, 0.6, 0.55), (0.6, 0.62, 0.68), 0.42,
                      (92, 138, 196), (186, 206, 224), clouds=0.5 * glow)  # fmt: skip
    if weather < 0.74:
        grey = 0.85 + 0.2 * glow
        return _light(rng, azimuth, 1.0, (0.12, 0.12, 0.12), (0.8 * grey, 0.82 * grey, 0.84 * grey), 0.12,
                      (168 * grey, 174 * grey, 180 * grey), (200 * grey, 202 * grey, 204 * grey),
                      clouds=0.9)  # fmt: skip
    if weather < 0.95:
        return _light(rng, azimuth, rng.uniform(0.15, 0.4), (0.66, 0.52, 0.38), (0.58, 0.58, 0.62), 0.36,
                      (120, 146, 186), (232, 204, 164), clouds=0.6 * glow)  # fmt: skip
    return _light(rng, azimuth, 0.1, (0.1, 0.07, 0.06), (0.56, 0.56, 0.64), 0.1,
                  (52, 64, 104), (150, 124, 122), clouds=0.6 * glow, lamps_lit=True)  # fmt: skip


def _light(
    rng: np.random.Generator,
    azimuth: float,
    elevation: float,
    sun_gain: Colour,
    sky_gain: Colour,
    shadow: float,
    zenith: Colour,
    skyline: Colour,
    *,
    clouds: float,
    lamps_lit: bool = False,
) -> Light:
    sun = (
        math.cos(elevation) * math.sin(azimuth),
        math.sin(elevation),
        math.cos(elevation) * math.cos(azimuth),
    )
    # Squared, so that mist that hides the end of the street is the exception.
    visibility = 160.0 + 500.0 * (1.0 - rng.random() ** 2)
    return Light(sun, sun_gain, sky_gain, shadow, zenith, skyline, visibility, clouds, lamps_lit)
