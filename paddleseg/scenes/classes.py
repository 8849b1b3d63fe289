# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The 19 Cityscapes train classes by name, and colour families that several of them share."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

VOID = 255
"""Label of pixels that belong to no class, such as the bonnet of the own car."""


class StreetClass(IntEnum):
    """Train ids of Cityscapes."""

    ROAD = 0
    SIDEWALK = 1
    BUILDING = 2
    WALL = 3
    FENCE = 4
    POLE = 5
    TRAFFIC_LIGHT = 6
    TRAFFIC_SIGN = 7
    VEGETATION = 8
    TERRAIN = 9
    SKY = 10
    PERSON = 11
    RIDER = 12
    CAR = 13
    TRUCK = 14
    BUS = 15
    TRAIN = 16
    MOTORCYCLE = 17
    BICYCLE = 18


Colour = tuple[float, float, float]
"""RGB, 0 to 255. Surfaces (albedo) and finished paint alike."""

# Families, not classes: things draw from several of them and share them with others, so that colour alone does not
# tell a grey car from the road, a green bus from a tree, a brick-red lorry from a house or a coat from a wall.
FAMILIES: dict[str, tuple[Colour, ...]] = {
    "asphalt": ((88, 89, 94), (98, 99, 102), (80, 82, 88), (104, 104, 104)),
    "concrete": ((158, 153, 144), (146, 143, 137), (172, 166, 154), (136, 133, 128)),
    "paving": ((186, 172, 152), (198, 182, 158), (178, 166, 150), (190, 156, 134)),
    "plaster": ((190, 172, 138), (178, 158, 126), (194, 180, 152), (172, 140, 112), (160, 152, 142)),
    "brick": ((150, 84, 66), (128, 70, 56), (168, 104, 82), (112, 76, 66)),
    "green": ((56, 100, 38), (48, 86, 34), (70, 112, 42), (44, 82, 42)),
    "grass": ((136, 166, 62), (152, 166, 70), (122, 156, 58), (160, 160, 76)),
    "earth": ((132, 112, 84), (112, 94, 72), (150, 128, 98)),
    "autumn": ((158, 104, 46), (140, 84, 48), (170, 130, 62), (124, 92, 60)),
    "dark": ((36, 37, 40), (48, 48, 52), (30, 32, 38), (58, 56, 56)),
    "white": ((222, 222, 220), (206, 208, 212), (232, 228, 218)),
    "silver": ((160, 163, 168), (136, 140, 146), (178, 180, 182)),
    "blue": ((54, 82, 136), (40, 62, 100), (88, 120, 160), (116, 146, 176)),
    "red": ((166, 42, 38), (140, 34, 36), (184, 62, 48)),
    "yellow": ((214, 172, 48), (198, 150, 40), (224, 196, 96)),
    "skin": ((214, 168, 140), (182, 132, 104), (128, 88, 66), (232, 190, 166)),
}


def draw_colour(rng: np.random.Generator, *families: str) -> Colour:
    """Draws a colour from one of the families, each as likely as the others (repeat a name to weight it)."""
    family = FAMILIES[families[int(rng.random() * len(families))]]
    red, green, blue = family[int(rng.random() * len(family))]
    brightness = 0.84 + 0.32 * rng.random()
    tint = 1.0 + 0.1 * (rng.random() - 0.5)
    return red * brightness * tint, green * brightness, blue * brightness / tint


def scaled(colour: Colour, factor: float) -> Colour:
    """The colour made darker or lighter."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor
