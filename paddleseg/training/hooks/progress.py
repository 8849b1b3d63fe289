# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The progress bar of a training."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from paddle import Tensor

from paddleseg.training.hooks.base import Hook
from paddleseg.utils.progress import Progress

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class ProgressHook(Hook):
    """Shows on a terminal how many steps are done and how long the rest takes; elsewhere the log's lines say it."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._paused_seconds = 0.0

    def before_train(self, trainer: Trainer) -> None:
        shown = not _lines_come_later()
        self._bar = Progress("training", trainer.total_steps, "step", done=trainer.step, shown=shown, lines=False)
        self._paused_seconds = trainer.paused_seconds

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        self._bar.leave_out(trainer.paused_seconds - self._paused_seconds)
        self._paused_seconds = trainer.paused_seconds
        self._bar.update()

    def close(self) -> None:
        """Remove the bar, however the training ended."""
        if self._bar is not None:
            self._bar.close()


def _lines_come_later() -> bool:
    """Whether standard output goes through another program, such as tee: its lines would break into the bar."""
    try:
        return stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):  # no file
        return False
