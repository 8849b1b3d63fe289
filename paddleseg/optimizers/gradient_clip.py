# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Gradient clipping by PaddleSeg's ``grad_clip_cfg``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import paddle

from paddleseg.utils.arguments import Fault
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import ABOVE_0, ANY_NUMBER, fault_of

_Limit = Annotated[float, ABOVE_0]
_CLIP_ARGUMENTS = {
    "ClipGradByNorm": {"clip_norm": _Limit},
    "ClipGradByGlobalNorm": {"clip_norm": _Limit},
    "ClipGradByValue": {"max": _Limit, "min": Annotated[float, ANY_NUMBER]},
}


def clip_faults(grad_clip_cfg: Mapping[str, Any] | None) -> Iterator[Fault]:
    """The entries of ``grad_clip_cfg`` that Paddle would not take."""
    if grad_clip_cfg is None:
        return
    arguments = dict(grad_clip_cfg)
    name = arguments.pop("name", None)
    if not (isinstance(name, str) and name in _CLIP_ARGUMENTS):  # YAML may have a list there
        yield "grad_clip_cfg.name", f"found {name!r}; it must be one of {', '.join(_CLIP_ARGUMENTS)}"
        return
    hints = _CLIP_ARGUMENTS[name]
    faults = {}
    for key, value in arguments.items():
        if key in hints:
            faults[key] = fault_of(value, hints[key])
        else:
            faults[key] = f"{name} has no such argument. {suggest(key, hints)}"
    needed = next(iter(hints))
    if needed not in arguments:
        faults[needed] = f"missing; {name} needs it"
    elif "min" in arguments and not any(faults.values()) and arguments["min"] >= arguments["max"]:
        faults["min"] = f"found {arguments['min']}; it must be below max, {arguments['max']}"
    yield from ((f"grad_clip_cfg.{key}", fault) for key, fault in faults.items() if fault is not None)


def gradient_clip(grad_clip_cfg: dict[str, Any] | None) -> paddle.nn.clip.GradientClipBase | None:
    """Build the clipping of ``grad_clip_cfg``, for instance ``{name: ClipGradByNorm, clip_norm: 1.0}``.

    Args:
        grad_clip_cfg: It has no ``clip_faults``; None: no clipping.
    """
    if grad_clip_cfg is None:
        return None
    arguments = dict(grad_clip_cfg)
    return getattr(paddle.nn, arguments.pop("name"))(**arguments)
