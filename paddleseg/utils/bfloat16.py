# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of bfloat16, which numpy has not: the upper half of the bits of a float32."""

from __future__ import annotations

import numpy as np


def float32_of_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The numbers, float32, of which ``bits``, uint16, are the bfloat16."""
    return np.asarray(bits.astype(np.uint32) << 16).view(np.float32)
