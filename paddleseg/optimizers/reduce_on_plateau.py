# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A rate that is reduced when training no longer gets better; Paddle's rules and names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from paddleseg.optimizers.checks import require
from paddleseg.optimizers.lr_schedulers import WarmupSchedule
from paddleseg.registry import LR_SCHEDULERS
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger

__all__ = ["ReduceOnPlateau"]

_MODES = {"loss": "min", "mIoU": "max"}
_STATE = ("reduced_lr", "best", "num_bad", "cooldown_left")


@LR_SCHEDULERS.add_component
class ReduceOnPlateau(WarmupSchedule):
    """Multiplies the rate by ``factor`` after more than ``patience`` figures in a row that are not better.

    The only schedule here that looks at results: `observe` gets them. The loss comes with every optimiser step, as
    in PaddleSeg, and is that of a single batch; mIoU comes with every evaluation, and is the steadier guide. What
    comes during the warm-up is not looked at.

    Args:
        learning_rate: See `WarmupSchedule`.
        total_steps: See `WarmupSchedule`.
        metric: What has to get better: ``loss``, the total loss of each step, or ``mIoU`` of each evaluation (with a
            moving average of the weights, the better of the two).
        mode: ``min`` or ``max``, whether less or more is better; follows from ``metric`` and need not be given.
        factor: Factor of each reduction, above 0 and below 1.
        patience: Figures in a row that may fail to be better; the next one reduces the rate.
        threshold: By how much a figure must be better than the best one.
        threshold_mode: ``rel`` takes ``threshold`` as a share of the best figure, ``abs`` as it is.
        cooldown: Figures after a reduction that are not looked at.
        min_lr: The lowest rate.
        epsilon: A reduction that is not greater than this is left out.
        warmup_iters: See `WarmupSchedule`.
        warmup_start_lr: See `WarmupSchedule`.

    Raises:
        ConfigError: A value is out of its range or ``mode`` contradicts ``metric``.
    """

    def __init__(
        self,
        learning_rate: float,
        total_steps: int,
        *,
        metric: Literal["loss", "mIoU"] = "loss",
        mode: Literal["min", "max"] | None = None,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        epsilon: float = 1e-8,
        warmup_iters: int = 0,
        warmup_start_lr: float = 0.0,
    ) -> None:
        require(metric in _MODES, "lr_scheduler.metric", metric, " or ".join(_MODES))
        require(threshold_mode in ("rel", "abs"), "lr_scheduler.threshold_mode", threshold_mode, "rel or abs")
        is_valid = mode in (None, _MODES[metric])
        require(is_valid, "lr_scheduler.mode", mode, f"{_MODES[metric]} with metric: {metric}")
        require(0 < factor < 1, "lr_scheduler.factor", factor, "above 0 and below 1")
        require(patience >= 0, "lr_scheduler.patience", patience, "0 or more")
        require(threshold >= 0, "lr_scheduler.threshold", threshold, "0 or more")
        require(cooldown >= 0, "lr_scheduler.cooldown", cooldown, "0 or more")
        require(0 <= min_lr < learning_rate, "lr_scheduler.min_lr", min_lr, f"0 to below {learning_rate:g}")
        require(epsilon >= 0, "lr_scheduler.epsilon", epsilon, "0 or more")
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

    def decayed(self, step: int) -> float:
        """Return the rate as reduced so far, whatever the step."""
        return self.reduced_lr

    def observe(self, figure: float) -> None:
        """Take the loss or mIoU after an optimiser step, whose ``step()`` has been called; may reduce the rate."""
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
            "learning rate: %g -> %g at iter %d, because the %s did not get better than %.4f",
            self.reduced_lr, reduced, self.last_epoch, self.metric, self.best,
        )  # fmt: skip
        self.reduced_lr = reduced
        self.last_lr = self.get_lr()

    def state_keys(self) -> None:
        """Name what ``state_dict`` saves; paddle calls this."""
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
