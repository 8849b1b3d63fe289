# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Axes of charts: the positions of ticks and values, and the ticks' labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# The largest number of decades for which 2 and 5 times a power of ten are ticks, too.
_FEW_DECADES = 1.5


@dataclass(frozen=True)
class Axis:
    """A range of values.

    Attributes:
        low: Its smallest value.
        high: Its largest value.
        is_log: Whether equal distances are equal factors.
    """

    low: float
    high: float
    is_log: bool = False

    @classmethod
    def around(cls, values: Sequence[float], *, is_log: bool = False, margin: float = 0.05) -> Axis:
        """An axis with room for all finite values, if logarithmic for those above 0; 0 to 1 if there are none."""
        shown = [value for value in values if math.isfinite(value) and (value > 0 or not is_log)]
        if not shown:
            return cls(0.1, 1.0, True) if is_log else cls(0.0, 1.0)
        low, high = min(shown), max(shown)
        if is_log:
            room = max((high / low) ** margin, 1.1)
            return cls(low / room, high * room, True)
        room = margin * (high - low) or 0.05 * abs(high) or 1.0
        # Losses, rates and shares are not negative: no room below 0 is needed.
        return cls(low - room if low < 0 or low > room else 0.0, high + room)

    def share(self, value: float) -> float:
        """The position of a value, 0 at the low end and 1 at the high one."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)

    def has(self, value: float) -> bool:
        """Whether it can be drawn."""
        return math.isfinite(value) and (value > 0 or not self.is_log)

    def ticks(self, count: int = 5) -> list[float]:
        """About ``count`` round values within the range, in order."""
        if self.is_log:
            return self._log_ticks(count) or self._even_ticks(count)
        return self._even_ticks(count)

    def _even_ticks(self, count: int) -> list[float]:
        raw = (self.high - self.low) / (count + 2)  # up to twice this is used, which leaves at least three ticks
        magnitude = 10.0 ** math.floor(math.log10(raw))
        step = next(step for step in _STEPS if step * magnitude >= raw * 0.999) * magnitude
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]

    def _log_ticks(self, count: int) -> list[float]:
        decades = math.log10(self.high / self.low)
        factors = (1, 2, 5) if decades <= _FEW_DECADES else (1,)
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        every = max(1, round(decades / count))
        ticks = [factor * 10.0**exponent for exponent in exponents if exponent % every == 0 for factor in factors]
        ticks = [tick for tick in ticks if self.low <= tick * 1.000001 and tick <= self.high * 1.000001]
        return ticks if len(ticks) > 1 else []


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Labels of ticks: with enough digits to tell them apart, very large and small ones with a power of ten.

    Example:
        >>> tick_labels([0.0, 0.5, 1.0])
        ['0', '0.5', '1.0']
        >>> tick_labels([0, 20000, 40000])
        ['0', '20k', '40k']
        >>> tick_labels([1e-05, 0.0001, 0.001, 0.01])
        ['1e-5', '1e-4', '0.001', '0.01']
    """
    largest = max((abs(tick) for tick in ticks), default=0.0)
    if largest >= 1e9:
        return [_with_power(tick) for tick in ticks]
    for unit, letter in ((1e6, "M"), (1e4, "k")):
        if largest >= unit:
            scale = 1e6 if letter == "M" else 1e3
            return ["0" if tick == 0 else f"{tick / scale:g}{letter}" for tick in ticks]
    steps = [abs(after - before) for before, after in zip(ticks, ticks[1:])]
    is_even = bool(steps) and max(steps) - min(steps) < 1e-6 * max(steps)
    if not is_even:
        return [_with_power(tick) if 0 < abs(tick) < 1e-3 * 0.999 else f"{tick:g}" for tick in ticks]
    if 0 < largest < 1e-3:
        return ["0" if abs(tick) < 1e-3 * largest else _with_power(tick) for tick in ticks]
    digits = max(0, -math.floor(math.log10(min(steps)) + 1e-9))
    if abs(min(steps) * 10**digits - round(min(steps) * 10**digits)) > 1e-6:
        digits += 1  # steps of 0.25
    return ["0" if abs(tick) < 1e-9 * max(steps) else f"{tick:.{digits}f}" for tick in ticks]


def _with_power(value: float) -> str:
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    return f"{value / 10.0**exponent:.3g}e{exponent}"
