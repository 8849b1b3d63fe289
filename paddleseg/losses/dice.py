# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Dice loss: the overlap of each class, whatever its share of the pixels."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.losses.class_weights import weight_faults
from paddleseg.losses.functional import class_masks, ratio
from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.type_hints import NonNegativeFloat


@LOSSES.add_component
class DiceLoss(nn.Layer):
    """Soft Dice loss of each class in each picture, averaged over both.

    Milletari, Navab and Ahmadi, arXiv 1606.04797, section 3, with plain sums instead of sums of squares in the
    denominator and with softmax probabilities p and labels g of 0 and 1::

        1 - (2 * sum(p * g) + smooth) / (sum(p) + sum(g) + smooth)

    The values are PaddleSeg's. Ignored pixels are in none of the sums, and the label is not changed: PaddleSeg
    overwrites ignored pixels with class 0 in the caller's tensor, so that other losses then count them.

    A class that is absent from a picture counts as well: ``smooth`` above 0 pushes its probabilities down, less so the
    larger their sum; with 0 its loss is 1, without gradient.

    Args:
        weight: A factor for the loss of each class; the mean is still over the number of classes.
        ignore_index: Label of the pixels to ignore.
        smooth: Pixels added to numerator and denominator.
    """

    faults = staticmethod(weight_faults)

    @checks_arguments
    def __init__(
        self,
        weight: Sequence[NonNegativeFloat] | None = None,
        ignore_index: int = 255,
        smooth: NonNegativeFloat = 1.0,
    ) -> None:
        super().__init__()
        self.weight = None if weight is None else paddle.to_tensor(list(weight), dtype="float32")
        self.ignore_index = ignore_index
        self.smooth = smooth

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Scalar loss of logits (N, K, H, W) and int64 label (N, H, W); 0 when all pixels are ignored."""
        valid = label != self.ignore_index
        masks = class_masks(label, valid, logits.shape[1]).astype(logits.dtype)
        probabilities = F.softmax(logits, axis=1)
        # Expanded, because the gradient of a broadcast factor would cost another sum over the classes.
        probabilities = probabilities * valid.unsqueeze(1).astype(logits.dtype).expand_as(logits)
        intersection = (probabilities * masks).sum(axis=[2, 3])  # (N, K), as all below
        cardinality = probabilities.sum(axis=[2, 3]) + masks.sum(axis=[2, 3])
        # 1 - (2 i + s) / (c + s) as one fraction: 0 where neither the label nor the prediction has any pixel.
        losses = ratio(cardinality - 2 * intersection, cardinality + self.smooth)
        return (losses if self.weight is None else losses * self.weight.astype(losses.dtype)).mean()
