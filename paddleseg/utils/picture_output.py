# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PNG files drawn by commands: they replace only such files, recognised by a note in them."""

from __future__ import annotations

import io
import os

import numpy as np
from PIL import Image, PngImagePlugin

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.output_file import check_output_file

_KEY, _NOTE = "Software", "ddrnet-toolkit"
DRAWN = "picture that this toolkit drew"
"""What may be replaced, for messages."""


def check_png_flag(flag: str, file: str | None) -> None:
    """Refuse an impossible file before the work on the picture.

    Args:
        flag: The flag's name, for messages.
        file: Its value; None: not given.

    Raises:
        ConfigError: It does not end in .png, its folder is missing or not writable, or a file exists that no command
            drew.
    """
    check_output_file(file, flag=flag, suffixes=(".png",), kind=DRAWN, is_own=is_drawn)


def write_png(file: str | os.PathLike[str], image: np.ndarray) -> None:
    """Write a picture, (H, W, 3) uint8 RGB, with the note; whole or not at all.

    Raises:
        UserError: The file cannot be written.
    """
    write_atomically(file, encode_png(image))


def encode_png(image: np.ndarray) -> bytes:
    """Content of such a file."""
    note, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    note.add_text(_KEY, _NOTE)
    Image.fromarray(image).save(buffer, "PNG", pnginfo=note)
    return buffer.getvalue()


def is_drawn(file: str | os.PathLike[str]) -> bool:
    """Whether ``write_png`` wrote a file."""
    try:
        with Image.open(file) as image:
            return image.info.get(_KEY) == _NOTE
    except (OSError, SyntaxError, ValueError):
        return False
