# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Optimisers and learning-rate schedules; importing this package registers them."""

from paddleseg.optimizers.lr_schedulers import (
    CosineAnnealingDecay,
    MultiStepDecay,
    PolynomialDecay,
    StepDecay,
)
from paddleseg.optimizers.optimizers import SGD, Adam, AdamW, Momentum, describe

__all__ = [
    "Adam",
    "AdamW",
    "CosineAnnealingDecay",
    "Momentum",
    "MultiStepDecay",
    "PolynomialDecay",
    "SGD",
    "StepDecay",
    "describe",
]
