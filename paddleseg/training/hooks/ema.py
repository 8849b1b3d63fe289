# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The moving average of the weights follows each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from paddle import Tensor

from paddleseg.training.hooks.base import Hook

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class EmaHook(Hook):
    """Lets the moving average follow each step."""

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        trainer.ema.update(trainer.step)
