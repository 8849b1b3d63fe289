# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Settings that a configuration leaves open, which a resumed run takes from its beginning."""

from __future__ import annotations

from typing import Any

from paddleseg.config.load import Config
from paddleseg.models.weights import read_weights
from paddleseg.optimizers import name_values
from paddleseg.training.checkpoint import CONFIG, WEIGHTS, Checkpoint
from paddleseg.training.older_runs import UNWRITTEN, complete_settings
from paddleseg.utils.logging import get_logger
from paddleseg.utils.yaml_text import read_yaml


def keep_settings(config: Config, start: Checkpoint) -> None:
    """Take from a checkpoint unnamed settings that a version or the weights may decide differently.

    All other differences are the user's choice.
    """
    if not start.has(CONFIG):
        _keep_padding_mode(config, start)
        return
    before = complete_settings(read_yaml(str(start.folder / CONFIG))[0])
    kept: dict[str, Any] = {}
    for name, (types, arguments) in UNWRITTEN.items():
        section, former = config.section(name), before.get(name)
        if section.get("type") not in types or not isinstance(former, dict) or former.get("type") != section["type"]:
            continue
        for key, default in arguments.items():
            if config.names(f"{name}.{key}"):
                continue
            if former[key] != section.get(key, default):
                kept[f"{name}.{key}"] = former[key]
            section[key] = former[key]
    if kept:
        get_logger().info(
            "kept from the start of the run, because the configuration does not say: %s", name_values(kept)
        )


def _keep_padding_mode(config: Config, start: Checkpoint) -> None:
    """Take the padding mode from the weights if a checkpoint, such as ``core.train``'s, has no configuration."""
    _, meta = read_weights(start.folder / WEIGHTS)
    section, former = config.section("model"), (meta or {}).get("padding_mode")
    if section.get("type") in UNWRITTEN["model"][0] and former is not None:
        section.setdefault("padding_mode", former)


def record_padding_mode(config: Config, model: Any) -> None:
    """Write the weights' padding mode into the configuration, and so into the run's folder."""
    if getattr(model, "padding_mode_is_named", True) is False:
        config.section("model")["padding_mode"] = model.padding_mode
