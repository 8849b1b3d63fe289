# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading the JSON files of annotation tools; errors are one line that names the file and the place."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_bytes import check_bytes
from paddleseg.utils.image_io import read_file

_FARTHEST = 10**6
"""Coordinates beyond it are outside any picture, and overflow in Pillow from 2**31 on."""


def read_json(path: Path, kind: str) -> Any:
    """Parse a file.

    Args:
        path: The file.
        kind: Its name for the user, such as "labelme file".

    Raises:
        DataError: It cannot be read, or is not JSON; the message names the line.
    """
    data = read_file(path, kind)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: the {kind} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}: the {kind} is damaged, or not JSON ({error.msg} at column {error.colno})"
        ) from error
    except (RecursionError, ValueError) as error:
        raise DataError(f"{path}: the {kind} cannot be read as JSON ({error})") from error


def entry(data: Any, key: str, kind: type | tuple[type, ...], place: str) -> Any:
    """The value of a required key.

    Raises:
        DataError: ``data`` is not a mapping, or has no value of this type.
    """
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        names = " or ".join(_WORDS[one] for one in (kind if isinstance(kind, tuple) else (kind,)))
        found = "is missing" if value is None else f"is {str(value)[:40]!r}"
        raise DataError(f"{place}: {key!r} {found}; it must be {names}")
    return value


_WORDS = {str: "a text", int: "a whole number", list: "a list", dict: "a mapping", float: "a number"}


def read_points(value: Any, least: int, place: str) -> list[tuple[float, float]]:
    """A list of [x, y].

    Raises:
        DataError: It is not a list of points, has fewer than ``least``, or numbers that are not coordinates.
    """
    if not isinstance(value, list) or len(value) < least:
        found = f"has {len(value)} points" if isinstance(value, list) else "has no list of points"
        raise DataError(f"{place} {found}; it needs {least} or more")
    for point in value:
        if not (isinstance(point, (list, tuple)) and len(point) == 2 and all(map(is_coordinate, point))):
            raise DataError(f"{place} has the point {str(point)[:60]}; a point is [x, y] in pixels")
    return [(float(x), float(y)) for x, y in value]


def is_coordinate(number: Any) -> bool:
    """Whether it is a finite number, within the bounds of any picture."""
    return (
        isinstance(number, (int, float))
        and not isinstance(number, bool)
        and math.isfinite(number)
        and abs(number) <= _FARTHEST
    )


def pairs_of(numbers: Sequence[Any]) -> list[list[Any]]:
    """[x0, y0, x1, y1, ..] as [[x0, y0], [x1, y1], ..]; a leftover becomes a point of one number."""
    return [list(numbers[start : start + 2]) for start in range(0, len(numbers), 2)]


def stated_size(data: dict[str, Any], width: str, height: str) -> tuple[int, int] | None:
    """(width, height) if both are stated as numbers above 0."""
    found = data.get(width), data.get(height)
    return found if all(isinstance(length, int) and length > 0 for length in found) else None


def decode_base64(text: Any, place: str) -> bytes:
    """The bytes of a text; raise DataError if it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise DataError(f"{place}: the mask is not base64 text ({error})") from error


def decode_mask(data: bytes, place: str) -> np.ndarray:
    """The mask in the bytes of a PNG file: nonzero pixels, or with four channels those that are not transparent.

    Returns:
        (h, w) bool.

    Raises:
        DataError: It is not a PNG file.
    """
    check_bytes(data, place, "mask")
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise DataError(f"{place}: the mask is damaged or not an image file ({len(data)} bytes)")
    if pixels.ndim == 3:
        pixels = pixels[:, :, 3] if pixels.shape[2] == 4 else pixels.max(axis=2)
    return pixels > 0
