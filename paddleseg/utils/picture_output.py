# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A PNG file that a command draws: it replaces its own pictures, by a note in them, and nothing else."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import ConfigError

_KEY, _NOTE = "Software", "ddrnet-toolkit"


def check_png_flag(flag: str, file: str | None) -> None:
    """Refuse what cannot become a picture before the work that leads to it.

    Args:
        flag: Its name, for messages.
        file: What was given with it; None: nothing was.

    Raises:
        ConfigError: It does not end in .png, its folder is not there or cannot be written to, or a file is there that
            no command drew.
    """
    if file is None:
        return
    folder = Path(file).parent
    if not file.lower().endswith(".png"):
        raise ConfigError(f"{flag} {file}: give a file that ends in .png")
    if not folder.is_dir():
        raise ConfigError(f"{flag} {file}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{flag} {file}: the folder {folder} cannot be written to; give a file in another one")
    if os.path.lexists(file) and not _is_own(file):
        raise ConfigError(
            f"{flag} {file}: is there already, and no command drew it; give another name, or move it away"
        )


def write_png(file: str | os.PathLike[str], image: np.ndarray) -> None:
    """Write a picture, (H, W, 3) uint8 RGB, with the note; whole or not at all.

    Raises:
        UserError: The file cannot be written.
    """
    note = PngImagePlugin.PngInfo()
    note.add_text(_KEY, _NOTE)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", pnginfo=note)
    write_atomically(file, buffer.getvalue())


def _is_own(file: str) -> bool:
    try:
        with Image.open(file) as image:
            return image.info.get(_KEY) == _NOTE
    except (OSError, SyntaxError, ValueError):
        return False
