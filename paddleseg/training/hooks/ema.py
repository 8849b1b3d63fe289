# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Updating the moving average of the weights after each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from paddle import Tensor

from paddleseg.training.hooks.base import Hook

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class EmaHook(Hook):
    """Updates the moving average after each step that is not skipped."""

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if trainer.last_step_counts:
            trainer.ema.update(trainer.counted_steps)
