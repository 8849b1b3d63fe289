# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Learning-rate schedules as plain functions of the optimiser step; Paddle's names and arguments.

A schedule starts with an optional linear warm-up of ``warmup_iters`` steps from ``warmup_start_lr`` up to
``learning_rate``. The decay begins after it, at its own step 0, and has ``total_steps - warmup_iters`` steps:
this is what PaddleSeg builds from ``paddle.optimizer.lr.LinearWarmup`` around another schedule. Unlike there,
a value depends on the step alone and never on the value before it, so that a resumed run has exactly the same
rates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paddle.optimizer.lr import LRScheduler

from paddleseg.registry import LR_SCHEDULERS
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.logging import get_logger
from paddleseg.utils.type_hints import Count, CountOrZero, NonNegativeFloat, PositiveFloat, Share

__all__ = ["CosineAnnealingDecay", "MultiStepDecay", "PolynomialDecay", "StepDecay"]


class WarmupSchedule(LRScheduler):
    """A linear warm-up, then the decay that a subclass defines in ``decayed``.

    ``step()`` is called once after each optimiser step; calling the schedule gives the rate of the next one.

    Args:
        learning_rate: The rate at the end of the warm-up, where the decay starts.
        total_steps: Optimiser steps of the whole run, the warm-up included.
        warmup_iters: Optimiser steps of the warm-up; 0 leaves it out.
        warmup_start_lr: The rate of the very first step when there is a warm-up.

    Raises:
        ConfigError: A value is out of its range.
    """

    @checks_arguments
    def __init__(
        self,
        learning_rate: PositiveFloat,
        total_steps: Count,
        *,
        warmup_iters: CountOrZero = 0,
        warmup_start_lr: NonNegativeFloat = 0.0,
    ) -> None:
        if warmup_iters >= total_steps:
            get_logger().warning(
                f"lr_scheduler.warmup_iters is {warmup_iters}, but training has {total_steps} steps: "
                f"the learning rate never reaches {learning_rate:g}"
            )
        self.warmup_iters = warmup_iters
        self.warmup_start_lr = warmup_start_lr
        # The decay has at least one step even if the warm-up takes all of a (shortened) run.
        self.steps_after_warmup = max(total_steps - warmup_iters, 1)
        super().__init__(learning_rate)

    @staticmethod
    def faults(learning_rate: float, warmup_start_lr: float = 0.0, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if warmup_start_lr > learning_rate:
            yield "warmup_start_lr", f"found {warmup_start_lr}; it must be 0 to {learning_rate:g}, the learning_rate"

    def get_lr(self) -> float:
        """Return the rate of the step that comes next; paddle calls this from ``step()``."""
        return self.rate_at(self.last_epoch)

    def rate_at(self, step: int) -> float:
        """Return the learning rate of the optimiser step number ``step``, counted from 0."""
        if step < self.warmup_iters:
            return self.warmup_start_lr + (self.base_lr - self.warmup_start_lr) * step / self.warmup_iters
        return self.decayed(step - self.warmup_iters)

    def decayed(self, step: int) -> float:
        """Return the learning rate ``step`` steps after the warm-up; at 0 it is ``base_lr``."""
        raise NotImplementedError

    def set_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from the step of a saved state.

        The rate is this schedule's own at that step, even if the state has another ``learning_rate``.
        """
        super().set_state_dict(state_dict)
        self.last_lr = self.get_lr()


@LR_SCHEDULERS.add_component
class PolynomialDecay(WarmupSchedule):
    """``(learning_rate - end_lr) * (1 - t / decay_steps) ** power + end_lr``, and ``end_lr`` from then on.

    Args:
        learning_rate: See `WarmupSchedule`.
        total_steps: See `WarmupSchedule`.
        end_lr: The rate at the end. The default is Paddle's; in a configuration it is PaddleSeg's, 0.
        power: 1 decays linearly. The default is Paddle's; in a configuration it is PaddleSeg's, 0.9.
        decay_steps: Steps of the decay; not given, all steps after the warm-up.
        warmup_iters: See `WarmupSchedule`.
        warmup_start_lr: See `WarmupSchedule`.

    Raises:
        ConfigError: A value is out of its range.
    """

    @checks_arguments
    def __init__(
        self,
        learning_rate: PositiveFloat,
        total_steps: Count,
        *,
        end_lr: NonNegativeFloat = 0.0001,
        power: PositiveFloat = 1.0,
        decay_steps: Count | None = None,
        warmup_iters: CountOrZero = 0,
        warmup_start_lr: NonNegativeFloat = 0.0,
    ) -> None:
        self.end_lr = end_lr
        self.power = power
        self._decay_steps = decay_steps
        super().__init__(learning_rate, total_steps, warmup_iters=warmup_iters, warmup_start_lr=warmup_start_lr)

    def decayed(self, step: int) -> float:
        """Return the polynomial's value, see the class."""
        decay_steps = self.steps_after_warmup if self._decay_steps is None else self._decay_steps
        left = 1 - min(step, decay_steps) / decay_steps
        return (self.base_lr - self.end_lr) * left**self.power + self.end_lr


@LR_SCHEDULERS.add_component
class CosineAnnealingDecay(WarmupSchedule):
    """Half a cosine from ``learning_rate`` down to ``eta_min``, which is held from then on.

    Paddle's schedule of this name climbs again after ``T_max`` steps; a single training never wants that.

    Args:
        learning_rate: See `WarmupSchedule`.
        total_steps: See `WarmupSchedule`.
        T_max: Steps of the decay; not given, all steps after the warm-up.
        eta_min: The rate at the end.
        warmup_iters: See `WarmupSchedule`.
        warmup_start_lr: See `WarmupSchedule`.

    Raises:
        ConfigError: A value is out of its range.
    """

    @checks_arguments
    def __init__(
        self,
        learning_rate: PositiveFloat,
        total_steps: Count,
        *,
        T_max: Count | None = None,
        eta_min: NonNegativeFloat = 0.0,
        warmup_iters: CountOrZero = 0,
        warmup_start_lr: NonNegativeFloat = 0.0,
    ) -> None:
        self.eta_min = eta_min
        self._decay_steps = T_max
        super().__init__(learning_rate, total_steps, warmup_iters=warmup_iters, warmup_start_lr=warmup_start_lr)

    def decayed(self, step: int) -> float:
        """Return the cosine's value, see the class."""
        decay_steps = self.steps_after_warmup if self._decay_steps is None else self._decay_steps
        done = min(step, decay_steps) / decay_steps
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + math.cos(math.pi * done)) / 2


