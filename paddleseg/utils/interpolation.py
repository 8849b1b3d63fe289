# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Linear interpolation along an axis as a matrix."""

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=32)
def interpolation_matrix(source: int, target: int) -> np.ndarray:
    """Weights (target, source) float64 of linear interpolation with half-pixel centres (``align_corners=False``).

    The outermost values repeat. The array is shared: do not change it.
    """
    position = np.clip((np.arange(target) + 0.5) * (source / target) - 0.5, 0, source - 1)
    before = position.astype(int)
    weights = np.zeros((target, source))
    np.add.at(weights, (np.arange(target), before), 1 - (position - before))
    np.add.at(weights, (np.arange(target), np.minimum(before + 1, source - 1)), position - before)
    weights.flags.writeable = False
    return weights
