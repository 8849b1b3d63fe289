# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of more than 8 bits, of floats or of many bands: decoding them, and bringing their values to 0..255.

Everything after the reader (padding, noise, mean and std) counts in units of 255. Values of another range become
float32 in these units, once and in one place; nothing is rounded or clipped.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.exif import tiff_orientation, turn
from paddleseg.utils.image_headers import StoredFormat
from paddleseg.utils.type_hints import ValueRange, fault_of

FULL_SCALE = 255.0
_OPENCV_BANDS = (1, 3, 4)
_TYPES_OPENCV_LACKS = ("int8", "float16")
_BITS_OPENCV_UNPACKS = (10, 12, 14)
_VALUES_AT_ONCE = 1 << 16  # fits a core's cache in float64
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114  # ITU-R BT.601, like OpenCV's grey


def fault_of_value_range(value: Any) -> str | None:
    """What is wrong with a ``value_range``; None if nothing is."""
    fault = fault_of(value, ValueRange)
    if fault is None and not value[0] < value[1]:
        fault = f"found {list(value)}; it must be [low, high], and low below high"
    return fault


def check_value_range(value: Any) -> tuple[float, float]:
    """A ``value_range`` as two floats; raise ConfigError if it is invalid."""
    fault = fault_of_value_range(value)
    if fault is not None:
        raise ConfigError(f"value_range: {fault}")
    return float(value[0]), float(value[1])


def needs_tifffile(stored: StoredFormat, channels: int) -> bool:
    """Whether OpenCV cannot read this many channels of a TIFF file or, worse, returns wrong ones.

    It takes planes for pixels if numbers have more than 8 bits, also with one of two bands, and signed bytes for
    unsigned. If the first of several bands is marked as grey, it returns only that one; with 16 bits, or two bands in
    tiles, it mixes up the numbers of all bands. With two bands of 8 bits, grey and RGB need the first: the second is
    opacity.
    """
    if not stored.is_tiff:
        return False
    if stored.dtype in _TYPES_OPENCV_LACKS:
        return True
    if stored.is_packed and stored.highest.bit_length() not in _BITS_OPENCV_UNPACKS:
        return True
    if stored.is_deep and stored.is_planar and stored.bands > 1:
        return True
    if stored.is_grey and stored.bands > 2:
        return True
    is_grey_with_alpha = stored.bands == 2 and not (stored.is_deep or stored.is_tiled) and channels in (1, 3)
    return stored.bands not in _OPENCV_BANDS and not is_grey_with_alpha


def as_stored(image: np.ndarray, stored: StoredFormat) -> np.ndarray:
    """The numbers of the file, from those of OpenCV, which moves packed ones of 10, 12 or 14 bits to the top of 16.

    Args:
        image: (H, W, bands) "unchanged".
        stored: The storage format stated by the file.
    """
    return image >> (16 - stored.highest.bit_length()) if stored.is_packed else image


def pick_bands(image: np.ndarray, channels: int) -> np.ndarray:
    """The wanted channels of OpenCV's "unchanged" result.

    Asked for RGB of 16 bits, OpenCV 5 returns blue first, and it refuses floats.

    Args:
        image: (H, W, bands) float32, blue before green and red if there are three or more.
        channels: 3 for RGB, 1 for grey, else all bands unchanged.
    """
    bands = image.shape[2]
    if channels == 3 and bands == 1:
        return np.repeat(image, 3, axis=2)
    if channels == 3 and bands in (3, 4):
        return np.ascontiguousarray(image[:, :, 2::-1])
    if channels == 1 and bands in (3, 4):
        return image[:, :, :3] @ np.array([[_BLUE], [_GREEN], [_RED]], np.float32)
    return image


