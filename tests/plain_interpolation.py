# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Linear interpolation value by value, the oracle of the fast implementations."""

import numpy as np


def linear_weights(source, target):
    """The weights (target, source) float64 of each value, at half-pixel centres; the outermost values repeat."""
    weights = np.zeros((target, source))
    for i in range(target):
        position = min(max((i + 0.5) * source / target - 0.5, 0), source - 1)
        before = int(position)
        weights[i, before] += 1 - (position - before)
        weights[i, min(before + 1, source - 1)] += position - before
    return weights
