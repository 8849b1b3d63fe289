# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The losses; importing the package registers them."""

from paddleseg.losses.cross_entropy import CrossEntropyLoss
from paddleseg.losses.ohem_cross_entropy import OhemCrossEntropyLoss

__all__ = ["CrossEntropyLoss", "OhemCrossEntropyLoss"]
