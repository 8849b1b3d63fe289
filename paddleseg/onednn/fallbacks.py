# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls of Paddle's own kernels although oneDNN was requested: counted, and reported once for each reason."""

from __future__ import annotations

from collections import Counter

from paddleseg.utils.logging import get_logger

FALLBACKS: Counter[str] = Counter()
"""How often Paddle's kernel ran in this process, by reason."""


def count_fallback(reason: str) -> None:
    """Count a call; the first for each reason is logged."""
    FALLBACKS[reason] += 1
    if FALLBACKS[reason] == 1:
        get_logger().info("Paddle's own kernels compute %s, and not oneDNN's", reason)
