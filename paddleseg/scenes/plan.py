# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A plan of things on the ground: each has its own place, and they occlude each other in the right order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from paddleseg.scenes.layout import Scene
from paddleseg.scenes.vehicles import GroundPlan


@dataclass(frozen=True, eq=False)
class Item:
    """A thing of the scene.

    Args:
        base: (4, 2) corners of its base, x and z in metres: near left, near right, far right, far left.
        height: In metres.
        paint: Paints it.
    """

    base: np.ndarray
    height: float
    paint: Callable[[Scene], None]


class Plan:
    """The things of a scene; no two of them stand in the same place."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.items: list[Item] = []
        # Left, right, near and far edges of existing things.
        self._boxes: list[tuple[float, float, float, float]] = []

    def add(
        self,
        paint: Callable[..., None],
        x: float,
        z: float,
        *,
        width: float = 0.5,
        length: float = 0.5,
        height: float = 1.7,
        gap: float = 0.2,
        **settings: object,
    ) -> bool:
        """Adds a thing unless its place is taken.

        Args:
            paint: Called with the scene, x, z and the settings.
            x: Middle, to the right, in metres.
            z: Middle, forward, in metres.
            width: Along x in metres.
            length: Along z in metres.
            height: In metres.
            gap: Free space around it in metres.
            **settings: Passed on to ``paint``.

        Returns:
            Whether it was added.
        """
        left, right = x - 0.5 * width, x + 0.5 * width
        near, far = z - 0.5 * length, z + 0.5 * length
        for other in self._boxes:
            if left - gap < other[1] and right + gap > other[0] and near - gap < other[3] and far + gap > other[2]:
                return False
        self._boxes.append((left, right, near, far))
        base = np.array(((left, near), (right, near), (right, far), (left, far)))
        self.items.append(Item(base, height, partial(paint, x=x, z=z, **settings)))
        return True

    def add_vehicle(
        self, paint: Callable[..., None], room: GroundPlan, x: float, z: float, yaw: float, gap: float = 0.2
    ) -> bool:
        """Adds a vehicle that heads along the street or, yaw +-pi/2, across it."""
        is_across = abs(math.cos(yaw)) < 0.5
        width, length = (room.length, room.width) if is_across else (room.width, room.length)
        return self.add(paint, x, z, width=width, length=length, height=room.height, gap=gap, yaw=yaw)

    def reach(self, x: float, share: float = 1.0) -> float:
        """Distance from which x is seen in a picture twice as wide as high; a smaller share: nearer its centre."""
        camera = self.scene.camera
        room = share - camera.vanishing if x > 0 else share + camera.vanishing
        return max(abs(x) * camera.focal / room, 5.0)


def from_far_to_near(items: list[Item]) -> list[Item]:
    """Orders things so that none is painted over one that hides it.

    The distance of the middle is not enough: a tram hides the car beside it although the car is nearer. Upright
    things on separate bases, seen from one point, always have such an order.
    """
    if not items:
        return []
    bases = np.stack([item.base for item in items])
    left, right, near, far = bases[:, 0, 0], bases[:, 1, 0], bases[:, 0, 1], bases[:, 2, 1]
    bearing = bases[..., 0] / np.maximum(bases[..., 1], 1.0)
    first, last = bearing.min(axis=1), bearing.max(axis=1)
    in_line = (first[:, None] < last) & (last[:, None] > first)
    beyond = near[:, None] >= far
    # Side by side, the one farther from the straight line of sight is behind.
    aside = np.maximum(np.maximum(left, -right), 0.0)
    beside = ~beyond & ~beyond.T & (aside[:, None] > aside)
    hidden_by = in_line & (beyond | beside)
    waits_for = hidden_by.sum(axis=0)
    order, is_left = [], np.ones(len(items), bool)
    for _ in items:
        ready = np.flatnonzero(is_left & (waits_for == 0))
        chosen = ready[np.argmax(near[ready])]
        order.append(items[chosen])
        is_left[chosen] = False
        waits_for -= hidden_by[chosen]
    return order
