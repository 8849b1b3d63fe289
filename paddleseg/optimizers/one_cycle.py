# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The one-cycle schedule: a rise to the highest rate, then a fall below the first one.

Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates",
arXiv 1708.07120, section 3; the phases and their lengths are those of ``paddle.optimizer.lr.OneCycleLR``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from paddleseg.optimizers.lr_schedulers import WarmupSchedule
from paddleseg.registry import LR_SCHEDULERS
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.type_hints import Bound, Count, NonNegativeFloat, PositiveFloat, Probability

__all__ = ["OneCycleLR"]

_DIVISORS = Bound(1e-6, 1e6, "from 0.000001 to 1000000")


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

    @checks_arguments
    def __init__(
        self,
        learning_rate: PositiveFloat,
        total_steps: Count,
        *,
        divide_factor: Annotated[float, _DIVISORS] = 25.0,
        end_learning_rate: NonNegativeFloat = 0.0001,
        phase_pct: Probability = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        three_phase: bool = False,
    ) -> None:
        self._share_done = _SHARES_DONE[anneal_strategy]
        first = learning_rate / divide_factor
        rise_end = phase_pct * total_steps - 1
        # Ends of the phases, as steps, and the rates there. Not whole numbers: this is Paddle's own arithmetic.
        self._knots = [(0.0, first), (rise_end, learning_rate)]
        if three_phase:
            self._knots.append((2 * phase_pct * total_steps - 2, first))
        self._knots.append((total_steps - 1.0, end_learning_rate))
        super().__init__(learning_rate, total_steps)

    @staticmethod
    def faults(phase_pct: float, three_phase: bool, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if three_phase and phase_pct >= 0.5:
            yield "phase_pct", f"found {phase_pct}; it must be below 0.5 with three_phase"

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
