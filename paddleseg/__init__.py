# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Real-time semantic segmentation with DDRNet in PaddlePaddle.

Importing this package does not import paddle, so that deployment code can use its numpy parts alone.
"""

__version__ = "0.1.0"
