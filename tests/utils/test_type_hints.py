# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking values against hints, including the types and bounds of their parts."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from paddle import nn

from paddleseg.utils.type_hints import ABOVE_0, ANY_NUMBER, Count, NonNegativeFloat, PositiveFloat, Size, fault_of

INFINITE = float("inf")
NUMBER_OR_LAYER = float | nn.Layer


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ([[0, 0.5], []], Sequence[Sequence[NonNegativeFloat]]),
        ({"a": 1}, dict[str, Count]),
        ({1: "a", "b": [2]}, dict[str, Any]),
        ([-3], Count | Sequence[int]),
        ("auto", NonNegativeFloat | Literal["auto"]),
        (INFINITE, Annotated[float, ABOVE_0]),
        ([-INFINITE, 10**300], Sequence[Annotated[float, ANY_NUMBER]]),
        (0.5, NUMBER_OR_LAYER),
        (nn.Identity(), NUMBER_OR_LAYER),
        (len, NUMBER_OR_LAYER),  # no plain value: who knows
        (len, Callable[[Any], int]),
        (Path("a"), Path | None),
        (None, Path | None),
        ("a", object),
        ([1], Any),
    ],
    ids=str,
)
def test_what_fits(value, hint):
    assert fault_of(value, hint) is None


@pytest.mark.parametrize(
    ("value", "hint", "fault"),
    [
        ([[0, -1]], Sequence[Sequence[NonNegativeFloat]], "found [[0, -1]]; it must be 0 or more"),
        ({"a": 0}, dict[str, Count], "found {'a': 0}; it must be 1 or more"),
        ({"a": "b"}, dict[str, Count], "found {'a': 'b'}; it must be a mapping"),
        (0, Count | Sequence[int], "found 0; it must be 1 or more"),
        (-1, NonNegativeFloat | Literal["auto"], "found -1; it must be 0 or more"),
        ("car", NonNegativeFloat | Literal["auto"], "found 'car'; it must be a number or one of auto"),
        ([0, 1], Size, "found [0, 1]; it must be 1 or more"),
        ([0, "1"], Size, "found [0, '1']; it must be [width, height]"),
        (INFINITE, float, "found inf; it must be a finite number"),
        (-INFINITE, Annotated[float, ABOVE_0], "found -inf; it must be a number above 0"),
        (INFINITE, PositiveFloat, "found inf; it must be above 0 (at least 1e-30), at most 1000000"),
        (float("nan"), Annotated[float, ANY_NUMBER], "found nan; it must be a number"),
        (10**400, Annotated[float, ABOVE_0], f"found {10**400}; it must be a finite number"),
        ([10**5000], float, "found an integer of too many digits; it must be a number"),
        ("abc", NUMBER_OR_LAYER, "found 'abc'; it must be a number or Layer"),
        ("abc", Callable[[Any], int], "found 'abc'; it must be Callable"),
        ("abc", Path, "found 'abc'; it must be Path"),
        ([1], set[int], "found [1]; it must be set"),
        ([nn.Identity()], nn.Layer, "found a list of Identity; it must be Layer"),
    ],
)
def test_what_is_refused_is_shown_with_what_is_allowed(value, hint, fault):
    assert fault_of(value, hint).startswith(fault)
