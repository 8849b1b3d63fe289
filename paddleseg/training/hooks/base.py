# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What happens around the steps of training: one class each, called in list order.

A hook whose state must survive a resume has ``state_dict`` and ``load_state_dict``.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle import Tensor

from paddleseg.training import checkpoint
from paddleseg.utils import distributed as dist
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class Hook:
    """Does nothing; the base of all hooks."""

    def before_train(self, trainer: Trainer) -> None:
        """Called once, before the first step."""

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        """Called after each optimiser step; ``trainer.step`` counts it already.

        Args:
            trainer: The trainer.
            losses: Detached scalars by name: ``loss`` (the total), then each term.
        """

    def after_train(self, trainer: Trainer) -> None:
        """Called once, after the last step, also when a hook stopped the run."""

    def state_dict(self) -> dict[str, Any]:
        """What has to be saved, as plain values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""


def format_train_line(
    *,
    epoch: int,
    step: int,
    total_steps: int,
    loss: float,
    learning_rate: float,
    batch_cost: float,
    reader_cost: float,
    ips: float,
) -> str:
    """PaddleSeg's line of training progress; scripts parse it, so it stays as it is.

    Args:
        epoch: Number of the epoch, from 1.
        step: Optimiser steps done.
        total_steps: Optimiser steps in all.
        loss: Mean total loss since the last line.
        learning_rate: The rate of the last step.
        batch_cost: Seconds for a step.
        reader_cost: Seconds of it that were spent waiting for data.
        ips: Samples per second of this process.
    """
    eta = int((total_steps - step) * batch_cost)
    return (
        f"[TRAIN] epoch: {epoch}, iter: {step}/{total_steps}, loss: {loss:.4f}, lr: {learning_rate:.6f}, "
        f"batch_cost: {batch_cost:.4f}, reader_cost: {reader_cost:.5f}, ips: {ips:.4f} samples/sec | "
        f"ETA {eta // 3600:02d}:{eta % 3600 // 60:02d}:{eta % 60:02d}"
    )


class ScalarWriter:
    """A VisualDL writer whose file appears with the first figure, and not before the run has begun.

    Args:
        folder: Where the records go.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._writer: Any = None

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Record a figure."""
        if self._writer is None:
            from visualdl import LogWriter

            self._writer = LogWriter(self._folder)
        self._writer.add_scalar(tag, value, step)


class LogHook(Hook):
    """Prints the progress line and, with ``writer``, sends the same numbers to VisualDL.

    Losses are summed on the device and fetched once per line.

    Args:
        interval: Steps between two lines.
        writer: Where the figures are recorded as well, or None.
    """

    def __init__(self, interval: int, writer: ScalarWriter | None = None) -> None:
        self._interval = interval
        self._writer = writer

    def before_train(self, trainer: Trainer) -> None:
        self._restart(trainer)

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        self._count += 1
        if trainer.last_step_counts:
            self._summed += 1
            for name, value in losses.items():
                self._sums[name] = self._sums[name] + value if name in self._sums else value
        if trainer.step % self._interval and trainer.step != trainer.total_steps:
            return
        means = {name: float(value) / self._summed for name, value in self._sums.items()} or {"loss": math.nan}
        trainer.check_finite()
        seconds = time.perf_counter() - self._since - (trainer.paused_seconds - self._paused_before)
        batch_cost = seconds / self._count
        reader_cost = (trainer.reader_seconds - self._reader_before) / self._count
        ips = trainer.samples_per_step / batch_cost
        line = format_train_line(
            epoch=trainer.epoch,
            step=trainer.step,
            total_steps=trainer.total_steps,
            loss=means["loss"],
            learning_rate=trainer.last_learning_rate,
            batch_cost=batch_cost,
            reader_cost=reader_cost,
            ips=ips,
        )
        get_logger().info(line)
        if self._writer is not None:
            rates = {"lr": trainer.last_learning_rate, "batch_cost": batch_cost, "reader_cost": reader_cost, "ips": ips}
            for name, value in {**means, **rates}.items():
                self._writer.add_scalar(f"Train/{name}", value, trainer.step)
        self._restart(trainer)

    def _restart(self, trainer: Trainer) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count = self._summed = 0
        self._since = time.perf_counter()
        self._paused_before = trainer.paused_seconds
        self._reader_before = trainer.reader_seconds


class EmaHook(Hook):
    """Lets the moving average follow each step."""

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        trainer.ema.update(trainer.step)


class CheckpointHook(Hook):
    """Saves ``iter_N`` and keeps the newest few.

    Args:
        interval: Steps between two checkpoints; the last step is saved always.
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
            checkpoint.prune(self._save_dir, self._keep)  # a run that was killed may have left one too many

    def _save_what_is_missing(self, trainer: Trainer) -> None:
        """A run that was killed between ``best_model`` and the ``iter_N`` of the same step goes on from the first."""
        start, place = trainer.resumed_from, Path(self._save_dir, f"iter_{trainer.step}")
        is_best = start is not None and start.resolve() == Path(self._save_dir, checkpoint.BEST_MODEL).resolve()
        if is_best and checkpoint.step_of(place) != trainer.step:
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
