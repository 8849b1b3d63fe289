# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The checkpoints of a run: ``iter_N`` at the interval and at the end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from paddle import Tensor

from paddleseg.training import checkpoint
from paddleseg.training.hooks.base import Hook
from paddleseg.utils import distributed as dist

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class CheckpointHook(Hook):
    """Saves ``iter_N`` and keeps the newest few.

    Args:
        interval: Steps between two checkpoints; the last step is always saved.
        save_dir: The run's folder.
        keep: How many are kept; 0 or less keeps all.
    """

    def __init__(self, interval: int, save_dir: str, keep: int) -> None:
        self._interval = interval
        self._save_dir = save_dir
        self._keep = keep

    def before_train(self, trainer: Trainer) -> None:
        if dist.rank() == 0:
            self._save_what_is_missing(trainer)
            checkpoint.prune(self._save_dir, self._keep)  # a killed run may have left one too many

    def _save_what_is_missing(self, trainer: Trainer) -> None:
        """Save the ``iter_N`` that is missing if a run was killed between ``best_model`` and it."""
        start, place = trainer.resumed_from, Path(self._save_dir, f"iter_{trainer.step}")
        is_best = start is not None and start.folder.resolve() == Path(self._save_dir, checkpoint.BEST_MODEL).resolve()
        if is_best and checkpoint.find_checkpoint(place, trainer.step) is None:
            checkpoint.copy_checkpoint(start, place)

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        is_last = trainer.step == trainer.total_steps or trainer.stop_reason is not None
        if trainer.step % self._interval and not is_last:
            return
        with trainer.paused():
            trainer.check_finite()
            trainer.share_statistics()
            trainer.save(os.path.join(self._save_dir, f"iter_{trainer.step}"))
            if dist.rank() == 0:
                checkpoint.prune(self._save_dir, self._keep)
