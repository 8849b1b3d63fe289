# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Canvases for charts: SVG, which follows the colour scheme of the viewer, and a raster for PNG files.

Coordinates are in pixels from the top left corner. Colours are ``"#rrggbb"`` or a name of ``reports.colours``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from paddleseg.reports.colours import GROUND, INK, scheme
from paddleseg.utils.picture_output import encode_png

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]

SVG_NOTE = "DDRNet toolkit: chart"
"""A text in each SVG file, by which a later run knows that it may replace it, as PNG files have one."""
# Lines are drawn this many times larger and averaged, which smooths their edges.
_OVERSAMPLING = 3
# Glyphs in Pillow's own font; it shows all others as empty boxes.
_FONT_ENCODING = "cp1252"


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)


def text_width(text: str, size: float) -> float:
    """Width of a line of text in pixels, about the same as in a browser."""
    return _font(size).getlength(drawable(text, "?"))


def drawable(text: str, instead: str) -> str:
    """The text, or ``instead`` if the font lacks one of its letters."""
    try:
        text.encode(_FONT_ENCODING)
    except UnicodeEncodeError:
        return instead
    return text


class Canvas(ABC):
    """A drawing surface of some size.

    Args:
        width: In pixels.
        height: In pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height

    @abstractmethod
    def line(
        self, points: Sequence[Point], colour: str, width: float = 1.0, *, opacity: float = 1.0, dashed: bool = False
    ) -> None:
        """A line through points."""

    @abstractmethod
    def rectangle(self, left: float, top: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""

    @abstractmethod
    def dot(self, centre: Point, radius: float, colour: str) -> None:
        """A filled circle."""

    @abstractmethod
    def text(
        self,
        place: Point,
        text: str,
        size: float,
        colour: str = INK,
        *,
        anchor: Anchor = "start",
        bold: bool = False,
        upwards: bool = False,
    ) -> None:
        """A line of text, vertically centred at ``place``; with ``upwards`` it is read from the bottom."""

    @abstractmethod
    def encode(self) -> bytes:
        """Content of a file."""


class SvgCanvas(Canvas):
    """Writes SVG, whose named colours are CSS variables, defined by a page, or by the file itself."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height)
        self._parts: list[str] = []

    def line(
        self, points: Sequence[Point], colour: str, width: float = 1.0, *, opacity: float = 1.0, dashed: bool = False
    ) -> None:
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        more = f' opacity="{opacity:g}"' if opacity < 1 else ""
        more += ' stroke-dasharray="6 4"' if dashed else ""
        self._parts.append(
            f'<polyline points="{places}" fill="none" style="stroke:{_css(colour)}" stroke-width="{width:g}" '
            f'stroke-linejoin="round"{more}/>'
        )

    def rectangle(self, left: float, top: float, width: float, height: float, colour: str) -> None:
        box = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self._parts.append(f'<rect {box} style="fill:{_css(colour)}"/>')

    def dot(self, centre: Point, radius: float, colour: str) -> None:
        x, y = centre
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" style="fill:{_css(colour)}"/>')

    def text(
        self,
        place: Point,
        text: str,
        size: float,
        colour: str = INK,
        *,
        anchor: Anchor = "start",
        bold: bool = False,
        upwards: bool = False,
    ) -> None:
        x, y = place
        more = f' text-anchor="{anchor}"' if anchor != "start" else ""
        more += ' font-weight="600"' if bold else ""
        more += f' transform="rotate(-90 {x:.1f} {y:.1f})"' if upwards else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" dy="0.35em" font-size="{size:g}" style="fill:{_css(colour)}"{more}>'
            f"{escape(text)}</text>"
        )

    def encode(self) -> bytes:
        """A file that follows the colour scheme of the viewer."""
        light, dark = (
            "".join(f"--{name}:{colour};" for name, colour in scheme(dark=is_dark).items()) for is_dark in (False, True)
        )
        lines = [
            f'<svg viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}" '
            'xmlns="http://www.w3.org/2000/svg" '
            'font-family="system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif">'
            f"<!-- {SVG_NOTE} -->",
            f"<style>svg{{{light}}}@media (prefers-color-scheme:dark){{svg{{{dark}}}}}</style>",
            f'<rect width="{self.width}" height="{self.height}" style="fill:var(--{GROUND})"/>',
            *self._parts,
            "</svg>",
        ]
        return "\n".join([*lines, ""]).encode()


