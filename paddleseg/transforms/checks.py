# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of what users give to the constructors of transforms; each names the key and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from paddleseg.utils.errors import ConfigError

MAX_NUMBER = 1e6
"""Farthest from 0 that a number for pixels can be, be they of 8 or 16 bits or floats."""
MAX_SIDE = 2**16
"""Most pixels of a side that is asked for: far above what networks see, far below what memory ends at."""


def check_numbers(key: str, values: Any) -> Sequence[float]:
    """Return a non-empty list of numbers, none beyond ``MAX_NUMBER``, as it is."""
    if not (isinstance(values, (list, tuple)) and values and all(_is_number(value) for value in values)):
        raise ConfigError(f"{key}: {values!r} is not a list of numbers, e.g. [0.5, 0.5, 0.5]")
    if not all(abs(value) <= MAX_NUMBER for value in values):
        raise ConfigError(f"{key}: {values!r} has a number that is not from {-MAX_NUMBER:g} to {MAX_NUMBER:g}")
    return values


def check_number(key: str, value: Any, low: float = 0.0, high: float = math.inf) -> float:
    """Return a number from ``low`` to ``high`` as it is."""
    if _is_number(value) and low <= value <= high:
        return value
    allowed = f"a number of {low:g} or more" if high == math.inf else f"a number from {low:g} to {high:g}"
    raise ConfigError(f"{key}: {value!r} is not {allowed}")


def check_ratio(key: str, ratio: Any) -> float:
    """Return a ratio of two sides, from 0.001 to 1000, as it is."""
    if _is_number(ratio) and 0.001 <= ratio <= 1000:
        return ratio
    raise ConfigError(f"{key}: {ratio!r} is not a number from 0.001 to 1000")


def check_size(key: str, size: Any) -> tuple[int, int]:
    """Return [width, height] as a tuple of two lengths."""
    if isinstance(size, (list, tuple)) and len(size) == 2:
        return check_length(key, size[0]), check_length(key, size[1])
    raise ConfigError(f"{key}: {size!r} is not a size; give [width, height]")


def check_length(key: str, length: Any) -> int:
    """Return a whole number of pixels, from 1 to ``MAX_SIDE``, as it is."""
    if isinstance(length, int) and not isinstance(length, bool) and 0 < length <= MAX_SIDE:
        return length
    raise ConfigError(f"{key}: {length!r} is not a whole number from 1 to {MAX_SIDE}")


def check_probability(key: str, probability: Any) -> float:
    """Return a number from 0 to 1 as it is."""
    if _is_number(probability) and 0 <= probability <= 1:
        return probability
    raise ConfigError(f"{key}: {probability!r} is not a probability; give a number from 0 to 1")


def check_scale_factors(transform: str, min_scale_factor: float, max_scale_factor: float) -> None:
    """Check the ends of a range of scales."""
    if not 0 < min_scale_factor <= max_scale_factor:
        raise ConfigError(
            f"{transform}: min_scale_factor {min_scale_factor} must be above 0 and not above "
            f"max_scale_factor {max_scale_factor}"
        )


def check_padding_values(transform: str, im_padding_value: Any, label_padding_value: Any) -> None:
    """Check the values that pictures and labels are padded with."""
    if not _is_number(im_padding_value):
        raise ConfigError(f"{transform}.im_padding_value: {im_padding_value!r} is not a number")
    check_label_padding_value(transform, label_padding_value)


def check_label_padding_value(transform: str, label_padding_value: Any) -> None:
    """Check the value that labels are padded with."""
    if not isinstance(label_padding_value, int) or not 0 <= label_padding_value <= 255:
        raise ConfigError(
            f"{transform}.label_padding_value: {label_padding_value!r} is not a whole number from 0 to 255"
        )


def check_limits(transform: str, side: str, longest: int | None, shortest: int | None) -> tuple[int | None, int | None]:
    """Return both limits of a side ("long" or "short") as they are; None is no limit."""
    if longest is not None:
        check_length(f"{transform}.max_{side}", longest)
    if shortest is not None:
        check_length(f"{transform}.min_{side}", shortest)
    if longest is not None and shortest is not None and shortest > longest:
        raise ConfigError(f"{transform}: min_{side} {shortest} is above max_{side} {longest}")
    return longest, shortest


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
