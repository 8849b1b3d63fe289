# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pure functions under the losses.

Shapes: N batch, K classes, H and W the label's size; P = N*H*W pixels.
"""

from __future__ import annotations

import math

import paddle
from paddle import Tensor
from paddle.nn import functional as F


def pixel_cross_entropy(logits: Tensor, label: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Cross entropy of each pixel.

    Args:
        logits: (N, K, H, W) float.
        label: (N, H, W) int64, values 0..K-1 or ``ignore_index``.
        ignore_index: Label of the pixels that do not count.

    Returns:
        Losses (N, H, W) float, 0 where ignored; and the mask of the valid pixels (N, H, W) bool.
    """
    losses = F.cross_entropy(logits, label.unsqueeze(1), ignore_index=ignore_index, reduction="none", axis=1).squeeze(1)
    return losses, label != ignore_index


def weigh_by_class(label: Tensor, valid: Tensor, weight: Tensor) -> Tensor:
    """The weight of each pixel's class: (N, H, W) float, 0 where not valid.

    Args:
        label: (N, H, W) int64.
        valid: (N, H, W) bool.
        weight: (K,) float.
    """
    inside = paddle.where(valid, label, paddle.zeros_like(label))
    return paddle.gather(weight, inside.flatten()).reshape(label.shape) * valid.astype(weight.dtype)


def mean_over(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of ``values`` where ``mask`` holds; 0 with zero gradients where it holds nowhere."""
    mask = mask.astype(values.dtype)
    return (values * mask).sum() / mask.sum().clip(min=1.0)


def hard_pixels(losses: Tensor, valid: Tensor, thresh: float, min_kept: int) -> Tensor:
    """Which pixels online hard example mining keeps: those whose target probability lies below a threshold.

    The threshold is ``thresh``, or, where that would keep too few, the probability at place ``min_kept`` of the
    valid pixels sorted upwards (the last place if there are not as many). Probability p is exp(-cross entropy),
    so the search is done on the losses, sorted downwards. Nothing is fetched from the device.

    Args:
        losses: Unweighted cross entropies (N, H, W).
        valid: (N, H, W) bool.
        thresh: Probability below which a pixel is hard, above 0 and at most 1.
        min_kept: Place in the sorted order, at least 0.

    Returns:
        (N, H, W) bool; nowhere true when no pixel is valid or none lies below the threshold.
    """
    losses = losses.detach()
    # Cross entropies are at least 0: -1 sorts the ignored pixels to the end.
    candidates = paddle.where(valid, losses, paddle.full_like(losses, -1.0)).flatten()
    count = min(min_kept + 1, candidates.shape[0])
    highest = paddle.topk(candidates, count)[0]
    num_valid = valid.astype("int64").sum()
    place = paddle.clip(num_valid - 1, min=0, max=count - 1)
    at_place = paddle.gather(highest, place.reshape([1]))
    return valid & (losses > paddle.clip(at_place, max=-math.log(thresh)))
