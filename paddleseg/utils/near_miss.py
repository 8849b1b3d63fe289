# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Suggestions for mistyped names."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable


def suggest(name: object, known: Iterable[str]) -> str:
    """``Did you mean 'x'? Known: x, y``; the first half only when a known name is near."""
    names = list(known)
    return f"{ask_for_nearest(name, names)}Known: {', '.join(names) or 'none'}"


def ask_for_nearest(name: object, known: Iterable[str]) -> str:
    """``Did you mean 'x'? `` with a space at its end, or nothing if no known name is near."""
    scores = {candidate: _likeness(str(name).lower(), candidate.lower()) for candidate in known}
    best = max(scores, key=scores.__getitem__, default=None)
    return f"Did you mean {best!r}? " if best is not None and scores[best][0] >= 0.6 else ""


def _likeness(name: str, candidate: str) -> tuple[float, int]:
    """Similarity from 0 to 1, then the number of common letters: swapped ones are the likelier slip."""
    common = Counter(name) & Counter(candidate)
    return difflib.SequenceMatcher(None, name, candidate).ratio(), sum(common.values())
