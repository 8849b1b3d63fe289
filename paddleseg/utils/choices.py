# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Choices used in several places, each list written once."""

from typing import Literal

Precision = Literal["fp32", "fp16", "bf16"]
"""In which a network computes."""

AmpLevel = Literal["O1", "O2"]
"""Paddle's levels of mixed precision: O2 has weights in half precision too."""

CpuBackend = Literal["onednn", "paddle"]
"""Whose kernels compute on the CPU: those of the oneDNN in Paddle's wheel, or Paddle's own."""

CheckLevel = Literal["full", "sample", "off"]
"""How much of the data is looked at before the first step."""

ClassWeights = Literal["enet", "inverse_log", "median_frequency"]
"""Formulas for the weights of classes."""
