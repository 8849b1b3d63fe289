# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking the YAML arguments of a component against the signature of its class or function.

The constructors' own names, defaults and type hints are the schema; only the ranges of numbers are written
here.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from paddleseg.config.load import INHERIT_KEY
from paddleseg.config.problems import Problems, place_of
from paddleseg.registry import Registry, is_built_in
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import describe_hint, is_number, matches, resolve_hint

MAX_CLASSES = 255
"""Labels have 8 bits, and one of their 256 values is left for the pixels to ignore."""

_ABOVE_ZERO, _BELOW_ONE = math.ulp(0.0), math.nextafter(1.0, 0.0)
# What numbers may be, by the whole key or by the name of the argument wherever it occurs in the toolkit's own parts:
# lowest, highest (None: no bound), in words. In a list each number is held to it.
# What is beyond these was mistyped, and would end in infinity, a lack of memory or an endless loop, without a word of
# the key. Parameters are of 32 bits, in which much less than the smallest float is 0.
_MANY, _LONGEST_SIDE, _LARGE, _TINY = 10**9, 2**16, 1e6, 1e-30
_ZERO_OR_MORE = (0, _LARGE, f"0 or more, at most {_LARGE:.0f}")
_POSITIVE = (_TINY, _LARGE, f"above 0, at most {_LARGE:.0f}")
_COUNT = (1, _MANY, f"1 or more, at most {_MANY}")
_COUNT_OR_NONE = (0, _MANY, f"0 or more, at most {_MANY}")
_SIDE = (1, _LONGEST_SIDE, f"1 or more, at most {_LONGEST_SIDE}")
_RANGES: dict[str, tuple[float, float | None, str]] = {
    name: bounds
    for bounds, names in (
        (_COUNT, "batch_size iters epochs grad_accum_steps decay_steps T_max step_size min_K loop_times"),
        (_COUNT_OR_NONE, "patience cooldown max_skipped_steps warmup_iters milestones min_kept"),
        (_ZERO_OR_MORE, "min_lr end_learning_rate warmup_start_lr end_lr eta_min weight_decay lr_scheduler.epsilon"),
        (_ZERO_OR_MORE, "weight coef scale_step_size"),
        (_POSITIVE, "learning_rate power epsilon"),
        ((1e-6, _LARGE, "from 0.000001 to 1000000"), "std divide_factor"),
        ((1, 10**7, "1 or more, at most 10000000"), "num_samples"),
        ((0, 2**31 - 1, f"0 or more, at most {2**31 - 1}"), "seed"),
        (_SIDE, "size crop_size target_size stride short_size long_size size_divisor"),
        (_SIDE, "min_value max_value max_short min_short max_long min_long"),
        ((1, 10000, "1 or more, at most 10000"), "in_channels img_channels"),
        ((_ABOVE_ZERO, 100, "above 0, at most 100"), "scales min_scale_factor max_scale_factor"),
        ((0, 1, "from 0 to 1"), "prob brightness_prob contrast_prob saturation_prob hue_prob sharpness_prob"),
        ((_ABOVE_ZERO, 1, "above 0, at most 1"), "lr_scheduler.gamma thresh top_k_percent_pixels"),
        ((0, _BELOW_ONE, "from 0 to below 1"), "momentum beta1 beta2 rho ema_decay"),
        ((1, MAX_CLASSES, f"from 1 to {MAX_CLASSES}, for labels have 8 bits"), "num_classes"),
        ((0, 255, "from 0 to 255, for labels have 8 bits"), "ignore_index"),
    )
    for name in names.split()
}
# Those that mean the same in a user's own parts.
_SHARED_RANGES = {
    name: _RANGES[name] for name in ("num_classes", "in_channels", "img_channels", "ignore_index", "learning_rate")
}


