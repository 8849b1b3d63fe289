# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The networks; importing the package registers them."""

from paddleseg.models.classifier import DDRNet_23_cls, DDRNet_23_slim_cls, DDRNet_39_cls
from paddleseg.models.ddrnet import DDRNet_23, DDRNet_23_slim, DDRNet_39

__all__ = [
    "DDRNet_23",
    "DDRNet_23_cls",
    "DDRNet_23_slim",
    "DDRNet_23_slim_cls",
    "DDRNet_39",
    "DDRNet_39_cls",
]
