# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Nested settings as pairs of a dotted name and a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_ABSENT = "not given"


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ``("train_dataset.transforms.0.type", "Resize")`` and so on; lists of plain values stay whole."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flatten(inner, f"{prefix}{key}.")
    elif isinstance(value, (list, tuple)) and any(isinstance(inner, Mapping) for inner in value):
        yield from flatten(dict(enumerate(value)), prefix)
    else:
        yield prefix[:-1], value


def describe_changes(before: Any, now: Any) -> list[str]:
    """The differences between two nested settings: ``name was value, now it is value``."""
    old, new = dict(flatten(before)), dict(flatten(now))
    return [
        f"{name} was {old.get(name, _ABSENT)}, now it is {new.get(name, _ABSENT)}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name, _ABSENT) != new.get(name, _ABSENT)
    ]
