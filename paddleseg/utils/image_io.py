# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading pictures and labels: the one place where image files become arrays.

Files are read by Python and decoded from memory, so that a missing file, an empty file and a damaged file can be told
apart, and non-ASCII names work on every system.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from paddleseg.utils.errors import DataError
from paddleseg.utils.exif import orientation_of, turn
from paddleseg.utils.image_bytes import check_bytes, check_lossless
from paddleseg.utils.image_headers import (
    PNG_BIT_DEPTH,
    PNG_COLOUR_TYPE,
    PNG_SIGNATURE,
    StoredFormat,
    changes_grey_values,
    has_tiff_colours,
    odd_tiff_kind,
    stored_format,
)
from paddleseg.utils.tiff_headers import with_colours_as_stored
from paddleseg.utils.value_range import (
    as_stored,
    check_value_range,
    decode_bands,
    needs_tifffile,
    pick_bands,
    scale_values,
)

READER_VERSION = 4
"""Raised when the same file gives another array than before. Since 2, EXIF orientations and ranges of values count;
since 3, the highest value that a packed TIFF or a PNM file states (ids of packed labels too), grey whose 0 is white, of
16 bits or with a range of values, and colours of TIFF files that their opacity does not darken; since 4, all bands of
TIFF files that call the first one grey."""

_PNG_GREY, _PNG_PALETTE = 0, 3
# OpenCV's messages, such as on a GeoTIFF tag for each picture and epoch, are covered by ours or not needed.
if hasattr(cv2.utils, "logging") and "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
# Since 4.11 OpenCV can return RGB. That saves a pass over the picture: 5 % for a PNG, 10 % for a JPEG file.
_DECODES_TO_RGB = hasattr(cv2, "IMREAD_COLOR_RGB")


@dataclass(frozen=True)
class ReadOptions:
    """How picture files become arrays, the same in training, evaluation, prediction and deployment.

    Attributes:
        apply_exif: Whether to turn pictures upright as their EXIF data says; otherwise pixels are read as stored. The
            orientation of a TIFF file is part of the format, not EXIF data, and always respected.
        value_range: The values (low, high) that stand for 0 and 255; None: those of the file's type.
    """

    apply_exif: bool = True
    value_range: tuple[float, float] | None = None

    @classmethod
    def checked(cls, apply_exif: bool, value_range: Sequence[float] | None) -> ReadOptions:
        """Options from unchecked values; raise ConfigError if the range is invalid."""
        return cls(apply_exif, None if value_range is None else check_value_range(value_range))


READ_DEFAULTS = ReadOptions()


def read_image(path: str | os.PathLike, channels: int = 3, options: ReadOptions = READ_DEFAULTS) -> np.ndarray:
    """Read a picture.

    Values count in units of 255: 8-bit files stay uint8, others (16 bits, floats) become float32, with nothing rounded.
    Colours are the stored ones, whatever the file says about their opacity.

    With 3 or 1 channels every file is turned into RGB or grey, as in PaddleSeg. Any other number must be the file's;
    four channels come as OpenCV orders them (blue, green, red and the fourth), two and more than four in the file's
    order.

    PNG and JPEG files that end too early are refused. JPEG files with changed bytes in the compressed data are not:
    there is no checksum, and libjpeg, also in Pillow, prints a warning and continues with wrong colours or grey. Nor
    are some truncated TIFF and WebP files.

    Args:
        path: Image file.
        channels: Wanted number of channels.
        options: Orientation and range of values.

    Returns:
        (H, W, channels) array, uint8 or float32.

    Raises:
        DataError: The file is missing, damaged, has another number of channels, or has floats without a range.
    """
    return decode_image(read_file(path, "picture"), path, channels, options)


