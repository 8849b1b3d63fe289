# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of the arguments of a class or function, by its own signature.

Names, defaults and type hints with their bounds (see :mod:`paddleseg.utils.type_hints`) are the schema. What hints
cannot express, contradictions between arguments, a component reports itself by ``faults``: a static method of a class,
or an
attribute of a function, that takes arguments by name and yields (argument, what was found and what is allowed). It is
called with arguments of correct types and bounds, once all those without a default are known.

A constructor refuses by :func:`checks_arguments`, the check of a configuration collects by :func:`faults_of`.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from paddleseg.utils.errors import raise_faults
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import expects_mapping, fault_of, is_meant, is_plain, resolve_hint

Fault = tuple[str, str]
"""Name of an argument, or dotted place within it, and what is wrong with it."""

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def faults_of(
    component: Callable[..., Any],
    arguments: Mapping[str, Any],
    *,
    supplied: Collection[str] = (),
    reserved: Collection[str] = (),
    looked_at: Collection[str] = (),
) -> Iterator[Fault]:
    """Faults of the arguments one by one: unknown, missing, of a wrong type, out of their bounds.

    Args:
        component: The class or function that will be called.
        arguments: Plain values by name.
        supplied: Parameters that the caller fills in when they are not given.
        reserved: Parameters that only the caller may fill in; messages do not mention them.
        looked_at: Arguments whose values have already been checked.
    """
    parameters = inspect.signature(component).parameters.values()
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    named = {parameter.name: parameter for parameter in parameters if parameter.kind in _NAMED}
    for name, value in arguments.items():
        if name in named and name not in looked_at:
            fault = fault_of(value, resolve_hint(component, named[name].annotation))
            if fault is not None:
                yield name, fault
        elif name not in named and not takes_any:
            known = [parameter for parameter in named if parameter not in reserved]
            yield name, f"{component.__name__} has no such argument. {suggest(name, known)}"
    for name, parameter in named.items():
        if parameter.default is parameter.empty and not {name} & {*arguments, *supplied, *reserved}:
            yield name, f"missing; {component.__name__} needs it"


def relation_faults_of(component: Callable[..., Any], arguments: Mapping[str, Any]) -> Iterator[Fault]:
    """Contradictions between individually valid arguments, as reported by the component itself.

    Args:
        component: The class or function that will be called.
        arguments: Plain values by name, and further known values of the component's context, such as ``num_classes``.
            Other parameters have their defaults.
    """
    faults = getattr(component, "faults", None)
    if faults is None:
        return
    known = {**_defaults(component), **arguments}
    if _defaults(faults, empty_too=True).keys() - _defaults(faults).keys() <= known.keys():
        yield from faults(**known) or ()


def checks_arguments(
    function: Any = None, *, faults: Callable[..., Iterator[Fault]] | None = None, unchecked: Collection[str] = ()
) -> Any:
    """Make a constructor refuse wrong arguments; a decorator of an ``__init__`` or of a function that builds something.

    It refuses what the check of a configuration would refuse. Numbers and arrays of numpy and Paddle count as plain
    numbers and lists, and paths as text; numbers are passed on as plain ones, the others unchanged. Values that YAML
    cannot express, such as functions, are left to the constructor, and contradictions are then not checked.

    Args:
        function: The decorated function.
        faults: For functions: their ``faults``, see the module. A class has a method for it.
        unchecked: Arguments given only by code, and too long to check.

    Raises (when called):
        ConfigError: Arguments are wrong; the message names all of them.

    Example:
        >>> class Blur:
        ...     @checks_arguments
        ...     def __init__(self, prob: Probability = 0.5) -> None: ...
        >>> Blur(prob=2)
        Traceback (most recent call last):
        paddleseg.utils.errors.ConfigError: Blur: prob: found 2; it must be from 0 to 1
    """
    if function is None:
        return functools.partial(checks_arguments, faults=faults, unchecked=unchecked)
    signature = inspect.signature(function)
    own_name = next(iter(signature.parameters)) if _is_method(function) else None
    left_alone = {own_name, *unchecked}

    @functools.cache
    def hints() -> dict[str, Any]:  # on the first call, when all names in the hints are defined
        return {name: resolve_hint(function, item.annotation) for name, item in signature.parameters.items()}

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # Python's own message on a wrong call is the best
        component = checked if own_name is None else _constructed(type(bound.arguments[own_name]), function)
        known, found, all_judged = {}, [], True
        for holder, name, parameter in _by_name(bound):
            if name in left_alone:
                continue
            value, hint = holder[name], hints()[parameter]
            known[name] = given = value if is_meant(value, hint) else _as_plain(value)
            if is_plain(given) or expects_mapping(hint):
                fault = fault_of(given, hint)
                found += [] if fault is None else [(name, fault)]
            else:
                all_judged &= is_meant(value, hint)
            if isinstance(given, (bool, int, float)):  # also for numpy's and Paddle's
                holder[name] = given
        raise_faults(component.__name__, found)
        if all_judged:
            raise_faults(component.__name__, list(relation_faults_of(component, known)))
        return function(*bound.args, **bound.kwargs)

    if faults is not None:
        checked.faults = faults
    return checked


def _is_method(function: Callable[..., Any]) -> bool:
    """Whether a function is defined in a class body."""
    owner = function.__qualname__.rpartition(".")[0]
    return bool(owner) and not owner.endswith("<locals>")


def _constructed(kind: type, constructor: Callable[..., Any]) -> type:
    """The class among ``kind`` and its bases that ``constructor`` belongs to; a subclass may have called it.

    The constructor may have been wrapped again; if it has been replaced, the result is ``kind`` itself.
    """
    own = inspect.unwrap(constructor)
    return next((owner for owner in kind.__mro__ if inspect.unwrap(owner.__init__) is own), kind)


def _by_name(bound: inspect.BoundArguments) -> Iterator[tuple[dict[str, Any], str, str]]:
    """The place of each named argument, its name and its parameter's, which differs in ``**kwargs``."""
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            yield from ((value, key, name) for key in value)
        elif kind is not inspect.Parameter.VAR_POSITIONAL:
            yield bound.arguments, name, name


def _defaults(function: Callable[..., Any], *, empty_too: bool = False) -> dict[str, Any]:
    """The defaults of a function's named parameters."""
    parameters = inspect.signature(function).parameters.values()
    return {
        item.name: item.default
        for item in parameters
        if item.kind in _NAMED and (empty_too or item.default is not item.empty)
    }


def _as_plain(value: Any) -> Any:
    """Sequences as lists, paths as text, and numpy's and Paddle's numbers and arrays as plain ones, at any depth."""
    if isinstance(value, (list, tuple, range)):
        return [_as_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _as_plain(entry) for key, entry in value.items()}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.tolist() if hasattr(value, "tolist") else value
