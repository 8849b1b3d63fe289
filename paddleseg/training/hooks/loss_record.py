# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``losses.jsonl``: the loss of each step to its last digit, with which a run that is repeated is compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import paddle
from paddle import Tensor

from paddleseg.training.hooks.base import Hook
from paddleseg.training.run_facts import LOSSES, read_losses
from paddleseg.utils import distributed as dist
from paddleseg.utils.atomic_file import write_atomically

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class LossRecordHook(Hook):
    """Writes the loss of this process's batches, in the first process alone; fetched from the device now and then.

    Args:
        save_dir: The run's folder.
        intervals: Steps between two fetches: those of the log and of checkpoints, which wait for the device anyway.
    """

    def __init__(self, save_dir: str, intervals: tuple[int, ...]) -> None:
        self._path, self._intervals = Path(save_dir, LOSSES), intervals
        self._steps: list[int] = []
        self._losses: list[Tensor] = []

    def before_train(self, trainer: Trainer) -> None:
        """Take away what a run that was killed had written of steps that are to come again."""
        if dist.rank() == 0 and self._path.exists():
            kept = {step: loss for step, loss in read_losses(self._path.parent).items() if step <= trainer.step}
            write_atomically(self._path, "".join(_line(step, loss) for step, loss in kept.items()).encode())

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if dist.rank() != 0:
            return
        self._steps.append(trainer.step)
        self._losses.append(losses["loss"].astype("float32").reshape([]))
        if any(trainer.step % interval == 0 for interval in self._intervals):
            self._write()

    def after_train(self, trainer: Trainer) -> None:
        self._write()

    def _write(self) -> None:
        if self._steps:
            values = paddle.stack(self._losses).tolist()
            with open(self._path, "a", encoding="utf-8") as file:
                file.writelines(_line(step, loss) for step, loss in zip(self._steps, values))
            self._steps, self._losses = [], []


def _line(step: int, loss: float) -> str:
    return json.dumps({"iter": step, "loss": loss}) + "\n"