def decode_image(
    data: bytes,
    name: str | os.PathLike = "picture",
    channels: int = 3,
    options: ReadOptions = READ_DEFAULTS,
    *,
    max_pixels: int | None = None,
) -> np.ndarray:
    """The picture in the bytes of an image file, as ``read_image`` reads it from a file.

    Args:
        data: The whole file.
        name: Its name for messages.
        channels: Wanted number of channels.
        options: Orientation and range of values.
        max_pixels: Most pixels, by the header and before anything is decoded; None: those of the environment variable
            ``PADDLESEG_MAX_PIXELS``, else 2**27.

    Returns:
        (H, W, channels) array, uint8 or float32 in units of 255.

    Raises:
        UnknownFormatError: The bytes are not those of an image file.
        TooLargeError: There are more pixels than ``max_pixels``.
        DataError: The file is damaged, has another number of channels, or has floats without a range.
    """
    check_bytes(data, name, "picture", max_pixels)
    stored = stored_format(data)
    if needs_tifffile(stored, channels):
        # These become grey or RGB; with two bands of more bits, the meaning of the second is unknown.
        convertible = (1, 3, 4) if stored.is_deep else (1, 2, 3, 4)
        if channels not in (1, 3) or stored.bands not in convertible:
            _check_channels(stored.bands, channels, name)
        image = decode_bands(data, stored, name)
        if not stored.is_deep:
            image = _pick_8_bit(image, channels)
    else:
        try:
            image = _decode_deep(data, stored, name) if stored.is_deep else _decode_8_bit(data, channels, name)
        except _NotDecoded as error:
            image = _decode_instead(data, stored, name, "picture", error)
            if not stored.is_deep:
                image = _pick_8_bit(image, channels)
    image = scale_values(image, options.value_range, name, stored)
    if stored.is_deep:
        image = pick_bands(image, channels)
    _check_channels(image.shape[2], channels, name)
    return turn(image, orientation_of(data)) if options.apply_exif else image


def pick_channels(
    image: np.ndarray, stored: StoredFormat, channels: int, path: str | os.PathLike, options: ReadOptions
) -> np.ndarray:
    """Turn decoded bands into the result of ``read_image``: the wanted channels, in units of 255.

    Args:
        image: (H, W, bands) in the file's own type; blue, green, red if there are three or four bands.
        stored: The storage format stated by the file.
        channels: Wanted number of channels.
        path: Image file, for messages.
        options: Range of values.

    Raises:
        DataError: The file has another number of channels, or has floats without a range.
    """
    if not stored.is_deep:
        image = _pick_8_bit(image, channels)
    image = scale_values(image, options.value_range, path, stored)
    if stored.is_deep:
        image = pick_bands(image, channels)
    _check_channels(image.shape[2], channels, path)
    return image


def read_header(path: str | os.PathLike) -> tuple[int, StoredFormat]:
    """The header of a picture's file: its EXIF orientation, 1 to 8 (1 is "as stored"), and storage format.

    Raises:
        DataError: The file cannot be read.
    """
    data = read_file(path, "picture")
    return orientation_of(data), stored_format(data)