def check_component(
    section: Any,
    registry: Registry,
    key: str,
    problems: Problems,
    *,
    supplied: Sequence[str] = (),
    forbidden: Mapping[str, str] | None = None,
) -> bool:
    """Check one ``{type: .., argument: ..}``; returns whether its type is known."""
    if not isinstance(section, dict):
        problems.add(key, f"found {section!r}; it must be a mapping that begins with type: <{registry.role}>")
        return False
    kind = section.get("type")
    if kind not in registry:
        article = "an" if registry.role[0] in "aeiou" else "a"
        fault = f"no {registry.role} {kind!r}" if "type" in section else f"missing; name {article} {registry.role}"
        # Imported here, for it brings Paddle, which looking at transforms alone must not need.
        from paddleseg.models.facts import ModelFacts

        usable = [name for name in registry if ModelFacts.of(registry[name]).task == "segmentation"]
        advice = registry.advice_for(kind) or suggest(kind, usable)
        problems.add(f"{key}.type", f"{fault}. {advice}")
        return False
    arguments = {name: value for name, value in section.items() if name != "type"}
    check_arguments(registry[kind], arguments, key, problems, supplied=supplied, forbidden=forbidden)
    return True


def check_arguments(
    component: Callable[..., Any],
    arguments: Mapping[str, Any],
    key: str,
    problems: Problems,
    *,
    supplied: Sequence[str] = (),
    forbidden: Mapping[str, str] | None = None,
) -> None:
    """Note unknown, missing, mistyped and out-of-range arguments.

    Args:
        component: The class or function that will be called.
        arguments: What YAML gives, without ``type``.
        key: Dotted key of the mapping the arguments stand in.
        problems: Takes what is found.
        supplied: Parameters that the builder fills in when YAML does not.
        forbidden: Parameters that only the builder may fill in, and what to write instead.
    """
    parameters = inspect.signature(component).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    named = {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    forbidden = {**(forbidden or {}), **getattr(component, "refused_arguments", {})}
    ranges = _RANGES if is_built_in(component) else _SHARED_RANGES
    for name, value in arguments.items():
        if name in forbidden:
            problems.add(f"{key}.{name}", forbidden[name])
        elif name in named:
            hint = resolve_hint(component, named[name].annotation)
            check_value(value, hint, f"{key}.{name}", problems, ranges)
        elif not takes_any:
            allowed = [parameter for parameter in named if parameter not in forbidden]
            problems.add(f"{key}.{name}", _unknown_argument(component, name, key, allowed, problems))
    for name, parameter in named.items():
        if parameter.default is parameter.empty and not {name} & {*arguments, *supplied, *forbidden}:
            problems.add(f"{key}.{name}", f"missing; {component.__name__} needs it")


def check_value(value: Any, hint: Any, key: str, problems: Problems, ranges: Mapping[str, Any] = _RANGES) -> None:
    """Note a value of the wrong type, or a number out of the range that goes with the end of its key."""
    if not matches(value, hint):
        problems.add(key, f"found {value!r}; it must be {describe_hint(hint)}")
        return
    low, high, words = ranges.get(key) or ranges.get(key.rpartition(".")[2], (None, None, ""))
    if low is None:
        return
    for number in value if isinstance(value, list) else [value]:
        if not is_number(number):
            continue
        if number < low or (high is not None and number > high):
            problems.add(key, f"found {value!r}; it must be {words}")
            return


def _unknown_argument(
    component: Callable[..., Any], name: str, key: str, allowed: Sequence[str], problems: Problems
) -> str:
    message = f"{component.__name__} has no such argument. {suggest(name, allowed)}"
    section_file, type_file, file = (
        place_of(inner, problems.sources, problems.path).rpartition(":")[0]
        for inner in (key, f"{key}.type", f"{key}.{name}")
    )
    # What a flag gave, such as --opts, has no file.
    if file and section_file == type_file != file:
        message += (
            f". It is inherited from {file}, while the type is from {type_file}: "
            f"write `{INHERIT_KEY}: False` under {key} to leave out what is inherited there"
        )
    return message
