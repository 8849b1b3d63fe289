# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking a section ``{type: .., argument: ..}`` against the class or function named by its type.

The component itself defines what is valid, see :mod:`paddleseg.utils.arguments`; here file, line and key are added.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from paddleseg.config.merging import INHERIT_KEY
from paddleseg.config.paddleseg_names import advice_for, refused_arguments
from paddleseg.config.problems import Problems, place_of
from paddleseg.models.facts import ModelFacts
from paddleseg.registry import MODELS, TASKS, Registry
from paddleseg.utils.arguments import faults_of, relation_faults_of
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import fault_of


def check_component(
    section: Any,
    registry: Registry,
    key: str,
    problems: Problems,
    *,
    supplied: Collection[str] = (),
    looked_at: Collection[str] = (),
    known: Mapping[str, Any] | None = None,
    since: int | None = None,
    kind: type | None = None,
) -> bool:
    """Check one ``{type: .., argument: ..}``; returns whether its type is known.

    Args:
        section: The section in YAML.
        registry: The registry of its type.
        key: Its dotted key.
        problems: Collects the faults.
        supplied: Parameters that the builder fills in if YAML does not.
        looked_at: Arguments whose values have already been checked.
        known: Known values of the component's context, such as ``num_classes``.
        since: Number of problems before the section was checked; not given: the current number.
        kind: The class that the built object must be of; not given: that of the registry.

    Contradictions between arguments are checked only if nothing else is wrong with them.
    """
    since = len(problems) if since is None else since
    if not isinstance(section, dict):
        problems.add(key, f"found {section!r}; it must be a mapping that begins with type: <{registry.role}>")
        return False
    name = section.get("type")
    if name not in registry:
        article = "an" if registry.role[0] in "aeiou" else "a"
        fault = f"no {registry.role} {name!r}" if "type" in section else f"missing; name {article} {registry.role}"
        usable = _usable(registry)
        problems.add(f"{key}.type", f"{fault}. {advice_for(registry.role, name) or suggest(name, usable)}")
        return False
    component = registry[name]
    fault = _fault_of_class(component, kind or registry.kind)
    if fault is not None:
        problems.add(f"{key}.type", f"{name} {fault}")
        return False
    refused = refused_arguments(registry.role, name)
    arguments = {argument: value for argument, value in section.items() if argument != "type"}
    for argument in refused.keys() & arguments.keys():
        problems.add(f"{key}.{argument}", refused[argument])
    arguments = {argument: value for argument, value in arguments.items() if argument not in refused}
    check_arguments(component, arguments, key, problems, supplied=supplied, reserved=refused, looked_at=looked_at)
    if len(problems) == since:
        for argument, message in relation_faults_of(component, {**arguments, **(known or {})}):
            problems.add(f"{key}.{argument}", message)
    return True


def _usable(registry: Registry) -> list[str]:
    """The names to suggest: for networks those whose task exists."""
    return [name for name in registry if registry is not MODELS or ModelFacts.of(registry[name]).task in TASKS]


def _fault_of_class(component: Callable[..., Any], kind: type | None) -> str | None:
    """Why a class does not fit its registry; for a function this shows when it is called."""
    if not inspect.isclass(component):
        return None
    if kind is not None and not issubclass(component, kind):
        return f"is not a {kind.__module__}.{kind.__name__}; derive it from that"
    lacking = sorted(getattr(component, "__abstractmethods__", ()))
    return f"lacks {', '.join(lacking)}; define it, see {kind.__module__}.{kind.__name__}" if lacking and kind else None


def check_arguments(
    component: Callable[..., Any],
    arguments: Mapping[str, Any],
    key: str,
    problems: Problems,
    *,
    supplied: Collection[str] = (),
    reserved: Collection[str] = (),
    looked_at: Collection[str] = (),
) -> None:
    """Note unknown, missing, mistyped and out-of-range arguments; see :func:`paddleseg.utils.arguments.faults_of`."""
    parameters = inspect.signature(component).parameters
    found = faults_of(component, arguments, supplied=supplied, reserved=reserved, looked_at=looked_at)
    for name, message in found:
        if name in arguments and name not in parameters:
            message += _way_out_if_inherited(name, key, problems)
        problems.add(f"{key}.{name}", message)


def check_value(value: Any, hint: Any, key: str, problems: Problems) -> None:
    """Note a value of the wrong type or out of the bound in its type hint."""
    fault = fault_of(value, hint)
    if fault is not None:
        problems.add(key, fault)


def _way_out_if_inherited(name: str, key: str, problems: Problems) -> str:
    section_file, type_file, file = (
        place_of(inner, problems.sources, problems.path).rpartition(":")[0]
        for inner in (key, f"{key}.type", f"{key}.{name}")
    )
    # Values from flags, such as --opts, have no file.
    if not (file and section_file == type_file != file):
        return ""
    return (
        f". It is inherited from {file}, while the type is from {type_file}: "
        f"write `{INHERIT_KEY}: False` under {key} to leave out what is inherited there"
    )
