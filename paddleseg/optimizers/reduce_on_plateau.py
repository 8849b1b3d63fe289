# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A rate that is reduced when training stops improving; Paddle's rules and names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from paddleseg.optimizers.lr_schedulers import WarmupSchedule
from paddleseg.registry import LR_SCHEDULERS
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.type_hints import Bound, Count, CountOrZero, NonNegativeFloat, PositiveFloat

__all__ = ["ReduceOnPlateau"]

_REDUCTIONS = Bound(math.ulp(0.0), math.nextafter(1.0, 0.0), "above 0 and below 1")
_STATE = ("reduced_lr", "best", "num_bad", "cooldown_left")


@LR_SCHEDULERS.add_component
class ReduceOnPlateau(WarmupSchedule):
    """Multiplies the rate by ``factor`` after more than ``patience`` figures in a row without improvement.

    The only schedule here that depends on results: `observe` gets them. The loss comes with every optimiser step, as
    in PaddleSeg, and is that of a single batch; the score of the task comes with every evaluation, and is the steadier
    guide. Figures during the warm-up are ignored.

    Args:
        learning_rate: See `WarmupSchedule`.
        total_steps: See `WarmupSchedule`.
        metric: The figure that must improve: ``loss``, the total loss of each step, or the task's primary score, by its
            name, of each evaluation (with a moving average of the weights, the better of the two).
        mode: ``min`` or ``max``, whether less or more is better; follows from ``metric`` and need not be given.
        factor: Factor of each reduction, above 0 and below 1.
        patience: Figures in a row that may fail to improve; the next one reduces the rate.
        threshold: By how much a figure must be better than the best one.
        threshold_mode: ``rel`` takes ``threshold`` as a share of the best figure, ``abs`` as it is.
        cooldown: Figures ignored after a reduction.
        min_lr: The lowest rate.
        epsilon: A reduction not greater than this is skipped.
        warmup_iters: See `WarmupSchedule`.
        warmup_start_lr: See `WarmupSchedule`.

    Raises:
        ConfigError: A value is out of its range or ``mode`` contradicts ``metric``.
    """

    @checks_arguments
    def __init__(
        self,
        learning_rate: PositiveFloat,
        total_steps: Count,
        *,
        metric: str = "loss",
        mode: Literal["min", "max"] | None = None,
        factor: Annotated[float, _REDUCTIONS] = 0.1,
        patience: CountOrZero = 10,
        threshold: NonNegativeFloat = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: CountOrZero = 0,
        min_lr: NonNegativeFloat = 0.0,
        epsilon: NonNegativeFloat = 1e-8,
        warmup_iters: CountOrZero = 0,
        warmup_start_lr: NonNegativeFloat = 0.0,
    ) -> None:
        self.metric = metric
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.epsilon = epsilon
        self.reduced_lr = float(learning_rate)
        self.best: float | None = None
        self.num_bad = 0
        self.cooldown_left = 0
        super().__init__(learning_rate, total_steps, warmup_iters=warmup_iters, warmup_start_lr=warmup_start_lr)

    @staticmethod
    def faults(learning_rate: float, metric: str, mode: str | None, min_lr: float, **others: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        follows = "min" if metric == "loss" else "max"
        if mode not in (None, follows):
            yield "mode", f"found {mode!r}; it must be {follows} with metric: {metric}"
        if min_lr >= learning_rate:
            yield "min_lr", f"found {min_lr}; it must be 0 to below {learning_rate:g}, the learning_rate"
        yield from WarmupSchedule.faults(learning_rate, **others)

    def decayed(self, step: int) -> float:
        """Return the rate as reduced so far, whatever the step."""
        return self.reduced_lr

    def observe(self, figure: float) -> None:
        """Take the loss or score after an optimiser step, whose ``step()`` has been called; may reduce the rate."""
        if self.last_epoch <= self.warmup_iters:
            return
        if self.cooldown_left > 0:
            self.cooldown_left -= 1
            return
        if self._is_better(figure):
            self.best = figure
            self.num_bad = 0
            return
        self.num_bad += 1
        if self.num_bad > self.patience:
            self.cooldown_left = self.cooldown
            self.num_bad = 0
            self._reduce()

    def _is_better(self, figure: float) -> bool:
        if self.best is None:
            return True
        margin = self.threshold * (self.best if self.threshold_mode == "rel" else 1.0)
        return figure < self.best - margin if self.metric == "loss" else figure > self.best + margin

    def _reduce(self) -> None:
        reduced = max(self.reduced_lr * self.factor, self.min_lr)
        if self.reduced_lr - reduced <= self.epsilon:
            return
        get_logger().info(
            "learning rate: %g -> %g at iter %d, because the %s did not improve on %.4f",
            self.reduced_lr, reduced, self.last_epoch, self.metric, self.best,
        )  # fmt: skip
        self.reduced_lr = reduced
        self.last_lr = self.get_lr()

    def state_keys(self) -> None:
        """Name the entries that ``state_dict`` saves; paddle calls this."""
        super().state_keys()
        self.keys = [*self.keys, *_STATE]

    def set_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a saved state.

        Raises:
            ConfigError: It is that of another schedule.
        """
        if not set(_STATE) <= set(state_dict):
            raise ConfigError(
                "lr_scheduler.type is ReduceOnPlateau, but the checkpoint was trained with another schedule; give the "
                "former one, or start a new run with model.pretrained"
            )
        super().set_state_dict(state_dict)
