# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The one-cycle schedule: a rise to the highest rate, then a fall below the first one.

Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates",
arXiv 1708.07120, section 3; the phases and their lengths are those of ``paddle.optimizer.lr.OneCycleLR``.
"""

from __future__ import annotations

import math
from typing import Literal

from paddleseg.optimizers.checks import require
from paddleseg.optimizers.lr_schedulers import WarmupSchedule
from paddleseg.registry import LR_SCHEDULERS

__all__ = ["OneCycleLR"]

_OWN_RISE = (
    "OneCycleLR begins with a rise of its own; remove it (`_inherited_: False` under lr_scheduler leaves out what a "
    "base file gives), and set phase_pct and divide_factor"
)


@LR_SCHEDULERS.add_component
class OneCycleLR(WarmupSchedule):
    """Rises from ``learning_rate / divide_factor`` to ``learning_rate``, then falls to ``end_learning_rate``.

    The cycle takes the whole run. There is no other warm-up.

    Args:
        learning_rate: The highest rate; Paddle's ``max_learning_rate``.
        total_steps: Optimiser steps of the whole run.
        divide_factor: The first rate is ``learning_rate`` divided by it.
        end_learning_rate: The rate of the last step.
        phase_pct: Share of the run in which the rate rises.
        anneal_strategy: ``cos`` for half a cosine between two rates, ``linear`` for a straight line.
        three_phase: Fall back to the first rate in as many steps as the rise took, and only then to
            ``end_learning_rate``.

    Raises:
        ConfigError: A value is out of its range.

    Example:
        >>> OneCycleLR(0.1, 101, divide_factor=10.0, phase_pct=0.5).rate_at(0)
        0.01
    """

    refused_arguments = {"warmup_iters": _OWN_RISE, "warmup_start_lr": _OWN_RISE}
    """Arguments that other schedules have; the configuration's check gives these reasons."""

    def __init__(
        self,
        learning_rate: float,
        total_steps: int,
        *,
        divide_factor: float = 25.0,
        end_learning_rate: float = 0.0001,
        phase_pct: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        three_phase: bool = False,
    ) -> None:
        require(divide_factor > 0, "lr_scheduler.divide_factor", divide_factor, "a number above 0")
        require(end_learning_rate >= 0, "lr_scheduler.end_learning_rate", end_learning_rate, "0 or more")
        strategies = " or ".join(_SHARES_DONE)
        require(anneal_strategy in _SHARES_DONE, "lr_scheduler.anneal_strategy", anneal_strategy, strategies)
        require(0 <= phase_pct <= 1, "lr_scheduler.phase_pct", phase_pct, "from 0 to 1")
        if three_phase:
            require(phase_pct < 0.5, "lr_scheduler.phase_pct", phase_pct, "below 0.5 with three_phase")
        self._share_done = _SHARES_DONE[anneal_strategy]
        first = learning_rate / divide_factor
        rise_end = phase_pct * total_steps - 1
        # Ends of the phases, as steps, and the rates there. Not whole numbers: this is Paddle's own arithmetic.
        self._knots = [(0.0, first), (rise_end, learning_rate)]
        if three_phase:
            self._knots.append((2 * phase_pct * total_steps - 2, first))
        self._knots.append((total_steps - 1.0, end_learning_rate))
        super().__init__(learning_rate, total_steps)

    def decayed(self, step: int) -> float:
        """Return the rate of the cycle, see the class; at 0 it is the first one, not ``base_lr``."""
        for (start, start_rate), (end, end_rate) in zip(self._knots, self._knots[1:]):
            if step <= end:
                done = self._share_done((step - start) / (end - start)) if end > start else 0.0
                return start_rate + (end_rate - start_rate) * done
        return self._knots[-1][1]


_SHARES_DONE = {
    "cos": lambda share: (1.0 - math.cos(math.pi * share)) / 2,
    "linear": lambda share: share,
}
