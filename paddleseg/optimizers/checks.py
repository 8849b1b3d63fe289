# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The form in which optimisers and schedules refuse a setting."""

from __future__ import annotations

from paddleseg.utils.errors import ConfigError


def require(is_valid: bool, key: str, value: object, allowed: str) -> None:
    """Raise ConfigError "<key> is <value>; it must be <allowed>" unless ``is_valid``."""
    if not is_valid:
        raise ConfigError(f"{key} is {value!r}; it must be {allowed}")
