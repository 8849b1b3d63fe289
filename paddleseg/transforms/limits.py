# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Type hints and contradictions of arguments that several transforms share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

from paddleseg.utils.arguments import Fault
from paddleseg.utils.type_hints import Bound

PixelNumber = Annotated[float, Bound(-1e6, 1e6, "from -1000000 to 1000000")]
"""A number for pixels, be they of 8 or 16 bits or floats."""
Degrees = Annotated[float, Bound(0, 360, "from 0 to 360")]
SideRatio = Annotated[float, Bound(0.001, 1000, "from 0.001 to 1000")]
"""A ratio of two sides."""


def up_to(high: float) -> Bound:
    """From 0 to ``high``."""
    return Bound(0, high, f"from 0 to {high:g}")


def at_least(low: float) -> Bound:
    """``low`` or more."""
    return Bound(low, math.inf, f"{low:g} or more")


def order_faults(**ends: float | None) -> Iterator[Fault]:
    """Faults of the two named ends of a range, the lower one first; None means no limit."""
    (low_name, low), (high_name, high) = ends.items()
    if low is not None and high is not None and low > high:
        yield low_name, f"found {low}; it must not be above {high_name}, {high}"
