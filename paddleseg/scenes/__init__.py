# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A procedural painter of street scenes with the 19 Cityscapes train classes.

* ``layout``: camera, lanes and sides of the street; the ``Scene`` that all painters share
* ``canvas``: perspective, and strokes that write picture and label at once; ``board``: flat figures in metres
* ``backdrop``, ``ground``, ``roadside``, ``trees``, ``furniture``: everything fixed
* ``traffic``: things that stand or move on the street; ``plan``: their places and order
* ``bodies``, ``vehicles``, ``two_wheelers``, ``people``: everything that moves
* ``light``, ``sensor``: weather and time of day; lens, exposure and noise
"""

from paddleseg.scenes.classes import VOID, StreetClass
from paddleseg.scenes.composition import draw_scene

__all__ = ["VOID", "StreetClass", "draw_scene"]
