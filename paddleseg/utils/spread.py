# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Some of many."""

from __future__ import annotations


def spread(length: int, count: int | None) -> list[int]:
    """Evenly spaced positions below ``length``, the first is 0: ``count`` of them, or all if there are no more."""
    if count is None or count >= length:
        return list(range(length))
    return [number * length // count for number in range(count)]
