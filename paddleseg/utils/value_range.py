# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of more than 8 bits, of floats or of many bands: decoding them, and bringing their values to 0..255.

Everything behind the reader (padding, noise, mean and std) counts in units of 255. Values of another range become
float32 in these units, once and in one place; nothing is rounded or cut off.
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
_TYPES_WITH_A_RANGE = (np.uint8, np.uint16)
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114  # ITU-R BT.601, as OpenCV's grey


def fault_of_value_range(value: Any) -> str | None:
    """What is wrong with a ``value_range``; None if nothing is."""
    fault = fault_of(value, ValueRange)
    if fault is None and not value[0] < value[1]:
        fault = f"found {list(value)}; it must be [low, high], and low below high"
    return fault


def check_value_range(value: Any) -> tuple[float, float]:
    """A ``value_range`` as two floats; raise ConfigError if it is none."""
    fault = fault_of_value_range(value)
    if fault is not None:
        raise ConfigError(f"value_range: {fault}")
    return float(value[0]), float(value[1])


def needs_tifffile(stored: StoredFormat, channels: int) -> bool:
    """Whether OpenCV cannot give this many channels of a TIFF file or, worse, gives others.

    It takes planes for pixels where numbers have more than 8 bits, and one of two bands; and signed bytes for unsigned.
    Of two bands of 8 bits, grey and RGB need the first alone: the second is opacity.
    """
    if not stored.is_tiff:
        return False
    if stored.dtype in _TYPES_OPENCV_LACKS:
        return True
    if stored.is_deep and stored.is_planar and stored.bands > 1:
        return True
    is_grey_with_alpha = stored.bands == 2 and not stored.is_deep and channels in (1, 3)
    return stored.bands not in _OPENCV_BANDS and not is_grey_with_alpha


def pick_bands(image: np.ndarray, channels: int) -> np.ndarray:
    """The channels that are wanted of what OpenCV gives "unchanged".

    Asked for RGB of 16 bits, OpenCV 5 gives blue first, and floats it refuses.

    Args:
        image: (H, W, bands) float32, blue before green and red where there are three or more.
        channels: 3 for RGB, 1 for grey, else all bands as they are.
    """
    bands = image.shape[2]
    if channels == 3 and bands == 1:
        return np.repeat(image, 3, axis=2)
    if channels == 3 and bands in (3, 4):
        return np.ascontiguousarray(image[:, :, 2::-1])
    if channels == 1 and bands in (3, 4):
        return image[:, :, :3] @ np.array([[_BLUE], [_GREEN], [_RED]], np.float32)
    return image


def decode_bands(data: bytes, stored: StoredFormat, path: str | os.PathLike) -> np.ndarray:
    """Decode a TIFF file that OpenCV does not read right, as OpenCV gives others: upright, and with blue first.

    Returns:
        (H, W, bands) in the file's own type; blue, green, red where there are three or four bands, else in its order.

    Raises:
        DataError: The package tifffile is missing, or cannot read the file.
    """
    what = f"{path}: the picture is a TIFF file of {stored.bands} {stored.dtype} bands"
    try:
        import tifffile
    except ImportError:
        raise DataError(f"{what}, which needs the package tifffile: pip install tifffile") from None
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            image, axes = page.asarray(), page.axes
    # Its own errors are ValueError or RuntimeError; a compression that needs imagecodecs is a ValueError.
    except (ValueError, RuntimeError, LookupError, TypeError, OSError, MemoryError, ArithmeticError) as error:
        raise DataError(f"{what}, which tifffile cannot read: {' '.join(str(error).split())}") from error
    if axes.startswith("S"):  # one plane for each band
        image = np.moveaxis(image, 0, -1)
    image = turn(np.atleast_3d(image), tiff_orientation(data))
    if image.shape[2] in (3, 4):
        image = image[:, :, [2, 1, 0, 3][: image.shape[2]]]
    return np.ascontiguousarray(image)


def scale_values(image: np.ndarray, value_range: tuple[float, float] | None, path: str | os.PathLike) -> np.ndarray:
    """Bring values to units of 255.

    Args:
        image: (H, W, C) in its own type.
        value_range: The values that stand for 0 and 255; None: 0 and 255 for uint8, 0 and 65535 for uint16.
        path: Its name, for messages.

    Returns:
        8-bit pictures as they are, unless another range than 0..255 is given; else float32.

    Raises:
        DataError: Numbers of another type come without a range, or some are not finite.
    """
    if image.dtype == np.uint8 and value_range in (None, (0, 255)):
        return image
    if value_range is None and image.dtype not in _TYPES_WITH_A_RANGE:
        raise DataError(
            f"{path}: the picture holds {image.dtype} numbers, whose range no picture fills; say which values stand "
            "for black and white: value_range: [low, high] of the data set"
        )
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise DataError(f"{path}: the picture holds values that are no finite numbers (NaN or infinite); replace them")
    low, high = _limits(image.dtype) if value_range is None else value_range
    # float32 holds all whole numbers of 16 bits, but not those of 32: they lose their range first, their digits then.
    scaled = image.astype(np.float32 if image.dtype.itemsize <= 2 else np.float64)
    scaled -= low
    scaled *= FULL_SCALE / (high - low)
    return scaled.astype(np.float32, copy=False)


def stored_values(found: Sequence[float], value_range: Sequence[float] | None, dtype: str) -> list[float]:
    """Values in the units of the file, of those that ``scale_values`` has given.

    Args:
        found: Values of a picture as it was read.
        value_range: What it was read with.
        dtype: Type of the numbers in the file.
    """
    low, high = _limits(dtype) if value_range is None else value_range
    values = [low + value * (high - low) / FULL_SCALE for value in found]
    return values if dtype.startswith("float") else [float(round(value)) for value in values]


def unused_bits(highest: float, dtype: str) -> int:
    """How many of the upper bits of an unsigned type no value needs; 0 for other types."""
    return np.iinfo(dtype).bits - int(highest).bit_length() if dtype.startswith("uint") else 0


def _limits(dtype: str | np.dtype) -> tuple[int, int]:
    return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
