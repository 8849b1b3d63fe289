# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Charts as files, which replace charts alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from paddleseg.reports.canvas import MADE_BY, Canvas, PngCanvas, SvgCanvas
from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import ConfigError

_CANVASES = {".png": PngCanvas, ".svg": SvgCanvas}


class Drawing(Protocol):
    """What can be drawn: ``charts.Figure`` and others of its kind."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def draw(self, canvas: Canvas) -> None:
        """Draw on a canvas of this size."""


def check_chart_file(file: str | os.PathLike[str]) -> None:
    """Refuse a place that no chart could be written to, or where something else is.

    Raises:
        ConfigError: Its suffix is of no format, it is a folder or in none, or what is there is no chart.
    """
    path = Path(file)
    if path.suffix.lower() not in _CANVASES:
        raise ConfigError(f"{file}: a chart is written as {' or '.join(_CANVASES)}; give such a name")
    if path.is_dir():
        raise ConfigError(f"{file}: this is a folder; give a file")
    if not path.parent.is_dir():
        raise ConfigError(f"{file}: there is no folder {path.parent}; make it first")
    if path.exists() and not is_chart(path):
        raise ConfigError(f"{file}: is there already and is no chart of this toolkit; give another name, or move it")


def is_chart(path: Path) -> bool:
    """Whether a file was written by ``write_chart``."""
    try:
        with open(path, "rb") as file:
            return MADE_BY.encode() in file.read(1000)
    except OSError:
        return False


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
