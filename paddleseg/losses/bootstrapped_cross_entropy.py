# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross entropy over the hardest pixels of each picture."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor, nn

from paddleseg.losses.class_weights import weight_faults
from paddleseg.losses.functional import mean_over, pixel_cross_entropy, weigh_by_class
from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.type_hints import Count, NonNegativeFloat


@LOSSES.add_component
class BootstrappedCrossEntropyLoss(nn.Layer):
    """Mean cross entropy of the pixels of high loss, picture by picture, averaged over the pictures.

    The bootstrapped cross entropy of Pohlen, Hermans, Mathias and Leibe, arXiv 1611.08323, with PaddleSeg's two
    limits: the pixels whose loss is above ``loss_th`` are kept, if these are more than ``min_K``, else the ``min_K``
    pixels of highest loss. Ignored pixels are never among them, and a picture with fewer others is averaged over
    those; PaddleSeg fills up with ignored pixels of loss 0, and fails where a picture has no more than ``min_K``
    pixels.

    Args:
        min_K: Minimum number of pixels of a picture that are kept, 1 or more.
        loss_th: Loss above which a pixel is kept, at least 0.
        weight: A factor for the pixel losses of each class, which also affects the choice, as in PaddleSeg; the
            mean is over the number of kept pixels.
        ignore_index: Label of the pixels to ignore.
    """

    takes_coarse_logits = True
    takes_class_weights = True

    faults = staticmethod(weight_faults)

    @checks_arguments
    def __init__(
        self,
        min_K: Count,
        loss_th: NonNegativeFloat,
        weight: Sequence[NonNegativeFloat] | None = None,
        ignore_index: int = 255,
    ) -> None:
        super().__init__()
        self.min_K = min_K
        self.loss_th = loss_th
        self.weight = None if weight is None else paddle.to_tensor(list(weight), dtype="float32")
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, label: Tensor, coarse: bool = False) -> Tensor:
        """Scalar loss of logits (N, K, H, W) or coarse and int64 label (N, H, W); 0 when all pixels are ignored."""
        losses, valid = pixel_cross_entropy(logits, label, self.ignore_index, coarse)
        if self.weight is not None:
            losses = losses * weigh_by_class(label, valid, self.weight.astype(losses.dtype))
        # Losses are at least 0: -1 sorts the ignored pixels to the end.
        candidates = paddle.where(valid, losses, paddle.full_like(losses, -1.0)).flatten(1)
        losses = losses.flatten(1)  # (N, P)
        top = paddle.topk(candidates, min(self.min_K, losses.shape[1]), axis=1)[0]
        # With exactly min_K pixels above the threshold both means are the same.
        are_many = top[:, -1] > self.loss_th
        above_threshold = mean_over(losses, losses > self.loss_th, axis=1)
        return paddle.where(are_many, above_threshold, mean_over(top, top >= 0, axis=1)).mean()
