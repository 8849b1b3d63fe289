# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Charts as files, which replace only charts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from paddleseg.reports.canvas import SVG_NOTE, Canvas, PngCanvas, SvgCanvas
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.output_file import check_output_file
from paddleseg.utils.picture_output import DRAWN, is_drawn

_CANVASES = {".png": PngCanvas, ".svg": SvgCanvas}


class Drawing(Protocol):
    """Something drawable: ``charts.Figure`` and the like."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def draw(self, canvas: Canvas) -> None:
        """Draw on a canvas of this size."""


def check_chart_file(file: str | os.PathLike[str], flag: str = "") -> None:
    """Refuse a file to which no chart can be written, or that is something else.

    Args:
        file: The path.
        flag: The command's flag for it.

    Raises:
        ConfigError: See ``check_output_file``.
    """
    check_output_file(file, flag=flag, suffixes=tuple(_CANVASES), kind=DRAWN, is_own=is_chart)


def is_chart(path: Path) -> bool:
    """Whether a file was drawn by this toolkit."""
    if path.suffix.lower() == ".png":
        return is_drawn(path)
    with open(path, "rb") as file:
        return SVG_NOTE.encode() in file.read(1000)


def write_chart(file: str | os.PathLike[str], drawing: Drawing) -> None:
    """Draw into a file, whole or not at all, in the format of its suffix.

    Raises:
        ConfigError: See ``check_chart_file``.
        UserError: The file cannot be written.
    """
    check_chart_file(file)
    canvas = _CANVASES[Path(file).suffix.lower()](*drawing.size)
    drawing.draw(canvas)
    write_atomically(file, canvas.encode())
