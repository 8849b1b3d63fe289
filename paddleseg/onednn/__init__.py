# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions on the CPU by the oneDNN that Paddle's wheel carries: several times as fast as Paddle's own kernels."""

from paddleseg.onednn.accelerate import accelerated, is_active, why_unavailable
from paddleseg.onednn.fallbacks import FALLBACKS

__all__ = ["FALLBACKS", "accelerated", "is_active", "why_unavailable"]
