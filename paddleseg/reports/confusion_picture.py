# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddleseg.reports.canvas import Canvas, drawable, text_width
from paddleseg.reports.charts import SMALL, TEXT, TITLE
from paddleseg.reports.colours import GRID, INK, QUIET, shade

# Matrices up to this size have names and numbers; larger ones are only shades, with numbers at the edges.
MOST_NAMED = 40
_CELL, _SMALLEST_SIDE, _LARGEST_SIDE = 36, 480, 1000
_PADDING, _HEAD, _FOOT = 24, 72, 34


def row_shares(matrix: np.ndarray) -> np.ndarray:
    """(K, K) float64: each label's counts as shares by predicted class; NaN for one without labels.

    The diagonal is the recall.
    """
    totals = matrix.sum(axis=1, keepdims=True)
    return np.where(totals > 0, matrix / np.maximum(totals, 1), np.nan)


class ConfusionPicture:
    """The shares of ``row_shares`` in per cent and as shades.

    Args:
        matrix: (K, K) counts; rows are labels, columns predictions.
        names: Of the classes.
        title: Above the matrix.

    Attributes:
        size: Width and height in pixels.
    """

    def __init__(self, matrix: np.ndarray, names: Sequence[str], title: str) -> None:
        self._shares, self._title = row_shares(matrix), title
        count = len(matrix)
        self._is_named = count <= MOST_NAMED
        self._names = [drawable(name, f"class {number}") for number, name in enumerate(names)]
        side = _CELL * count if self._is_named else min(max(count, _SMALLEST_SIDE), _LARGEST_SIDE)
        self._side = max(side, 3 * _CELL)
        self._cell = self._side / count
        longest = max(text_width(name, SMALL) for name in self._names) if self._is_named else 40.0
        self._margin = int(longest) + 58
        below = int(longest) + 22 if self._is_named else 34
        self.size = max(self._margin + self._side + _PADDING, 480), _HEAD + self._side + below + _FOOT

    def draw(self, canvas: Canvas) -> None:
        """Draw on a canvas of this ``size``."""
        left, top, side = self._margin, _HEAD, self._side
        canvas.text((_PADDING, 24), self._title, TITLE + 1, INK, bold=True)
        canvas.text((_PADDING, 48), _IN_NUMBERS if self._is_named else _IN_SHADES, TEXT, QUIET)
        for row in range(len(self._shares)):
            self._draw_row(canvas, row)
        for place in range(0, len(self._shares) + 1, 1 if self._is_named else max(len(self._shares), 1)):
            offset = place * self._cell
            canvas.line([(left + offset, top), (left + offset, top + side)], GRID, 1)
            canvas.line([(left, top + offset), (left + side, top + offset)], GRID, 1)
        self._draw_names(canvas)
        canvas.text((16, top + side / 2), "label", TEXT, QUIET, anchor="middle", upwards=True)
        canvas.text((left + side / 2, self.size[1] - 20), "prediction", TEXT, QUIET, anchor="middle")

    def _draw_row(self, canvas: Canvas, row: int) -> None:
        top = _HEAD + row * self._cell
        for column, share in enumerate(self._shares[row]):
            if np.isnan(share) or share < 0.0005:
                continue
            left = self._margin + column * self._cell
            strength = share if self._is_named else share**0.5  # no number explains a pale cell
            red, green, blue = shade(strength, _RIGHT if row == column else _WRONG)
            canvas.rectangle(left, top, self._cell, self._cell, f"#{red:02x}{green:02x}{blue:02x}")
            if self._is_named and share >= 0.005:
                colour = "#ffffff" if share > 0.72 else "#1b2127"
                middle = (left + self._cell / 2, top + self._cell / 2)
                canvas.text(middle, f"{100 * share:.0f}", SMALL, colour, anchor="middle")

    def _draw_names(self, canvas: Canvas) -> None:
        bottom = _HEAD + self._side
        every = 1 if self._is_named else max(1, round(len(self._names) / 10))
        for number in range(0, len(self._names), every):
            middle = (number + 0.5) * self._cell
            name = self._names[number] if self._is_named else str(number)
            canvas.text((self._margin - 8, _HEAD + middle), name, SMALL, INK, anchor="end")
            if self._is_named:
                canvas.text((self._margin + middle, bottom + 8), name, SMALL, INK, anchor="end", upwards=True)
            else:
                canvas.text((self._margin + middle, bottom + 14), name, SMALL, INK, anchor="middle")


_RIGHT, _WRONG = (0, 90, 160), (200, 80, 0)
_IN_NUMBERS = "share of each label, %"
_IN_SHADES = "share of each label: blue on the diagonal, orange beside it; class numbers at the edges"
