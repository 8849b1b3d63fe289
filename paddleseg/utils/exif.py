# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""EXIF orientation: how a camera was held, and turning a picture accordingly.

Decoders and their versions differ in the formats whose EXIF data they respect. Here it is searched for in the bytes of
the file, which costs next to nothing if there is none. TIFF files are not affected: their orientation belongs to the
format, and every decoder respects it, for labels as well.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddleseg.utils.image_headers import (
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    is_webp,
    jpeg_segments,
    png_chunks,
    webp_chunks,
)
from paddleseg.utils.tiff_headers import TIFF_ORIENTATION, tiff_tags

_JPEG_APP1 = 0xE1
_PREFIX = b"Exif\0\0"


def orientation_of(data: bytes) -> int:
    """The orientation that the EXIF data of an image file states.

    Args:
        data: The whole file.

    Returns:
        1 to 8 as in EXIF; 1 (as stored) if there is none, or it is damaged, which the picture need not be.
    """
    return tiff_orientation(_exif_block(data))  # EXIF data is a small TIFF file (EXIF 2.32, 4.5.2)


def tiff_orientation(data: bytes) -> int:
    """The orientation in the first directory of a TIFF file, 1 if there is none."""
    orientation = next((value for tag, value in tiff_tags(data) if tag == TIFF_ORIENTATION), 1)
    return orientation if 1 <= orientation <= 8 else 1


def turn(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turn a picture (H, W, C) or (H, W) upright.

    Args:
        image: The picture as stored.
        orientation: 1 to 8; from 5 on width and height are exchanged.

    Returns:
        The same array for 1, else a contiguous copy.
    """
    if orientation == 1:
        return image
    if orientation >= 5:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def _exif_block(data: bytes) -> bytes:
    """The EXIF data of a JPEG, PNG or WebP file, empty if there is none."""
    blocks: Iterator[tuple[int, int]] = iter(())
    if data.startswith(JPEG_SIGNATURE):
        blocks = ((start, end) for marker, start, end in jpeg_segments(data) if marker == _JPEG_APP1)
        # XMP has the same marker.
        blocks = ((start, end) for start, end in blocks if data.startswith(_PREFIX, start))
    elif data.startswith(PNG_SIGNATURE):
        blocks = ((start, end) for kind, start, end in png_chunks(data) if kind == b"eXIf")
    elif is_webp(data):
        blocks = ((start, end) for kind, start, end in webp_chunks(data) if kind == b"EXIF")
    start, end = next(blocks, (0, 0))
    # Many WebP files have JPEG's prefix, too.
    return data[start:end].removeprefix(_PREFIX)
