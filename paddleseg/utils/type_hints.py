# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a type hint says of a plain value, and bounds of numbers as a part of the hint.

A parameter says by its hint what it takes: ``momentum: BelowOne = 0.9``. The constructor, the check of a configuration
and the library's functions all read it there, so that a bound is written once.
"""

from __future__ import annotations

import collections.abc
import functools
import inspect
import math
import operator
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union


@dataclass(frozen=True)
class Bound:
    """The range of a number; in a list, of each number in it.

    Attributes:
        low: The smallest value allowed.
        high: The largest value allowed.
        words: The range in a user's words.
    """

    low: float
    high: float
    words: str

    def holds(self, value: Any) -> bool:
        """Whether all numbers in ``value``, one or a list, are within; anything else is."""
        numbers = value if isinstance(value, (list, tuple)) else [value]
        return all(self.low <= number <= self.high for number in numbers if is_number(number))


# What is beyond these was mistyped, and would end in infinity, a lack of memory or an endless loop, without a word of
# the key. Parameters are of 32 bits, in which much less than the smallest float is 0.
_MANY, _LARGE, _TINY, _LONGEST_SIDE = 10**9, 1e6, 1e-30, 2**16

AT_LEAST_ONE = Bound(1, _MANY, f"1 or more, at most {_MANY}")
AT_LEAST_ZERO = Bound(0, _MANY, f"0 or more, at most {_MANY}")
NOT_NEGATIVE = Bound(0, _LARGE, f"0 or more, at most {_LARGE:.0f}")
POSITIVE = Bound(_TINY, _LARGE, f"above 0, at most {_LARGE:.0f}")
ABOVE_0 = Bound(math.ulp(0.0), math.inf, "a number above 0")
FROM_0_TO_1 = Bound(0, 1, "from 0 to 1")
ABOVE_0_TO_1 = Bound(math.ulp(0.0), 1, "above 0, at most 1")
BELOW_ONE = Bound(0, math.nextafter(1.0, 0.0), "from 0 to below 1")
SCALE = Bound(math.ulp(0.0), 100, "above 0, at most 100")
SIDE = Bound(1, _LONGEST_SIDE, f"1 or more, at most {_LONGEST_SIDE}")
CHANNELS = Bound(1, 10_000, "1 or more, at most 10000")
SEED = Bound(0, 2**31 - 1, f"0 or more, at most {2**31 - 1}")

Count = Annotated[int, AT_LEAST_ONE]
CountOrZero = Annotated[int, AT_LEAST_ZERO]
NonNegativeFloat = Annotated[float, NOT_NEGATIVE]
PositiveFloat = Annotated[float, POSITIVE]
Probability = Annotated[float, FROM_0_TO_1]
Share = Annotated[float, ABOVE_0_TO_1]
BelowOne = Annotated[float, BELOW_ONE]
ScaleFactor = Annotated[float, SCALE]
SideLength = Annotated[int, SIDE]
ChannelCount = Annotated[int, CHANNELS]
Seed = Annotated[int, SEED]
_PixelValue = Annotated[float, Bound(-1e12, 1e12, "two numbers from -10^12 to 10^12")]
ValueRange = Annotated[tuple[_PixelValue, _PixelValue], "[low, high], two numbers"]
Size = Annotated[tuple[SideLength, SideLength], "[width, height] in whole pixels"]


def fault_of(value: Any, hint: Any) -> str | None:
    """What is wrong with a value where ``hint`` stands: ``found -1; it must be 1 or more``; None if nothing is."""
    if not matches(value, hint):
        return f"found {value!r}; it must be {describe_hint(hint)}"
    bound = bound_of(hint)
    if bound is not None and not bound.holds(value):
        return f"found {value!r}; it must be {bound.words}"
    return None


def bound_of(hint: Any) -> Bound | None:
    """The bound in a hint, also in one of a union's parts (``Count | None``) or of a sequence's entries."""
    if typing.get_origin(hint) is Annotated:
        found = next((extra for extra in hint.__metadata__ if isinstance(extra, Bound)), None)
        return bound_of(hint.__origin__) if found is None else found
    return next((bound for bound in map(bound_of, typing.get_args(hint)) if bound is not None), None)


def is_number(value: Any) -> bool:
    """Whether a value is an integer or a float, which a truth value is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def matches(value: Any, hint: Any) -> bool:
    """Whether a plain value fits a type hint, bounds left out; a hint that YAML cannot express fits everything.

    An integer is a float (``end_lr: 0``), a truth value is no integer, and a list is any sequence.
    """
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return matches(value, parts[0])
    if hint is None or hint is type(None):
        return value is None
    if _is_union(origin):
        return any(matches(value, part) for part in parts)
    if origin is Literal:
        return any(value == part and type(value) is type(part) for part in parts)
    if hint is bool or hint is str:
        return isinstance(value, hint)
    if hint is int:
        return is_number(value) and isinstance(value, int)
    if hint is float:
        return is_number(value) and math.isfinite(value)
    kind = origin or hint
    if kind in (list, tuple) or kind in (collections.abc.Sequence, collections.abc.Iterable):
        return isinstance(value, (list, tuple)) and _entries_match(value, kind, parts)
    if kind in (dict, collections.abc.Mapping):
        return isinstance(value, dict)
    return True


