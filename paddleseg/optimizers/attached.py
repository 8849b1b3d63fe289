# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The learning-rate schedule of an optimiser built elsewhere."""

from __future__ import annotations

import paddle
from paddle.optimizer.lr import LambdaDecay, LRScheduler, ReduceOnPlateau

from paddleseg.utils.errors import ConfigError


def schedule_of(optimizer: paddle.optimizer.Optimizer) -> LRScheduler:
    """The schedule of an optimiser; one with a constant rate is given a constant schedule.

    Raises:
        ConfigError: It is Paddle's ``ReduceOnPlateau``.
    """
    schedule = optimizer._learning_rate
    if isinstance(schedule, ReduceOnPlateau):
        raise ConfigError(
            "optimizer: Paddle's ReduceOnPlateau does not say what it watches; give "
            "paddleseg.optimizers.ReduceOnPlateau(learning_rate, total_steps, metric='loss')"
        )
    if isinstance(schedule, LRScheduler):
        return schedule
    constant = LambdaDecay(optimizer.get_lr(), lr_lambda=lambda step: 1.0)
    optimizer.set_lr_scheduler(constant)
    return constant
