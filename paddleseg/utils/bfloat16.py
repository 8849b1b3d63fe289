# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of bfloat16, which numpy lacks: the upper half of the bits of a float32."""

from __future__ import annotations

import numpy as np


def float32_of_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The float32 numbers of the bfloat16 ``bits``, uint16."""
    return np.asarray(bits.astype(np.uint32) << 16).view(np.float32)
