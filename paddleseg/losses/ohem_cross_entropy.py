# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross entropy over the hard pixels: online hard example mining."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor, nn

from paddleseg.losses.class_weights import weight_faults
from paddleseg.losses.functional import hard_pixels, mean_over, pixel_cross_entropy, weigh_by_class
from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.type_hints import CountOrZero, NonNegativeFloat, Share


@LOSSES.add_component
class OhemCrossEntropyLoss(nn.Layer):
    """Mean cross entropy of the pixels whose target probability is below a threshold.

    The threshold is the larger of ``thresh`` and the probability at place ``min_kept`` of the valid pixels sorted
    upwards. The official DDRNet recipe has ``thresh`` 0.9 and ``min_kept`` 131072; defaults are PaddleSeg's.

    ``min_kept`` is the least number of pixels to keep, so that ``min(min_kept, valid pixels)`` is right if all of them
    are easier than ``thresh``. Neither the authors' code nor PaddleSeg's keeps exactly these everywhere. Of 30 valid
    pixels, with ``thresh`` below all of them and no two probabilities equal, are kept:

    ============================  ==  ==  ==  ===
    ``min_kept``                  10  29  30  100
    ============================  ==  ==  ==  ===
    right                         10  29  30  30
    the authors' code, and here   10  29  29  29
    PaddleSeg's code               9  28  30  30
    ============================  ==  ==  ==  ===

    Below the number of valid pixels, as in all recipes, the authors are right, and PaddleSeg takes the place before:
    the probability of its last pixel becomes the threshold, which that pixel is not below. From that number on
    PaddleSeg is right, and the authors' threshold is the largest probability, so that the easiest pixel is left out
    unless ``thresh`` is above it; a single valid pixel is not kept. Here the numbers are the authors': the pixel left
    out has the smallest loss of all.

    Args:
        thresh: Probability below which a pixel is hard, above 0 and at most 1.
        min_kept: Approximate minimum number of pixels of a batch that are kept.
        ignore_index: Label of the pixels to ignore.
        weight: A factor for the pixel losses of each class; the mean is over the number of kept pixels, as in the
            authors' code. Which pixels are hard does not depend on it.
    """

    takes_coarse_logits = True
    takes_class_weights = True

    faults = staticmethod(weight_faults)

    @checks_arguments
    def __init__(
        self,
        thresh: Share = 0.7,
        min_kept: CountOrZero = 10000,
        ignore_index: int = 255,
        weight: Sequence[NonNegativeFloat] | None = None,
    ) -> None:
        super().__init__()
        self.thresh = thresh
        self.min_kept = min_kept
        self.ignore_index = ignore_index
        self.weight = None if weight is None else paddle.to_tensor(list(weight), dtype="float32")

    def forward(self, logits: Tensor, label: Tensor, coarse: bool = False) -> Tensor:
        """Scalar loss of logits (N, K, H, W) or coarse and int64 label (N, H, W); 0 when no pixel is kept."""
        losses, valid = pixel_cross_entropy(logits, label, self.ignore_index, coarse)
        kept = hard_pixels(losses, valid, self.thresh, self.min_kept)
        if self.weight is not None:
            losses = losses * weigh_by_class(label, valid, self.weight.astype(losses.dtype))
        return mean_over(losses, kept)
