# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking plain values against type hints, which include the bounds of numbers.

The hint of a parameter defines what it takes: ``momentum: BelowOne = 0.9``. The constructor, the check of a
configuration and the library's functions all read it there, so that a bound is written once.
"""

from __future__ import annotations

import collections.abc
import functools
import inspect
import math
import operator
import os
import sys
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union


@dataclass(frozen=True)
class Bound:
    """The range of a number; in a list, of each number in it. Infinity is allowed if the range includes it.

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


# Values beyond these are mistyped, and would end in infinity, out of memory or in an endless loop, without naming the
# key. Parameters have 32 bits, in which numbers much below the smallest float are 0.
_MANY, _LARGE, _TINY, _LONGEST_SIDE = 10**9, 1e6, 1e-30, 2**16

AT_LEAST_ONE = Bound(1, _MANY, f"1 or more, at most {_MANY}")
AT_LEAST_ZERO = Bound(0, _MANY, f"0 or more, at most {_MANY}")
NOT_NEGATIVE = Bound(0, _LARGE, f"0 or more, at most {_LARGE:.0f}")
POSITIVE = Bound(_TINY, _LARGE, f"above 0 (at least {_TINY:g}), at most {_LARGE:.0f}")
ABOVE_0 = Bound(math.ulp(0.0), math.inf, "a number above 0")
ANY_NUMBER = Bound(-math.inf, math.inf, "a number")
_FINITE = Bound(-sys.float_info.max, sys.float_info.max, "a finite number")
"""What holds where a hint says float and no more."""
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
    """What is wrong with a value for ``hint``: ``found -1; it must be 1 or more``; None if nothing is."""
    misfit = _misfit(value, hint)
    if misfit is None:
        return None
    return f"found {_shown(value)}; it must be {misfit.words if isinstance(misfit, Bound) else describe_hint(hint)}"


def matches(value: Any, hint: Any) -> bool:
    """Whether a value fits a type hint, bounds left out.

    An integer is a float (``end_lr: 0``), a truth value is not an integer, NaN is not a number, and any sequence is a
    list. A plain value fits a class that it is an instance of; other values certainly do not fit only the plain parts
    of a hint.
    """
    return _misfit(value, hint) is not _WRONG_TYPE


