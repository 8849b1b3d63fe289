# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a list with a number for each class must be, whichever loss has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from paddleseg.utils.arguments import Fault


def class_list_faults(name: str, values: Sequence[float], num_classes: int | None = None) -> Iterator[Fault]:
    """Faults of the argument ``name``; how many classes there are need not be known."""
    if len(values) == 0:
        yield name, "the list is empty; give one per class"
    elif num_classes not in (None, len(values)):
        yield name, f"{len(values)} entries for {num_classes} classes; give one per class"


def weight_faults(weight: Sequence[float] | None = None, **_: Any) -> Iterator[Fault]:
    """The ``faults`` of a loss with class weights, see :mod:`paddleseg.utils.arguments`."""
    if weight is not None:
        yield from class_list_faults("weight", weight)
