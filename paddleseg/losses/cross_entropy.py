# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross entropy over all pixels."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor, nn

from paddleseg.losses.class_weights import weight_faults
from paddleseg.losses.functional import pixel_cross_entropy, weigh_by_class
from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.type_hints import NonNegativeFloat, Share


@LOSSES.add_component
class CrossEntropyLoss(nn.Layer):
    """Cross entropy, averaged over the pixels that are not ignored.

    With class weights the mean is weighted: the sum of weight times loss over the sum of weights, as in PyTorch
    and PaddleSeg. With ``avg_non_ignore`` off, the sum is divided by the number of all pixels, weights or not.

    Args:
        weight: A factor for each class; default: all 1.
        ignore_index: Label of the pixels to ignore.
        avg_non_ignore: Whether ignored pixels are left out of the mean's denominator.
        top_k_percent_pixels: Share of the pixels, taken by highest loss, that is averaged, at least one pixel; 1 means
            all.
    """

    takes_coarse_logits = True
    takes_class_weights = True

    faults = staticmethod(weight_faults)

    @checks_arguments
    def __init__(
        self,
        weight: Sequence[NonNegativeFloat] | None = None,
        ignore_index: int = 255,
        avg_non_ignore: bool = True,
        top_k_percent_pixels: Share = 1.0,
    ) -> None:
        super().__init__()
        self.weight = None if weight is None else paddle.to_tensor(list(weight), dtype="float32")
        self.ignore_index = ignore_index
        self.avg_non_ignore = avg_non_ignore
        self.top_k_percent_pixels = top_k_percent_pixels

    def forward(self, logits: Tensor, label: Tensor, coarse: bool = False) -> Tensor:
        """Scalar loss of logits (N, K, H, W) or coarse and int64 label (N, H, W); 0 when all pixels are ignored."""
        losses, valid = pixel_cross_entropy(logits, label, self.ignore_index, coarse)
        counted = valid.astype(losses.dtype)
        if self.weight is not None:
            counted = weigh_by_class(label, valid, self.weight.astype(losses.dtype))
            losses = losses * counted
        if not self.avg_non_ignore:
            counted = paddle.ones_like(losses)
        if self.top_k_percent_pixels < 1:
            kept = max(1, int(self.top_k_percent_pixels * losses.size))
            losses, places = paddle.topk(losses.flatten(), kept)
            counted = paddle.gather(counted.flatten(), places)
        return losses.sum() / counted.sum().clip(min=1e-12)
