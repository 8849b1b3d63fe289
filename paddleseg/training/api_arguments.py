# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of the library's functions: their checks, and what is made of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import paddle
from paddle.optimizer.lr import LambdaDecay, LRScheduler, ReduceOnPlateau

from paddleseg.datasets.base import SegmentationDataset
from paddleseg.inference.label_maps import refuse_random_transforms
from paddleseg.utils.errors import ConfigError


def check_at_least(lowest: int, **counts: int | None) -> None:
    """Refuse smaller counts; one that is None is not given."""
    for name, count in counts.items():
        if count is not None and count < lowest:
            raise ConfigError(f"{name} is {count}; allowed: {lowest} and above")


def prepare_datasets(
    train_dataset: SegmentationDataset, val_dataset: SegmentationDataset | None
) -> tuple[SegmentationDataset, SegmentationDataset | None]:
    """Say to each data set what it is for; one that is for both is copied, for it can move its labels or not."""
    if val_dataset is train_dataset:
        val_dataset = copy.copy(train_dataset)
    train_dataset.use_for("train")
    if val_dataset is not None:
        refuse_random_transforms(val_dataset.pipeline)
        val_dataset.use_for("val")
    return train_dataset, val_dataset


def pair_losses(losses: Mapping[str, Sequence[Any]]) -> list[tuple[Any, float]]:
    """The loss of each output with its weight."""
    if not isinstance(losses, Mapping) or set(losses) != {"types", "coef"}:
        found = ", ".join(losses) if isinstance(losses, Mapping) else type(losses).__name__
        raise ConfigError(f"losses must be {{'types': [loss, ...], 'coef': [weight, ...]}}, found: {found}")
    types, coef = list(losses["types"]), list(losses["coef"])
    if len(types) == 1:
        types *= len(coef)
    if len(types) != len(coef):
        raise ConfigError(f"losses: {len(types)} types for {len(coef)} weights in coef; give one loss or one for each")
    return [(loss, float(weight)) for loss, weight in zip(types, coef)]


def schedule_of(optimizer: paddle.optimizer.Optimizer) -> LRScheduler:
    """The schedule of an optimiser; one with a constant rate is given a constant schedule."""
    schedule = optimizer._learning_rate
    if isinstance(schedule, ReduceOnPlateau):
        raise ConfigError(
            "optimizer: Paddle's ReduceOnPlateau does not say what it looks at; give "
            "paddleseg.optimizers.ReduceOnPlateau(learning_rate, total_steps, metric='loss' or 'mIoU')"
        )
    if isinstance(schedule, LRScheduler):
        return schedule
    constant = LambdaDecay(optimizer.get_lr(), lr_lambda=lambda step: 1.0)
    optimizer.set_lr_scheduler(constant)
    return constant