@LR_SCHEDULERS.add_component
class StepDecay(WarmupSchedule):
    """Multiplies the rate by ``gamma`` every ``step_size`` steps after the warm-up.

    Args:
        learning_rate: See `WarmupSchedule`.
        total_steps: See `WarmupSchedule`.
        step_size: Steps between two reductions.
        gamma: Factor of each reduction.
        warmup_iters: See `WarmupSchedule`.
        warmup_start_lr: See `WarmupSchedule`.

    Raises:
        ConfigError: A value is out of its range.
    """

    @checks_arguments
    def __init__(
        self,
        learning_rate: PositiveFloat,
        total_steps: Count,
        *,
        step_size: Count,
        gamma: Share = 0.1,
        warmup_iters: CountOrZero = 0,
        warmup_start_lr: NonNegativeFloat = 0.0,
    ) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(learning_rate, total_steps, warmup_iters=warmup_iters, warmup_start_lr=warmup_start_lr)

    def decayed(self, step: int) -> float:
        """Return the reduced rate, see the class."""
        return self.base_lr * self.gamma ** (step // self.step_size)


@LR_SCHEDULERS.add_component
class MultiStepDecay(WarmupSchedule):
    """Multiplies the rate by ``gamma`` at each of the ``milestones``, counted from the end of the warm-up.

    Args:
        learning_rate: See `WarmupSchedule`.
        total_steps: See `WarmupSchedule`.
        milestones: Rising step numbers.
        gamma: Factor of each reduction.
        warmup_iters: See `WarmupSchedule`.
        warmup_start_lr: See `WarmupSchedule`.

    Raises:
        ConfigError: A value is out of its range or the milestones do not rise.
    """

    @checks_arguments
    def __init__(
        self,
        learning_rate: PositiveFloat,
        total_steps: Count,
        *,
        milestones: Sequence[CountOrZero],
        gamma: Share = 0.1,
        warmup_iters: CountOrZero = 0,
        warmup_start_lr: NonNegativeFloat = 0.0,
    ) -> None:
        self.milestones = [int(milestone) for milestone in milestones]
        self.gamma = gamma
        super().__init__(learning_rate, total_steps, warmup_iters=warmup_iters, warmup_start_lr=warmup_start_lr)

    @staticmethod
    def faults(milestones: Sequence[int], **others: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if not milestones or any(low >= high for low, high in zip(milestones, milestones[1:])):
            yield "milestones", f"found {milestones}; it must be step numbers that rise"
        yield from WarmupSchedule.faults(**others)

    def decayed(self, step: int) -> float:
        """Return the reduced rate, see the class."""
        return self.base_lr * self.gamma ** sum(step >= milestone for milestone in self.milestones)