def is_number(value: Any) -> bool:
    """Whether a value is an integer or a float, which a truth value is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_plain(value: Any) -> bool:
    """Whether YAML can express a value, regardless of the content of lists or mappings."""
    return value is None or isinstance(value, (bool, int, float, str, bytes, list, tuple, dict))


def is_meant(value: Any, hint: Any) -> bool:
    """Whether a hint refers to a value as an object rather than to the numbers or text in it.

    That is so if the value is an instance of a class in the hint, or if the hint is only a class.
    """
    parts = typing.get_args(hint) if _is_union(typing.get_origin(hint)) else [hint]
    kinds = [typing.get_origin(part) or part for part in map(plain, parts)]
    classes = [kind for kind in kinds if inspect.isclass(kind) and kind not in _JUDGED or kind is Any]
    return len(classes) == len(kinds) or any(_is_instance(value, kind) for kind in classes)


def expects_mapping(hint: Any) -> bool:
    """Whether a hint takes mappings, and perhaps None, and nothing else."""
    kind = without_null(hint)
    return (typing.get_origin(kind) or kind) in _MAPPINGS


_SEQUENCES = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)
_MAPPINGS = (dict, collections.abc.Mapping)
_JUDGED = (bool, int, float, str, type(None), *_SEQUENCES, *_MAPPINGS)
_WRONG_TYPE = object()
"""What ``_misfit`` says of a value of another type."""


def _misfit(value: Any, hint: Any, bounds: Sequence[Bound] = ()) -> Any:
    """None if a value fits a hint, the bound that it breaks, or ``_WRONG_TYPE``.

    Args:
        value: The value to check.
        hint: A type hint; if it cannot be judged, the value fits.
        bounds: Bounds of the numbers here.
    """
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _misfit(value, parts[0], (*bounds, *_bounds(hint)))
    if _is_union(origin):
        return _misfit_of_any(_misfit(value, part, bounds) for part in parts)
    kind = origin or hint
    if kind in _SEQUENCES:
        return _misfit_of_entries(value, kind, parts, bounds)
    if kind in _MAPPINGS:
        if not isinstance(value, collections.abc.Mapping):
            return _WRONG_TYPE
        entries = (_misfit(entry, parts[1], bounds) for entry in value.values()) if parts else ()
        return _misfit_of_all(entries)
    if not _is_of_kind(value, kind, parts):
        return _WRONG_TYPE
    return next((bound for bound in _bounds_of_number(value, kind, bounds) if not bound.holds(value)), None)


def _misfit_of_all(misfits: Iterable[Any]) -> Any:
    """The misfit of a value whose parts must all fit."""
    found = [misfit for misfit in misfits if misfit is not None]
    return _WRONG_TYPE if _WRONG_TYPE in found else next(iter(found), None)


def _misfit_of_any(misfits: Iterable[Any]) -> Any:
    """The misfit of a value that must fit one of several hints: the bound it breaks if its type is right."""
    found = list(misfits)
    return None if None in found else next((misfit for misfit in found if misfit is not _WRONG_TYPE), _WRONG_TYPE)


def _misfit_of_entries(values: Any, kind: Any, parts: tuple[Any, ...], bounds: Sequence[Bound]) -> Any:
    if not isinstance(values, (list, tuple)):
        return _WRONG_TYPE
    if not parts:
        return None
    if kind is tuple and parts[-1] is not Ellipsis:
        if len(values) != len(parts):
            return _WRONG_TYPE
        return _misfit_of_all(_misfit(value, part, bounds) for value, part in zip(values, parts))
    return _misfit_of_all(_misfit(value, parts[0], bounds) for value in values)


def _is_of_kind(value: Any, kind: Any, parts: tuple[Any, ...]) -> bool:
    if kind is None or kind is type(None):
        return value is None
    if kind is Literal:
        return any(value == part and type(value) is type(part) for part in parts)
    if kind is int:
        return is_number(value) and isinstance(value, int)
    if kind is float:
        return is_number(value) and value == value  # NaN is not equal to itself
    if kind is bool or kind is str:
        return isinstance(value, kind)
    return not (inspect.isclass(kind) and is_plain(value)) or _is_instance(value, kind)


def _is_instance(value: Any, kind: Any) -> bool:
    if kind is Any:  # a class since Python 3.11
        return True
    try:
        return isinstance(value, kind)
    except TypeError:  # not a class, or one without instance checks, like most protocols
        return not inspect.isclass(kind)


def _bounds_of_number(value: Any, kind: Any, bounds: Sequence[Bound]) -> Sequence[Bound]:
    # Whatever its bound, an integer beyond the largest float cannot become one.
    return (*bounds, _FINITE) if kind is float and (not bounds or isinstance(value, int)) else bounds


def _bounds(hint: Any) -> list[Bound]:
    return [extra for extra in hint.__metadata__ if isinstance(extra, Bound)]


def _shown(value: Any) -> str:
    """A value in a message; objects in a list as their class name only, as networks and tensors print whole pages."""
    strange = [entry for entry in value if not is_plain(entry)] if isinstance(value, (list, tuple)) else []
    if strange:
        return f"a list of {type(strange[0]).__name__}"
    try:
        return repr(value)
    except ValueError:  # Python refuses to print integers of more than some thousand digits
        return "an integer of too many digits"


def describe_hint(hint: Any) -> str:
    """Describe for users what a type hint allows, bounds left out; a text in ``Annotated`` takes precedence."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return next((extra for extra in hint.__metadata__ if isinstance(extra, str)), describe_hint(parts[0]))
    if hint is None or hint is type(None):
        return "null"
    if _is_union(origin):
        return " or ".join(dict.fromkeys(describe_hint(part) for part in parts))
    if origin is Literal:
        return f"one of {', '.join(map(str, parts))}"
    names = {bool: "True or False", int: "an integer", float: "a number", str: "text", os.PathLike: "a path"}
    kind = origin or hint
    if kind in names:
        return names[kind]
    if kind is tuple and parts and parts[-1] is not Ellipsis:
        return f"a list of {len(parts)} ({', '.join(describe_hint(part) for part in parts)})"
    if kind in _SEQUENCES:
        plurals = {bool: "truth values", int: "integers", float: "numbers", str: "texts"}
        return f"a list of {plurals.get(plain(parts[0]), 'entries')}" if parts else "a list"
    if kind in _MAPPINGS:
        is_of_integers = [plain(part) for part in parts] == [int, int]
        return f"a mapping of {'whole numbers to whole numbers' if is_of_integers else 'keys to values'}"
    return getattr(kind, "__name__", str(kind))


def without_null(hint: Any) -> Any:
    """A hint without its None: in YAML, null means that the key is not given."""
    parts = [part for part in typing.get_args(hint) if part is not type(None)]
    return functools.reduce(operator.or_, parts) if _is_union(typing.get_origin(hint)) else hint


def plain(hint: Any) -> Any:
    """A hint without its bound."""
    return hint.__origin__ if typing.get_origin(hint) is Annotated else hint


def resolve_hint(component: Callable[..., Any], annotation: Any) -> Any:
    """The annotation of a parameter of a class or function as a type.

    ``Any`` if there is none, or it names something imported only for type checkers.
    """
    if annotation is inspect.Parameter.empty:
        return Any
    if not isinstance(annotation, str):
        return annotation
    function = inspect.unwrap(component.__init__ if inspect.isclass(component) else component)
    try:
        return eval(annotation, function.__globals__)  # noqa: S307 (deferred by ``from __future__ import annotations``)
    except NameError:
        return Any


def _is_union(origin: Any) -> bool:
    return origin is Union or origin is types.UnionType