def decode_bands(data: bytes, stored: StoredFormat, path: str | os.PathLike, kind: str = "picture") -> np.ndarray:
    """Decode a TIFF file that OpenCV cannot read correctly, in OpenCV's form: upright, and with blue first.

    Args:
        data: The whole file.
        stored: Its stated storage format.
        path: Its name, for messages.
        kind: Its name for the user: "picture" or "label".

    Returns:
        (H, W, bands) in the file's own type; blue, green, red if there are three or four bands, else in its order.

    Raises:
        DataError: The package tifffile is missing, or cannot read the file.
    """
    what = f"{path}: the {kind} is a TIFF file of {stored.bands} {stored.dtype} bands"
    try:
        import tifffile
    except ImportError:
        raise DataError(f"{what}, which needs the package tifffile: pip install tifffile") from None
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            image, axes = page.asarray(), page.axes
    except Exception as error:  # tifffile raises errors of any kind for damaged files, such as zlib.error
        raise DataError(f"{what}, which tifffile cannot read: {' '.join(str(error).split())}") from error
    if image.size == 0:
        raise DataError(f"{path}: the {kind} is damaged: it has no pixels")
    if axes.startswith("S"):  # one plane for each band
        image = np.moveaxis(image, 0, -1)
    image = turn(np.atleast_3d(image), tiff_orientation(data))
    if stored.white_is_zero and not stored.is_deep and kind == "picture":
        image = np.invert(image)  # like OpenCV
    if image.shape[2] in (3, 4):
        image = image[:, :, [2, 1, 0, 3][: image.shape[2]]]
    return np.ascontiguousarray(image)


def scale_values(
    image: np.ndarray, value_range: tuple[float, float] | None, path: str | os.PathLike, stored: StoredFormat
) -> np.ndarray:
    """Bring values to units of 255.

    Args:
        image: (H, W, C) in its own type; 8-bit values whose 0 is white are already inverted, deeper ones are not.
        value_range: The stored values that stand for 0 and 255; None: those stated by the file: 0 and 255 for uint8, 0
            and 65535 for uint16, or fewer.
        path: Its name, for messages.
        stored: The storage format stated by the file.

    Returns:
        8-bit pictures unchanged, unless another range than 0..255 is given or stated; else float32.

    Raises:
        DataError: Numbers of another type come without a range, or some are not finite.
    """
    if value_range is None and stored.limits is None:
        raise DataError(
            f"{path}: the picture holds {image.dtype} numbers, whose range no picture fills; say which values stand "
            "for black and white: value_range: [low, high] of the data set, or under Deploy in deploy.yaml"
        )
    low, high = stored.limits if value_range is None else value_range
    if image.dtype == np.uint8 and (low, high) == (0, 255):
        return image
    if stored.white_is_zero and not stored.is_deep:  # OpenCV has inverted these; the range refers to the file's values
        image = np.invert(image)
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise DataError(f"{path}: the picture holds values that are not finite (NaN or infinite); replace them")
    # float32 represents all 16-bit integers, but not all 32-bit ones, and would round the lower limit of floats: so the
    # range is applied first, and digits are lost afterwards.
    wide = np.float32 if image.dtype.itemsize <= 2 else np.float64
    values, scaled = image.reshape(-1), np.empty(image.size, np.float32)
    for start in range(0, image.size, _VALUES_AT_ONCE):
        some = values[start : start + _VALUES_AT_ONCE].astype(wide)
        some -= low
        some *= FULL_SCALE / (high - low)
        scaled[start : start + _VALUES_AT_ONCE] = some
    if stored.white_is_zero:
        np.subtract(FULL_SCALE, scaled, out=scaled)
    return scaled.reshape(image.shape)


def stored_values(
    found: Sequence[float], value_range: Sequence[float] | None, stored: StoredFormat
) -> tuple[float, float]:
    """The smallest and largest value in the units of the file, from results of ``scale_values``.

    Args:
        found: Smallest and largest value of a picture as read.
        value_range: The range it was read with.
        stored: The storage format stated by the file.
    """
    low, high = stored.limits if value_range is None else value_range
    if stored.white_is_zero:
        found = [FULL_SCALE - value for value in reversed(found)]
    values = [low + value * (high - low) / FULL_SCALE for value in found]
    smallest, largest = values if stored.dtype.startswith("float") else [float(round(value)) for value in values]
    return smallest, largest


def unused_bits(highest: float, limits: tuple[int, int] | None) -> int:
    """The number of upper bits that no value uses; 0 if the file states no limits."""
    return 0 if limits is None else limits[1].bit_length() - int(highest).bit_length()