class PngCanvas(Canvas):
    """Draws on a white raster."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height)
        self._colours = scheme(dark=False)
        size = width * _OVERSAMPLING, height * _OVERSAMPLING
        self._image = Image.new("RGB", size, self._colours[GROUND])
        self._draw = ImageDraw.Draw(self._image)

    def line(
        self, points: Sequence[Point], colour: str, width: float = 1.0, *, opacity: float = 1.0, dashed: bool = False
    ) -> None:
        pieces = _dashes(points) if dashed else [points]
        for piece in pieces:
            if len(piece) > 1:
                self._draw.line(
                    [(x * _OVERSAMPLING, y * _OVERSAMPLING) for x, y in piece],
                    fill=self._rgb(colour, opacity),
                    width=max(1, round(width * _OVERSAMPLING)),
                    joint="curve",
                )

    def rectangle(self, left: float, top: float, width: float, height: float, colour: str) -> None:
        box = [left, top, left + width - 1 / _OVERSAMPLING, top + height - 1 / _OVERSAMPLING]
        self._draw.rectangle([round(value * _OVERSAMPLING) for value in box], fill=self._rgb(colour))

    def dot(self, centre: Point, radius: float, colour: str) -> None:
        x, y = centre
        box = [x - radius, y - radius, x + radius, y + radius]
        self._draw.ellipse([value * _OVERSAMPLING for value in box], fill=self._rgb(colour))

    def text(
        self,
        place: Point,
        text: str,
        size: float,
        colour: str = INK,
        *,
        anchor: Anchor = "start",
        bold: bool = False,
        upwards: bool = False,
    ) -> None:
        font = _font(size * _OVERSAMPLING)
        x, y = (value * _OVERSAMPLING for value in place)
        text = drawable(text, "?")
        weight = 1 if bold else 0
        if not upwards:
            letter = {"start": "l", "middle": "m", "end": "r"}[anchor]
            self._draw.text((x, y), text, self._rgb(colour), font, anchor=f"{letter}m", stroke_width=weight)
            return
        length, height = int(font.getlength(text)) + 2, int(1.4 * size * _OVERSAMPLING)
        strip = Image.new("L", (length, height))
        ImageDraw.Draw(strip).text((1, height / 2), text, 255, font, anchor="lm", stroke_width=weight)
        strip = strip.rotate(90, expand=True)
        down = {"start": length, "middle": length / 2, "end": 0}[anchor]
        self._image.paste(self._rgb(colour), (round(x - height / 2), round(y - down)), strip)

    def encode(self) -> bytes:
        return encode_png(np.asarray(self._image.reduce(_OVERSAMPLING)))

    def _rgb(self, colour: str, opacity: float = 1.0) -> tuple[int, int, int]:
        """The colour blended with the background."""
        top, ground = (_parts(self._colours.get(name, name)) for name in (colour, GROUND))
        return tuple(round(opacity * own + (1 - opacity) * below) for own, below in zip(top, ground))


def _css(colour: str) -> str:
    return colour if colour.startswith("#") else f"var(--{colour})"


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))


def _dashes(points: Sequence[Point], drawn: float = 6.0, left_out: float = 4.0) -> list[list[Point]]:
    """The pieces of a dashed line."""
    pieces: list[list[Point]] = [[points[0]]] if points else []
    is_drawn, rest = True, drawn
    for (x, y), (next_x, next_y) in zip(points, points[1:]):
        length = ((next_x - x) ** 2 + (next_y - y) ** 2) ** 0.5
        done = 0.0
        while length - done > rest:
            done += rest
            place = (x + (next_x - x) * done / length, y + (next_y - y) * done / length)
            if is_drawn:
                pieces[-1].append(place)
            else:
                pieces.append([place])
            is_drawn = not is_drawn
            rest = drawn if is_drawn else left_out
        rest -= length - done
        if is_drawn:
            pieces[-1].append((next_x, next_y))
    return pieces
