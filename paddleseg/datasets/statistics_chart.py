# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a data set as a chart: two bars for each class."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from paddleseg.datasets.dataset_statistics import DatasetStatistics
from paddleseg.utils.visualize import Palette

_TEXT, _ROW, _GAP, _BAR_WIDTH = 15, 26, 14, 330
_INK, _FAINT, _PAPER = (30, 30, 30), (200, 200, 200), (255, 255, 255)
_DECADES = 5
"""Shares are drawn on a logarithmic axis from 1e-5 to 1: of CamVid's classes the rarest has 1/100 of the pixels of the
most frequent one, and many data sets are further apart."""


def draw_statistics(statistics: DatasetStatistics, palette: Palette, title: str) -> np.ndarray:
    """Draw for each class its share of the pixels (logarithmic) and of the pictures in which it occurs.

    Args:
        statistics: The figures.
        palette: Colours of the classes.
        title: Line above.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    font, names = ImageFont.load_default(size=_TEXT), statistics.names
    pictures = len(statistics.pixels)
    name_width = int(max(font.getlength(name) for name in (*names, "class"))) + 2 * _GAP
    value_width = int(font.getlength("00.0000 %")) + _GAP
    column = _BAR_WIDTH + value_width + 2 * _GAP
    lines = [title, *_describe(statistics)]
    head = (len(lines) + 1) * _ROW + _GAP
    width = max(name_width + 2 * column, int(max(font.getlength(line) for line in lines)) + 2 * _GAP)
    image = Image.new("RGB", (width, head + (len(names) + 1) * _ROW + _GAP), _PAPER)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((_GAP, _GAP + number * _ROW), line, fill=_INK, font=font)
    lefts = name_width, name_width + column
    for left, text in zip(lefts, ("share of pixels (logarithmic, from 0.001 %)", "share of pictures with the class")):
        draw.text((left, head - _ROW), text, fill=_INK, font=font)
    for decade in range(_DECADES + 1):
        x = lefts[0] + _BAR_WIDTH * decade // _DECADES
        draw.line([(x, head), (x, head + len(names) * _ROW)], fill=_FAINT)
    for quarter in range(5):
        x = lefts[1] + _BAR_WIDTH * quarter // 4
        draw.line([(x, head), (x, head + len(names) * _ROW)], fill=_FAINT)
    for class_id, name in enumerate(names):
        top = head + class_id * _ROW
        draw.text((name_width - _GAP, top + _ROW // 2), name, fill=_INK, font=font, anchor="rm")
        share, count = float(statistics.shares[class_id]), int(statistics.class_pictures[class_id])
        colour = tuple(palette[class_id].tolist())
        bars = (_log_length(share), f"{share:.3%}"), (count / pictures, f"{count}")
        for left, (length, text) in zip(lefts, bars):
            right = left + round(_BAR_WIDTH * length)
            if length > 0:
                draw.rectangle([left, top + 5, right, top + _ROW - 5], fill=colour, outline=_INK)
            draw.text((left + _BAR_WIDTH + _GAP, top + _ROW // 2), text, fill=_INK, font=font, anchor="lm")
    return np.asarray(image)


def _log_length(share: float) -> float:
    return 0.0 if share <= 0 else min(max(1 + math.log10(share) / _DECADES, 0.0), 1.0)


def _describe(statistics: DatasetStatistics) -> Sequence[str]:
    sizes = ", ".join(f"{w}x{h} ({count})" for (w, h), count in statistics.sizes.most_common(4))
    more = ", ..." if len(statistics.sizes) > 4 else ""
    total = int(statistics.pixels.sum()) + statistics.ignored
    mean, std = (" ".join(f"{value:.3f}" for value in values) for values in (statistics.mean, statistics.std))
    return (
        f"{len(statistics.pixels)} pictures: {sizes}{more}",
        f"ignored: {statistics.ignored / max(total, 1):.2%} of the pixels; mean {mean}, std {std}",
    )
