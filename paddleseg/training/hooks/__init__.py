# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What happens around the steps of training: one class each; ``order`` says which comes when."""

from paddleseg.training.hooks.base import Hook

__all__ = ["Hook"]
