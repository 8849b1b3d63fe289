# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What an ``optimizer`` section means, in one line for the log."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from paddleseg.registry import OPTIMIZERS, is_built_in

_FROM_BUILDER = ("parameters", "learning_rate")


def describe(optimizer_config: dict[str, Any]) -> str:
    """Say in one line what a valid ``optimizer`` section means, defaults included.

    Example:
        >>> describe({"type": "SGD", "weight_decay": 5e-4})
        'SGD, no momentum (plain SGD), L2 weight decay 0.0005'
    """
    kind = optimizer_config["type"]
    settings = with_defaults(OPTIMIZERS[kind], optimizer_config)
    if not is_built_in(OPTIMIZERS[kind]):
        values = name_values({name: value for name, value in settings.items() if name not in _FROM_BUILDER})
        return f"{kind} ({values})" if values else kind
    parts = [kind, _describe_averages(settings), _describe_decay(kind, settings)]
    for entry in settings["custom_cfg"] or ():
        parts.append(f"parameters with {entry['name']!r}: {_numbers(entry)}")
    if settings["grad_clip_cfg"]:
        parts.append(f"{settings['grad_clip_cfg']['name']} with {_numbers(settings['grad_clip_cfg'])}")
    return ", ".join(parts)


def with_defaults(component: Callable[..., Any], section: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a component: what its section gives, and the defaults of the rest; without ``type``."""
    known = inspect.signature(component).parameters.values()
    defaults = {item.name: item.default for item in known if item.default is not item.empty}
    return {**defaults, **{name: value for name, value in section.items() if name != "type"}}


def name_values(settings: Mapping[str, Any]) -> str:
    """Text such as ``end_lr 0, power 0.9``; values of None are left out."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in settings.items()
        if value is not None
    )


def _describe_averages(settings: dict[str, Any]) -> str:
    if "beta1" in settings:
        return f"betas {settings['beta1']:g} and {settings['beta2']:g}"
    if "rho" in settings:
        momentum = f"momentum {settings['momentum']:g}" if settings["momentum"] else "no momentum"
        return f"rho {settings['rho']:g}, {momentum}" + (", centered" if settings["centered"] else "")
    if settings["momentum"] == 0:
        return "no momentum (plain SGD)"
    return f"momentum {settings['momentum']:g}" + (" (Nesterov)" if settings["nesterov"] else "")


def _describe_decay(kind: str, settings: dict[str, Any]) -> str:
    if not settings["weight_decay"]:
        return "no weight decay"
    form = "decoupled" if kind == "AdamW" else "L2"
    exempt = " (not on normalisation and biases)" if settings["no_decay_on_norm_and_bias"] else ""
    return f"{form} weight decay {settings['weight_decay']:g}{exempt}"


def _numbers(entry: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in entry.items() if key != "name")
