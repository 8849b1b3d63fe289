# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Gradient clipping by PaddleSeg's ``grad_clip_cfg``."""

from __future__ import annotations

from typing import Any

import paddle

from paddleseg.optimizers.checks import require
from paddleseg.utils.errors import ConfigError

_CLIP_ARGUMENTS = {
    "ClipGradByNorm": ("clip_norm",),
    "ClipGradByGlobalNorm": ("clip_norm",),
    "ClipGradByValue": ("max", "min"),
}


def gradient_clip(grad_clip_cfg: dict[str, Any] | None) -> paddle.nn.clip.GradientClipBase | None:
    """Build what ``grad_clip_cfg`` describes, ``{name: ClipGradByNorm, clip_norm: 1.0}`` for instance; None for None.

    Raises:
        ConfigError: The name, a key or a value is not one that Paddle takes.
    """
    if grad_clip_cfg is None:
        return None
    arguments = dict(grad_clip_cfg)
    name = arguments.pop("name", None)
    is_known = isinstance(name, str) and name in _CLIP_ARGUMENTS  # YAML may have a list there
    require(is_known, "optimizer.grad_clip_cfg.name", name, f"one of {', '.join(_CLIP_ARGUMENTS)}")
    allowed = _CLIP_ARGUMENTS[name]
    for key, value in arguments.items():
        require(
            key in allowed,
            "optimizer.grad_clip_cfg key",
            key,
            f"name or, for {name}, {' or '.join(allowed)}",
        )
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_valid = is_number and (value > 0 or key == "min")
        require(is_valid, f"optimizer.grad_clip_cfg.{key}", value, "a number above 0")
    if allowed[0] not in arguments:
        raise ConfigError(f"optimizer.grad_clip_cfg lacks {allowed[0]}, which {name} needs")
    if "min" in arguments:
        is_valid = arguments["min"] < arguments["max"]
        require(is_valid, "optimizer.grad_clip_cfg.min", arguments["min"], f"below max, {arguments['max']}")
    return getattr(paddle.nn, name)(**arguments)
