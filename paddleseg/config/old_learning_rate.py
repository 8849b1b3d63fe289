# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's first form of a schedule, ``learning_rate: {value: 0.01, decay: {type: poly, power: 0.9}}``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from paddleseg.config.problems import place_of
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.type_hints import is_number
from paddleseg.utils.yaml_text import to_yaml

_OLD, _NEW = "learning_rate", "lr_scheduler"


def translate_learning_rate(data: dict[str, Any], sources: dict[str, str], path: str) -> None:
    """Replace an old ``learning_rate`` that means one of our schedules by ``lr_scheduler``, and log it.

    If ``lr_scheduler`` exists too, it takes precedence, as in PaddleSeg. Anything else is left to the check, which
    refuses the key with advice.

    Args:
        data: A configuration merged over its bases; it is changed.
        sources: The place of each dotted key; gains those of the new section.
        path: The configuration file.

    Raises:
        ConfigError: A list of rates has invalid values, or rises.
    """
    old = data.get(_OLD)
    if not isinstance(old, dict):
        return
    place = place_of(_OLD, sources, path)
    if data.get(_NEW):
        del data[_OLD]
        get_logger().warning("%s: learning_rate is ignored, because lr_scheduler is given too", place)
        return
    try:
        schedule = _schedule_of(old)
    except ValueError as fault:
        raise ConfigError(f"{place_of(f'{_OLD}.value', sources, path)}: {_OLD}.value: {fault}") from None
    if schedule is None:
        return
    del data[_OLD]
    data[_NEW] = schedule
    sources.update({_NEW: place, **{f"{_NEW}.{name}": place for name in schedule}})
    get_logger().warning(
        "%s: learning_rate is an old form; it is read as lr_scheduler: %s", place, to_yaml(schedule).strip()
    )


def _schedule_of(old: Mapping[str, Any]) -> dict[str, Any] | None:
    """The equivalent section ``lr_scheduler``; None if there is none.

    Missing values get the defaults of Paddle's classes, which PaddleSeg called, except ``end_lr``, which it set to 0;
    without ``decay`` PaddleSeg's own.

    Raises:
        ValueError: See ``_multi_step``.
    """
    value, decay = old.get("value"), old.get("decay", {"type": "poly", "power": 0.9})
    if not isinstance(decay, dict) or set(old) - {"value", "decay"}:
        return None
    settings = {name: item for name, item in decay.items() if name != "type"}
    if decay.get("type") == "poly":
        if set(settings) - {"power", "end_lr", "decay_steps"}:
            return None
        return {"type": "PolynomialDecay", "learning_rate": value, "end_lr": 0, "power": 1.0, **settings}
    if decay.get("type") == "stepdecay" and "step_size" in settings and not set(settings) - {"step_size", "gamma"}:
        return {"type": "StepDecay", "learning_rate": value, "gamma": 0.1, **settings}
    if decay.get("type") == "piecewise" and set(settings) == {"boundaries"}:
        return _multi_step(value, settings["boundaries"])
    return None


def _multi_step(values: Any, boundaries: Any) -> dict[str, Any] | None:
    """A list of rates with constant ratio, as ``MultiStepDecay``.

    Raises:
        ValueError: No ``MultiStepDecay`` can have these rates; says what was found and what is allowed.
    """
    are_lists = isinstance(values, list) and isinstance(boundaries, list) and len(values) == len(boundaries) + 1 >= 2
    if not are_lists or not all(map(is_number, values)):
        return None
    ratios = []
    if all(0 < value < math.inf for value in values):
        ratios = [later / earlier for earlier, later in zip(values, values[1:])]
    if not (ratios and all(0 < ratio <= 1 for ratio in ratios)):
        raise ValueError(
            f"found {values}; a list must hold finite numbers above 0, each the same fraction (above 0, at most 1) "
            "of the one before, e.g. [0.1, 0.01, 0.001]"
        )
    gamma = float(f"{ratios[0]:.12g}")  # 0.1 rather than 0.09999999999999999
    if not all(math.isclose(ratio, gamma, rel_tol=1e-6) for ratio in ratios):
        return None
    return {"type": "MultiStepDecay", "learning_rate": values[0], "milestones": boundaries, "gamma": gamma}
