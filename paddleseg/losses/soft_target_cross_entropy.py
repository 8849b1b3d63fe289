# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross entropy of whole pictures, whose target may be a mixture of classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.type_hints import BelowOne


def takes_picture_classes(loss: Callable[..., Any]) -> bool:
    """Whether a loss, or its class, takes logits (N, K) of whole pictures, not of pixels."""
    return bool(getattr(loss, "takes_picture_classes", False))


@LOSSES.add_component
class SoftTargetCrossEntropyLoss(nn.Layer):
    """Mean over the pictures of ``- sum over classes of target * log softmax(logits)``.

    Args:
        label_smoothing: Share s of each target that is spread evenly over all K classes: the own class keeps
            1 - s + s / K (Szegedy et al. 2016, section 7).
    """

    takes_picture_classes = True

    @checks_arguments
    def __init__(self, label_smoothing: BelowOne = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of logits (N, K), and of class ids (N,) int64 or shares of the classes (N, K) that sum to 1."""
        num_classes = logits.shape[1]
        if target.ndim == 1:
            target = F.one_hot(target, num_classes)
        target = target.astype(logits.dtype) * (1 - self.label_smoothing) + self.label_smoothing / num_classes
        return -(target * F.log_softmax(logits, axis=1)).sum(axis=1).mean()
