# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading pictures and labels: the one place where image files become arrays.

Files are read by Python and decoded from memory, so that a missing file, an empty file and a damaged file can
be told apart, and names outside ASCII work on every system.
"""

from __future__ import annotations

import io
import os

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from paddleseg.utils.errors import DataError
from paddleseg.utils.exif import orientation_of, turn
from paddleseg.utils.image_bytes import check_bytes, check_lossless
from paddleseg.utils.image_headers import PNG_SIGNATURE

READER_VERSION = 2
"""Raised when the same file gives another array than before. Since 2, EXIF orientations are applied."""

# Byte offsets in a PNG file: the IHDR chunk always comes first (PNG specification, section 11.2.1).
_PNG_BIT_DEPTH, _PNG_COLOUR_TYPE = 24, 25
_PNG_GREY, _PNG_PALETTE = 0, 3
# Since 4.11 OpenCV gives RGB by itself. That spares a pass over the picture: 5 % of a PNG, 10 % of a JPEG file.
_DECODES_TO_RGB = hasattr(cv2, "IMREAD_COLOR_RGB")


def read_image(path: str | os.PathLike, channels: int = 3, *, apply_exif: bool = True) -> np.ndarray:
    """Read a picture.

    With 3 or 1 channels every file is turned into 8-bit RGB or grey, as PaddleSeg does it. Any other number
    is taken from the file as it is, in its own type (8 or 16 bits, float) and channel order.

    The picture is turned upright as its EXIF data says, in training and prediction alike; PaddleSeg does so too.

    PNG and JPEG files that end too early are refused. A JPEG file with changed bytes in its compressed part is not: it
    has no checksum, and libjpeg, in Pillow as well, prints a warning and goes on with wrong colours or grey. Nor are
    some TIFF and WebP files that end too early.

    Args:
        path: Image file.
        channels: Wanted number of channels.
        apply_exif: Whether to turn the picture; otherwise pixels come as they are stored. The orientation of a TIFF
            file is no EXIF data but part of the format: it is heeded in either case.

    Returns:
        (H, W, channels) array; uint8 for 1 and 3 channels.

    Raises:
        DataError: The file is missing, damaged, or has another number of channels.
    """
    data = read_file(path, "picture")
    check_bytes(data, path, "picture")
    image = _decode_picture(data, channels, path)
    return turn(image, orientation_of(data)) if apply_exif else image


def read_orientation(path: str | os.PathLike) -> int:
    """The orientation that the EXIF data of a picture states, 1 to 8; 1 is "as stored", or nothing stated.

    Raises:
        DataError: The file cannot be read.
    """
    return orientation_of(read_file(path, "picture"))


def read_label(path: str | os.PathLike) -> np.ndarray:
    """Read a label picture as class ids.

    A palette PNG gives its palette indices, a grey PNG of 1, 2 or 4 bits its stored values. EXIF data does not turn a
    label: tools that draw labels show the picture upright and write no such note.

    Args:
        path: Label file with one channel.

    Returns:
        (H, W) uint8 class ids.

    Raises:
        DataError: The file is missing or damaged, its compression changes values (JPEG), or it has several channels or
            values above 255.
    """
    data = read_file(path, "label")
    check_bytes(data, path, "label")
    check_lossless(data, path)
    is_png = data.startswith(PNG_SIGNATURE) and len(data) > _PNG_COLOUR_TYPE
    if is_png and data[_PNG_COLOUR_TYPE] == _PNG_PALETTE:
        return _decode_palette(data, path)
    label = _decode(data, cv2.IMREAD_UNCHANGED, path, "label")
    if label.ndim == 3:
        raise DataError(
            f"{path}: the label has {label.shape[2]} channels, but a label must have one channel with class "
            "ids; convert its colours to ids (one 8-bit grey or palette PNG)"
        )
    if is_png and data[_PNG_COLOUR_TYPE] == _PNG_GREY and data[_PNG_BIT_DEPTH] < 8:
        # Decoders stretch the grey values of fewer bits to 0..255; ids must not be stretched.
        label = label // (255 // (2 ** data[_PNG_BIT_DEPTH] - 1))
    if label.dtype != np.uint8:
        if not np.issubdtype(label.dtype, np.integer) or label.min() < 0 or label.max() > 255:
            raise DataError(
                f"{path}: the label holds {label.dtype} values from {label.min()} to {label.max()}; "
                "class ids must be whole numbers from 0 to 255"
            )
        label = label.astype(np.uint8)
    return label


def read_file(path: str | os.PathLike, kind: str) -> bytes:
    """The content of a file.

    Args:
        path: The file.
        kind: What it is to the user: "picture", "label" or "list".

    Raises:
        DataError: It is missing or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise DataError(f"{path}: the {kind} does not exist") from None
    except OSError as error:
        raise DataError(f"{path}: the {kind} cannot be read ({error.strerror})") from error


def _decode_picture(data: bytes, channels: int, path: str | os.PathLike) -> np.ndarray:
    """(H, W, channels) as stored."""
    if channels == 3 and _DECODES_TO_RGB:
        return _decode(data, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION, path, "picture")
    if channels == 3:
        image = _decode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION, path, "picture")
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
    if channels == 1:
        grey = _decode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION, path, "picture")
        return grey[:, :, np.newaxis]
    # Everything "unchanged" leaves orientations alone.
    image = np.atleast_3d(_decode(data, cv2.IMREAD_UNCHANGED, path, "picture"))
    if image.shape[2] != channels:
        raise DataError(
            f"{path}: the picture has {image.shape[2]} channels, {channels} are expected (img_channels of the data set)"
        )
    return image


def _decode(data: bytes, flags: int, path: str | os.PathLike, kind: str) -> np.ndarray:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise DataError(f"{path}: the {kind} cannot be decoded ({error.err})") from error
    if image is None:
        raise DataError(f"{path}: the {kind} is damaged or not an image file ({len(data)} bytes); replace the file")
    return image


def _decode_palette(data: bytes, path: str | os.PathLike) -> np.ndarray:
    # OpenCV turns palette indices into colours, Pillow keeps them.
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.array(image, dtype=np.uint8)
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: the label has a palette, and Pillow refuses it: {error}; save it as grey") from error
    except (OSError, SyntaxError, ValueError) as error:
        # Of a file that it does not know Pillow says only where the object lies in memory.
        reason = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"
        raise DataError(f"{path}: the label is damaged{reason}; replace the file") from error