def read_label(path: str | os.PathLike) -> np.ndarray:
    """Read a label picture as class ids.

    A palette PNG gives its palette indices, a grey PNG of 1, 2 or 4 bits its stored values. EXIF data does not turn a
    label: annotation tools show the picture upright and write no EXIF data.

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
    is_png = data.startswith(PNG_SIGNATURE) and len(data) > PNG_COLOUR_TYPE
    if is_png and data[PNG_COLOUR_TYPE] == _PNG_PALETTE:
        return _decode_palette(data, path)
    label = _decode_label(data, path)
    if label.ndim == 3:
        raise DataError(
            f"{path}: the label has {label.shape[2]} channels, but a label must have one channel with class "
            "ids; convert its colours to ids (one 8-bit grey or palette PNG)"
        )
    if changes_grey_values(data):
        raise DataError(
            f"{path}: the label is stored with fewer than 8 bits, inverted or by a palette of greys, and decoders "
            "return other numbers than those stored; save it as an 8-bit grey or palette PNG"
        )
    if is_png and data[PNG_COLOUR_TYPE] == _PNG_GREY and data[PNG_BIT_DEPTH] < 8:
        # Decoders stretch the grey values of fewer bits to 0..255; ids must not be stretched.
        label = label // (255 // (2 ** data[PNG_BIT_DEPTH] - 1))
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
        kind: Its name for the user: "picture", "label" or "list".

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


class _NotDecoded(DataError):
    """OpenCV cannot decode a file; TIFF files need not be damaged for that."""


def _decode_label(data: bytes, path: str | os.PathLike) -> np.ndarray:
    """(H, W) or, with several channels, (H, W, channels), the numbers of the file."""
    stored = stored_format(data)
    try:
        if needs_tifffile(stored, channels=1):
            label = decode_bands(data, stored, path, "label")
        else:
            label = as_stored(_decode(data, cv2.IMREAD_UNCHANGED, path, "label"), stored)
    except _NotDecoded as error:
        label = _decode_instead(data, stored, path, "label", error)
    return label[:, :, 0] if label.ndim == 3 and label.shape[2] == 1 else label


def _decode_instead(
    data: bytes, stored: StoredFormat, path: str | os.PathLike, kind: str, error: _NotDecoded
) -> np.ndarray:
    """Decode by tifffile what OpenCV cannot, if that gives grey or RGB as stored; else raise DataError."""
    if not stored.is_tiff or not has_tiff_colours(data):
        raise error
    odd = odd_tiff_kind(data)
    if odd is not None:
        raise DataError(
            f"{path}: the {kind} is damaged, or a TIFF file of a kind that cannot be read ({odd}); save it as grey or "
            "RGB of 8 or 16 bits, or replace the file"
        ) from error
    try:
        image = decode_bands(data, stored, path, kind)
    except DataError as reason:
        words = str(reason).removeprefix(f"{path}: the {kind} ")
        raise DataError(f"{path}: the {kind} is damaged, or a file that OpenCV does not decode: it {words}") from reason
    if image.dtype != stored.dtype:  # the header contradicts itself
        raise DataError(
            f"{path}: the {kind} is damaged: its header says {stored.dtype} numbers, but it holds {image.dtype}"
        )
    return image


def _decode_deep(data: bytes, stored: StoredFormat, path: str | os.PathLike) -> np.ndarray:
    """(H, W, bands) as stored, with more than 8 bits."""
    image = np.atleast_3d(_decode(data, cv2.IMREAD_UNCHANGED, path, "picture"))
    if image.dtype != stored.dtype:  # colour spaces converted to 8-bit RGB, signed 12-bit numbers
        raise DataError(
            f"{path}: the picture holds {stored.dtype} numbers, which its decoder turns into {image.dtype}; save it "
            "as grey or RGB, of whole bytes"
        )
    return as_stored(image, stored)


def _decode_8_bit(data: bytes, channels: int, path: str | os.PathLike) -> np.ndarray:
    """(H, W, channels) uint8 as stored; all channels unless 3 or 1 are wanted."""
    if channels == 3 and _DECODES_TO_RGB:
        return _decode(data, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION, path, "picture")
    if channels == 3:
        image = _decode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION, path, "picture")
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
    if channels == 1:
        return _decode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION, path, "picture")[:, :, np.newaxis]
    # "Unchanged" ignores orientation everywhere.
    return np.atleast_3d(_decode(data, cv2.IMREAD_UNCHANGED, path, "picture"))


def _pick_8_bit(image: np.ndarray, channels: int) -> np.ndarray:
    """The wanted channels of (H, W, bands) uint8, blue first if there are three or four bands."""
    bands = image.shape[2]
    if channels == 3 and bands in (3, 4):
        return cv2.cvtColor(image[:, :, :3], cv2.COLOR_BGR2RGB)
    if channels == 1 and bands in (3, 4):
        return cv2.cvtColor(image[:, :, :3], cv2.COLOR_BGR2GRAY)[:, :, np.newaxis]
    if channels in (1, 3) and bands in (1, 2):  # the second is opacity
        return np.repeat(image[:, :, :1], channels, axis=2)
    return image


def _check_channels(found: int, channels: int, path: str | os.PathLike) -> None:
    if found != channels:
        raise DataError(
            f"{path}: the picture has {found} channels, {channels} are expected (img_channels of the data set)"
        )


def _decode(data: bytes, flags: int, path: str | os.PathLike, kind: str) -> np.ndarray:
    try:
        image = cv2.imdecode(np.frombuffer(with_colours_as_stored(data), np.uint8), flags)
    except cv2.error as error:
        raise _NotDecoded(f"{path}: the {kind} cannot be decoded ({error.err})") from error
    if image is None:
        raise _NotDecoded(f"{path}: the {kind} is damaged or not an image file ({len(data)} bytes); replace the file")
    return image


def _decode_palette(data: bytes, path: str | os.PathLike) -> np.ndarray:
    # OpenCV turns palette indices into colours, Pillow keeps them.
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.array(image, dtype=np.uint8)
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: the label has a palette, and Pillow refuses it: {error}; save it as grey") from error
    except (OSError, SyntaxError, ValueError) as error:
        # For an unknown file Pillow's message has only the object's memory address.
        reason = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"
        raise DataError(f"{path}: the label is damaged{reason}; replace the file") from error
