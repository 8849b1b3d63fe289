# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Colours of charts and pages, distinguishable with any kind of colour vision."""

from __future__ import annotations

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""The palette of Masataka Okabe and Kei Ito without black and yellow, which one of the two grounds would hide."""
SERIES_IN_THE_DARK = ("#56b4e9", "#ff8c42", "#2fc39a", "#e6a3c8", "#9ad0f5", "#f2bd55")
"""The same hues, lighter."""

INK, QUIET, GRID, GROUND = "ink", "quiet", "grid", "ground"
"""Names of the colours that depend on the scheme; ``Canvas`` takes them and ``"#rrggbb"``."""
LIGHT = {INK: "#1b2127", QUIET: "#59636e", GRID: "#e1e5e9", GROUND: "#ffffff"}
DARK = {INK: "#e7ebef", QUIET: "#9aa6b2", GRID: "#2c343d", GROUND: "#181d23"}


def series_colour(number: int) -> str:
    """The name of the colour of a line; they repeat after the last."""
    return f"series{number % len(SERIES)}"


def scheme(*, dark: bool) -> dict[str, str]:
    """All named colours of a scheme."""
    colours = SERIES_IN_THE_DARK if dark else SERIES
    return {**(DARK if dark else LIGHT), **{series_colour(number): colour for number, colour in enumerate(colours)}}


def shade(value: float, colour: tuple[int, int, int] = (0, 90, 160)) -> tuple[int, int, int]:
    """From white at 0 to the colour at 1, for a cell of a matrix on a light background."""
    return tuple(round(255 + (part - 255) * min(max(value, 0.0), 1.0)) for part in colour)
