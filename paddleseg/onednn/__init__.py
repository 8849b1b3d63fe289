# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions on the CPU by the oneDNN in Paddle's wheel: several times as fast as Paddle's own kernels."""

from paddleseg.onednn.accelerate import accelerated, batch_norm_relu, is_active, why_unavailable
from paddleseg.onednn.cpu_settings import CpuSettings, entered
from paddleseg.onednn.fallbacks import FALLBACKS
from paddleseg.onednn.resize import resize_by_matrices

__all__ = [
    "CpuSettings",
    "FALLBACKS",
    "accelerated",
    "batch_norm_relu",
    "entered",
    "is_active",
    "resize_by_matrices",
    "why_unavailable",
]
