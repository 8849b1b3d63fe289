# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What runs of older versions did by default, not recorded in their configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddleseg.tasks.distillation import TEACHER

_NETWORKS = ("DDRNet_23_slim", "DDRNet_23", "DDRNet_39")
UNWRITTEN: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "lr_scheduler": (("PolynomialDecay",), {"power": 1.0, "end_lr": 0.0001}),
    "model": (_NETWORKS, {"padding_mode": "official"}),
}
"""Section -> the types it is about, and the arguments that held where the section did not name them."""

UNRECORDED: dict[str, Any] = {"freeze": "nothing", TEACHER: "none"}
"""What older checkpoints do not say of what makes two runs the same one, and what held."""


def complete_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A run's settings, read from its checkpoint, completed by those that an older version did not write."""
    complete = dict(settings)
    for name, (types, arguments) in UNWRITTEN.items():
        section = settings.get(name)
        if isinstance(section, dict) and section.get("type") in types:
            complete[name] = {**arguments, **section}
    return complete
