# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Line charts: panels with axes, titles and one legend for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from paddleseg.reports.axes import Axis, tick_labels
from paddleseg.reports.canvas import Canvas, text_width
from paddleseg.reports.colours import GRID, GROUND, INK, QUIET

TITLE, TEXT, SMALL = 15, 13, 12
"""Sizes of letters in pixels: readable where the picture is shown as it is."""
# The margins around the axes of a panel, in pixels.
_LEFT, _RIGHT, _TOP, _BOTTOM = 86, 22, 44, 52
_MOST_DOTS = 40


@dataclass(frozen=True)
class Line:
    """Values over steps.

    Attributes:
        steps: Their steps, ascending.
        values: The values; those that are not finite are left out.
        colour: A name of ``reports.colours``.
        faint: Drawn beneath the others, in a lighter shade: single values whose mean is another line.
        dashed: A second kind of the same figure.
        dots: Whether each value has a dot, if there is room for them.
    """

    steps: Sequence[float]
    values: Sequence[float]
    colour: str
    faint: bool = False
    dashed: bool = False
    dots: bool = False


@dataclass(frozen=True)
class Mark:
    """A value with a ring around it, and a text unless that is empty."""

    step: float
    value: float
    text: str
    colour: str


@dataclass(frozen=True)
class Panel:
    """One chart.

    Attributes:
        title: Its title.
        x_title: The title of the horizontal axis.
        y_title: The title of the vertical axis, with the unit.
        lines: The lines to draw.
        marks: Labelled values.
        is_log: Whether the vertical axis is logarithmic.
        x_axis: The range of steps; None: the lines'.
    """

    title: str
    x_title: str
    y_title: str
    lines: Sequence[Line]
    marks: Sequence[Mark] = ()
    is_log: bool = False
    x_axis: Axis | None = None


@dataclass(frozen=True)
class LegendEntry:
    """An entry of the legend; ``dashed`` like the lines it stands for."""

    text: str
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Figure:
    """Panels in rows of two, with a common title and legend.

    Attributes:
        title: Above all; may be empty.
        panels: One or more.
        legend: The meaning of the colours; empty if there is only one line.
        panel_size: Width and height of a panel in pixels.
    """

    title: str
    panels: Sequence[Panel]
    legend: Sequence[LegendEntry] = ()
    panel_size: tuple[int, int] = field(default=(600, 340))

    @property
    def _columns(self) -> int:
        return min(2, len(self.panels))

    @property
    def _head(self) -> int:
        """Height of title and legend."""
        rows = 1 + max((row for _, row in self._legend_places()), default=-1)
        return (36 if self.title else 8) + 24 * rows + (8 if rows else 0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self.panel_size
        rows = -(-len(self.panels) // self._columns)
        return width * self._columns, self._head + height * rows

    def draw(self, canvas: Canvas) -> None:
        """Draw on a canvas of this figure's ``size``."""
        if self.title:
            canvas.text((_LEFT, 24), self.title, TITLE + 2, INK, bold=True)
        top = 52 if self.title else 20
        for entry, (x, row) in zip(self.legend, self._legend_places()):
            y = top + 24 * row
            canvas.line([(x, y), (x + 24, y)], entry.colour, 2.5, dashed=entry.dashed)
            canvas.text((x + 32, y), entry.text, TEXT)
        width, height = self.panel_size
        for number, panel in enumerate(self.panels):
            row, column = divmod(number, self._columns)
            _draw_panel(canvas, panel, (column * width, self._head + row * height), self.panel_size)

    def _legend_places(self) -> list[tuple[float, int]]:
        """(x, row) of each entry, laid out like words of a text."""
        places, x, row = [], float(_LEFT), 0
        for entry in self.legend:
            width = 32 + 1.15 * text_width(entry.text, TEXT) + 24  # the fonts of browsers are wider
            if x > _LEFT and x + width > self._columns * self.panel_size[0] - _RIGHT:
                x, row = float(_LEFT), row + 1
            places.append((x, row))
            x += width
        return places


def _draw_panel(canvas: Canvas, panel: Panel, corner: tuple[float, float], size: tuple[int, int]) -> None:
    left, top = corner[0] + _LEFT, corner[1] + _TOP
    width, height = size[0] - _LEFT - _RIGHT, size[1] - _TOP - _BOTTOM
    x_axis = panel.x_axis or _range_of(panel.lines)
    y_axis = Axis.around([value for line in panel.lines for value in line.values], is_log=panel.is_log)

    def place(step: float, value: float) -> tuple[float, float]:
        return left + width * x_axis.share(step), top + height * (1 - y_axis.share(value))

    canvas.text((left, top - 22), panel.title, TITLE, INK, bold=True)
    y_ticks = y_axis.ticks(5)
    for tick, label in zip(y_ticks, tick_labels(y_ticks)):
        y = place(x_axis.low, tick)[1]
        canvas.line([(left, y), (left + width, y)], GRID, 1)
        canvas.text((left - 8, y), label, SMALL, QUIET, anchor="end")
    x_ticks = x_axis.ticks(6)
    for tick, label in zip(x_ticks, tick_labels(x_ticks)):
        x = left + width * x_axis.share(tick)
        canvas.line([(x, top + height), (x, top + height + 5)], QUIET, 1)
        canvas.text((x, top + height + 16), label, SMALL, QUIET, anchor="middle")
    canvas.line([(left, top + height), (left + width, top + height)], QUIET, 1)
    canvas.text((left + width / 2, top + height + 38), panel.x_title, TEXT, QUIET, anchor="middle")
    canvas.text((corner[0] + 16, top + height / 2), panel.y_title, TEXT, QUIET, anchor="middle", upwards=True)
    for line in sorted(panel.lines, key=lambda line: not line.faint):
        points = [place(step, value) for step, value in zip(line.steps, line.values) if y_axis.has(value)]
        _draw_line(canvas, line, points)
    for mark in panel.marks:
        _draw_mark(canvas, mark, place(mark.step, mark.value), (left, left + width))


def _range_of(lines: Sequence[Line]) -> Axis:
    steps = [step for line in lines for step in line.steps]
    low, high = min(steps, default=0.0), max(steps, default=1.0)
    return Axis(low, high) if low < high else Axis(low - 1, high + 1)


def _draw_line(canvas: Canvas, line: Line, points: Sequence[tuple[float, float]]) -> None:
    if len(points) > 1:
        width, opacity = (1.0, 0.35) if line.faint else (2.0, 1.0)
        canvas.line(points, line.colour, width, opacity=opacity, dashed=line.dashed)
    if len(points) == 1 or (line.dots and len(points) <= _MOST_DOTS):
        for point in points:
            canvas.dot(point, 3, line.colour)


def _draw_mark(canvas: Canvas, mark: Mark, point: tuple[float, float], range_x: tuple[float, float]) -> None:
    x, y = point
    canvas.dot(point, 5.5, mark.colour)
    canvas.dot(point, 2.5, GROUND)
    if not mark.text:
        return
    half = text_width(mark.text, SMALL) / 2
    middle = min(max(x, range_x[0] + half), range_x[1] - half)
    canvas.text((middle, y - 14), mark.text, SMALL, INK, anchor="middle")
