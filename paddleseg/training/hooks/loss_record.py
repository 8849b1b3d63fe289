# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``losses.jsonl``: the loss of each step to its last digit, to compare a repeated run with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import paddle
from paddle import Tensor

from paddleseg.reports.run_records import append_records
from paddleseg.training.hooks.base import Hook
from paddleseg.training.run_facts import LOSS, LOSSES
from paddleseg.utils import distributed as dist
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class LossRecordHook(Hook):
    """Writes the loss of this process's batches, only in the first process; fetched from the device now and then.

    Args:
        save_dir: The run's folder.
        intervals: Steps between two fetches: those of the log and of checkpoints, which wait for the device anyway.
    """

    def __init__(self, save_dir: str, intervals: tuple[int, ...]) -> None:
        self._path, self._intervals = Path(save_dir, LOSSES), intervals
        self._steps: list[int] = []
        self._losses: list[Tensor] = []
        self._has_failed = False

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if dist.rank() != 0:
            return
        self._steps.append(trainer.step)
        self._losses.append(losses["loss"].astype("float32").reshape([]))
        if trainer.step == trainer.total_steps or any(trainer.step % interval == 0 for interval in self._intervals):
            self._write()

    def after_train(self, trainer: Trainer) -> None:
        self._write()

    def _write(self) -> None:
        if not self._losses:
            return
        values = paddle.stack(self._losses).tolist()
        try:
            append_records(self._path, [(step, {LOSS: loss}) for step, loss in zip(self._steps, values)])
        except OSError as error:  # not worth losing a training
            if not self._has_failed:
                get_logger().warning("%s: cannot be written (%s)", self._path, error.strerror or error)
            self._has_failed = True
        self._steps, self._losses = [], []
