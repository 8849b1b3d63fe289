# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Focal losses: cross entropies in which pixels that are already right count little.

Both follow Lin, Goyal, Girshick, He and Dollar, arXiv 1708.02002, equation 5, and differ in what a probability is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.losses.class_weights import class_list_faults
from paddleseg.losses.functional import class_masks, mean_over, pixel_cross_entropy, weigh_by_class
from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.type_hints import NonNegativeFloat, Probability


@LOSSES.add_component
class FocalLoss(nn.Layer):
    """Sigmoid focal loss of two classes, each against the other, averaged over pixels that are not ignored and classes.

    With logit x of a class and p = sigmoid(x), a pixel of the class has the loss -alpha (1 - p)^gamma log(p), a
    pixel of the other class -(1 - alpha) p^gamma log(1 - p). As each class in turn is the positive one, ``alpha``
    weighs right against wrong logits and not, as PaddleSeg's documentation says, class 1 against
    class 0. The values are PaddleSeg's.

    Args:
        alpha: Factor of the logit of a pixel's own class, from 0 to 1; the other logit has 1 - alpha.
        gamma: Power of the factor that makes easy pixels count less, at least 0.
        ignore_index: Label of the pixels to ignore.
    """

    @checks_arguments
    def __init__(self, alpha: Probability = 0.25, gamma: NonNegativeFloat = 2.0, ignore_index: int = 255) -> None:
        super().__init__()
        self.alpha = alpha
        self.gamma = gamma
        self.ignore_index = ignore_index

    @staticmethod
    def faults(num_classes: int = 2, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if num_classes != 2:
            yield "type", f"FocalLoss is for 2 classes, and there are {num_classes}; use MultiClassFocalLoss"

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Scalar loss of logits (N, 2, H, W) and int64 label (N, H, W); 0 when all pixels are ignored."""
        if logits.shape[1] != 2:
            raise ConfigError(f"FocalLoss is for 2 classes, and there are {logits.shape[1]}; use MultiClassFocalLoss")
        valid = label != self.ignore_index
        is_own = class_masks(label, valid, 2)
        # Probability p that a logit is right about its pixel. Powers are taken of its logarithm, whose slope is finite.
        right = paddle.where(is_own, logits, -logits)
        alpha = paddle.where(is_own, paddle.full_like(logits, self.alpha), paddle.full_like(logits, 1 - self.alpha))
        losses = -alpha * (self.gamma * F.log_sigmoid(-right)).exp() * F.log_sigmoid(right)
        return mean_over(losses, valid.unsqueeze(1).expand_as(losses))


@LOSSES.add_component
class MultiClassFocalLoss(nn.Layer):
    """Softmax focal loss of any number of classes, averaged over the pixels that are not ignored.

    The loss of a pixel is -alpha (1 - p)^gamma log(p), p the softmax probability of its own class. DDRNet_paddle calls
    a loss of this kind FocalLoss; its gradient takes the power as a constant, and ignored pixels spoil it.

    Args:
        alpha: Factor of the loss: one number, or one for each class (the mean stays over the number of pixels).
        gamma: Power of the factor that makes easy pixels count less, at least 0; with 0 this is the cross entropy.
        ignore_index: Label of the pixels to ignore.
    """

    takes_coarse_logits = True

    @checks_arguments
    def __init__(
        self,
        alpha: NonNegativeFloat | Sequence[NonNegativeFloat] = 1.0,
        gamma: NonNegativeFloat = 2.0,
        ignore_index: int = 255,
    ) -> None:
        super().__init__()
        self.alpha = alpha if isinstance(alpha, (int, float)) else paddle.to_tensor(list(alpha), dtype="float32")
        self.gamma = gamma
        self.ignore_index = ignore_index

    @staticmethod
    def faults(alpha: float | Sequence[float], num_classes: int | None = None, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if not isinstance(alpha, (int, float)):
            yield from class_list_faults("alpha", alpha, num_classes)

    def forward(self, logits: Tensor, label: Tensor, coarse: bool = False) -> Tensor:
        """Scalar loss of logits (N, K, H, W) or coarse and int64 label (N, H, W); 0 when all pixels are ignored."""
        losses, valid = pixel_cross_entropy(logits, label, self.ignore_index, coarse)
        # 1 - p, kept above 0, where a power below 1 has an infinite slope.
        doubt = -paddle.expm1(-losses)
        losses = doubt.clip(min=1e-12) ** self.gamma * losses
        if isinstance(self.alpha, Tensor):
            losses = losses * weigh_by_class(label, valid, self.alpha.astype(losses.dtype))
        else:
            losses = losses * self.alpha
        return mean_over(losses, valid)
