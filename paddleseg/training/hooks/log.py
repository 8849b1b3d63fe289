# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The line of training progress, and the same figures for hooks that send them elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from paddle import Tensor

from paddleseg.training.hooks.base import Hook
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


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
    grad_norm: float,
) -> str:
    """PaddleSeg's line of training progress, unchanged because scripts parse it; the norm follows it.

    Args:
        epoch: Number of the epoch, from 1.
        step: Optimiser steps done.
        total_steps: Total optimiser steps.
        loss: Mean total loss since the last line.
        learning_rate: The rate of the last step.
        batch_cost: Seconds per step.
        reader_cost: Seconds of it spent waiting for data.
        ips: Samples per second of this process.
        grad_norm: L2 norm of all gradients of the last step, before clipping.
    """
    eta = int((total_steps - step) * batch_cost)
    return (
        f"[TRAIN] epoch: {epoch}, iter: {step}/{total_steps}, loss: {loss:.4f}, lr: {learning_rate:.6f}, "
        f"batch_cost: {batch_cost:.4f}, reader_cost: {reader_cost:.5f}, ips: {ips:.4f} samples/sec | "
        f"ETA {eta // 3600:02d}:{eta % 3600 // 60:02d}:{eta % 60:02d} | grad_norm: {grad_norm:.4g}"
    )


class LogHook(Hook):
    """Prints the progress line and publishes its numbers, see ``Trainer.publish``.

    A task with ``logs_terms`` gets a second line with the terms of its loss, as returned by the task; those of all
    tasks are published. Losses are summed on the device and fetched once per line. Steps that overflowed in fp16 are
    counted
    beside it.

    Args:
        interval: Steps between two lines.
    """

    def __init__(self, interval: int) -> None:
        self._interval = interval

    def before_train(self, trainer: Trainer) -> None:
        self._restart(trainer)

    def before_update(self, trainer: Trainer) -> None:
        if self._is_due(trainer.step + 1, trainer):  # other steps save the time
            self._gradient_norm = trainer.gradient_norm()

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        self._count += 1
        if trainer.last_loss_counts:
            self._summed += 1
            for name, value in losses.items():
                self._sums[name] = self._sums[name] + value if name in self._sums else value
        if not self._is_due(trainer.step, trainer):
            return
        means = {name: float(value) / self._summed for name, value in self._sums.items()} or {"loss": math.nan}
        trainer.check_finite()
        seconds = time.perf_counter() - self._since - (trainer.paused_seconds - self._paused_before)
        batch_cost = seconds / self._count
        reader_cost = (trainer.reader_seconds - self._reader_before) / self._count
        ips = trainer.samples_per_step / batch_cost
        grad_norm = float(self._gradient_norm)
        line = format_train_line(
            epoch=trainer.epoch,
            step=trainer.step,
            total_steps=trainer.total_steps,
            loss=means["loss"],
            learning_rate=trainer.last_learning_rate,
            batch_cost=batch_cost,
            reader_cost=reader_cost,
            ips=ips,
            grad_norm=grad_norm,
        )
        get_logger().info(line)
        terms = [f"{name} {value:.4f}" for name, value in means.items() if name != "loss"]
        if terms and trainer.task.logs_terms:
            get_logger().info("terms of the loss: %s", ", ".join(terms))
        overflowed = trainer.overflows.count - self._overflows_before
        if overflowed:
            get_logger().info(
                "%d of these %d steps changed nothing: their scaled gradients overflowed in fp16 (%d in all)",
                overflowed, self._count, trainer.overflows.count,
            )  # fmt: skip
        rates = {"lr": trainer.last_learning_rate, "batch_cost": batch_cost, "reader_cost": reader_cost, "ips": ips}
        trainer.publish({f"Train/{name}": value for name, value in {**means, **rates, "grad_norm": grad_norm}.items()})
        self._restart(trainer)

    def after_train(self, trainer: Trainer) -> None:
        if trainer.overflows.count:
            get_logger().info(
                "%d of %d steps changed nothing: their scaled gradients overflowed in fp16",
                trainer.overflows.count, trainer.step,
            )  # fmt: skip

    def _is_due(self, step: int, trainer: Trainer) -> bool:
        return step % self._interval == 0 or step == trainer.total_steps

    def _restart(self, trainer: Trainer) -> None:
        self._overflows_before = trainer.overflows.count
        self._sums: dict[str, Tensor] = {}
        self._count = self._summed = 0
        self._since = time.perf_counter()
        self._paused_before = trainer.paused_seconds
        self._reader_before = trainer.reader_seconds
