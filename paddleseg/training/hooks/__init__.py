# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Actions around the steps of training, one class each; ``order`` defines their sequence."""

from paddleseg.training.hooks.base import Hook

__all__ = ["Hook"]
