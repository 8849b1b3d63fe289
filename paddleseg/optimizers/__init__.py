# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Optimisers and learning-rate schedules; importing this package registers them."""

from paddleseg.optimizers.attached import schedule_of
from paddleseg.optimizers.description import describe, name_values, with_defaults
from paddleseg.optimizers.lr_schedulers import (
    CosineAnnealingDecay,
    MultiStepDecay,
    PolynomialDecay,
    StepDecay,
)
from paddleseg.optimizers.one_cycle import OneCycleLR
from paddleseg.optimizers.optimizers import SGD, Adam, AdamW, Momentum, RMSProp
from paddleseg.optimizers.reduce_on_plateau import ReduceOnPlateau

__all__ = [
    "Adam",
    "AdamW",
    "CosineAnnealingDecay",
    "Momentum",
    "MultiStepDecay",
    "OneCycleLR",
    "PolynomialDecay",
    "RMSProp",
    "ReduceOnPlateau",
    "SGD",
    "StepDecay",
    "describe",
    "name_values",
    "schedule_of",
    "with_defaults",
]
