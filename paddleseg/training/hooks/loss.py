# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Hooks that watch the loss: for a schedule that depends on it, and for spikes."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from paddle import Tensor

from paddleseg.training.hooks.base import Hook
from paddleseg.utils import distributed as dist
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class PlateauHook(Hook):
    """Passes each step's loss to a schedule that depends on it; it comes before the hooks that save.

    The loss is fetched from the device in every step.

    Args:
        observe: Takes the mean loss over all processes, so that their learning rates stay equal.
    """

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if trainer.last_step_counts:
            self._observe(dist.mean_over_processes(losses["loss"]))


class SpikeHook(Hook):
    """Warns when the mean loss of some steps is several times the previous level.

    Args:
        interval: Steps in each mean; the loss is fetched from the device as often.
        factor: How many times the median of previous means counts as a spike.
        window: Number of previous means in the median; there is no warning before half as many exist.
    """

    def __init__(self, interval: int, factor: float = 4.0, window: int = 20) -> None:
        self._interval = interval
        self._factor = factor
        self._means: deque[float] = deque(maxlen=window)
        self._sum: Tensor | float = 0.0
        self._count = 0

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if trainer.last_step_counts:
            self._sum = self._sum + losses["loss"]
            self._count += 1
        if trainer.step % self._interval or not self._count:
            return
        mean = float(self._sum) / self._count
        self._sum, self._count = 0.0, 0
        if len(self._means) >= self._means.maxlen // 2:
            usual = statistics.median(self._means)
            if mean > self._factor * usual:
                get_logger().warning(
                    "the loss jumped to %.4f at iter %d, from about %.4f before; if it stays there, resume an earlier "
                    "checkpoint with a lower learning rate or optimizer.grad_clip_cfg",
                    mean, trainer.step, usual,
                )  # fmt: skip
        self._means.append(mean)