def _entries_match(values: Sequence[Any], kind: Any, parts: tuple[Any, ...]) -> bool:
    if not parts:
        return True
    if kind is tuple and parts[-1] is not Ellipsis:
        return len(values) == len(parts) and all(map(matches, values, parts))
    return all(matches(value, parts[0]) for value in values)


def describe_hint(hint: Any) -> str:
    """Say in a user's words what a type hint allows, bounds left out; a text in ``Annotated`` says it better."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return next((extra for extra in hint.__metadata__ if isinstance(extra, str)), describe_hint(parts[0]))
    if hint is None or hint is type(None):
        return "null"
    if _is_union(origin):
        return " or ".join(dict.fromkeys(describe_hint(part) for part in parts))
    if origin is Literal:
        return f"one of {', '.join(map(str, parts))}"
    names = {bool: "True or False", int: "an integer", float: "a number", str: "text"}
    kind = origin or hint
    if kind in names:
        return names[kind]
    if kind is tuple and parts and parts[-1] is not Ellipsis:
        return f"a list of {len(parts)} ({', '.join(describe_hint(part) for part in parts)})"
    if kind in (list, tuple, collections.abc.Sequence, collections.abc.Iterable):
        plurals = {bool: "truth values", int: "integers", float: "numbers", str: "texts"}
        return f"a list of {plurals.get(plain(parts[0]), 'entries')}" if parts else "a list"
    if kind in (dict, collections.abc.Mapping):
        return "a mapping of keys to values"
    return getattr(kind, "__name__", str(kind))


def without_null(hint: Any) -> Any:
    """A hint without its None: in YAML a null is a key that is not given."""
    parts = [part for part in typing.get_args(hint) if part is not type(None)]
    return functools.reduce(operator.or_, parts) if _is_union(typing.get_origin(hint)) else hint


def plain(hint: Any) -> Any:
    """A hint without its bound."""
    return hint.__origin__ if typing.get_origin(hint) is Annotated else hint


def resolve_hint(component: Callable[..., Any], annotation: Any) -> Any:
    """The annotation of a parameter of a class or function as a type.

    ``Any`` when there is none, or it names what is imported for type checkers only.
    """
    if annotation is inspect.Parameter.empty:
        return Any
    if not isinstance(annotation, str):
        return annotation
    function = inspect.unwrap(component.__init__ if inspect.isclass(component) else component)
    try:
        return eval(annotation, function.__globals__)  # noqa: S307 (what ``from __future__ import annotations`` put off)
    except NameError:
        return Any


def _is_union(origin: Any) -> bool:
    return origin is Union or origin is types.UnionType
