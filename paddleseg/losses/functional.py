# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pure functions that the losses build on.

Shapes: N batch, K classes, H and W the label's size; P = N*H*W pixels.
"""

from __future__ import annotations

import math

import numpy as np
import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.losses import blockwise
from paddleseg.utils.layer_hooks import is_watched
from paddleseg.utils.tensor_memory import memory_of
from paddleseg.utils.tracing import computes_eagerly_on_cpu

_TINY = 1e-7
"""Lowest denominator: below any sum of probabilities that matters, and far above where float32 ends."""


def takes_coarse_logits(loss: object) -> bool:
    """Whether a loss may be called as ``loss(logits, label, coarse=True)`` with logits smaller than the label.

    Its own class must say so, by ``takes_coarse_logits``: subclasses may compute otherwise, and so may hooks.
    """
    if isinstance(loss, nn.Layer) and is_watched(loss):
        return False
    return "takes_coarse_logits" in vars(type(loss)) and loss.takes_coarse_logits


def pixel_cross_entropy(
    logits: Tensor, label: Tensor, ignore_index: int, coarse: bool = False
) -> tuple[Tensor, Tensor]:
    """Cross entropy of each pixel.

    Args:
        logits: (N, K, H, W) float; if ``coarse``, (N, K, h, w) with h <= H and w <= W, which are interpolated
            bilinearly (half-pixel centres), large ones on a CPU without ever being held at the label's size.
        label: (N, H, W) int64, values 0..K-1 or ``ignore_index``.
        ignore_index: Label of the pixels to ignore.
        coarse: Whether logits may be smaller than the label.

    Returns:
        Losses (N, H, W) float, 0 where ignored; and the mask of the valid pixels (N, H, W) bool.

    Raises:
        ValueError: Logits and label do not belong together.
    """
    in_blocks = blockwise.is_faster(logits, label)
    if coarse or in_blocks:
        check_sizes(logits, label, coarse)
    if in_blocks:
        losses = blockwise.BlockwiseCrossEntropy.apply(logits, label, ignore_index)
    else:
        if coarse:
            logits = F.interpolate(logits, label.shape[1:], mode="bilinear")
        losses = F.cross_entropy(logits, label.unsqueeze(1), ignore_index=ignore_index, reduction="none", axis=1)
        losses = losses.squeeze(1)
    return losses, label != ignore_index


def check_sizes(logits: Tensor, label: Tensor, coarse: bool) -> None:
    """Refuse logits and a label that do not belong together by a ValueError."""
    sizes = list(zip(logits.shape[2:], label.shape[1:]))
    fit = all(own <= wanted if coarse else own == wanted for own, wanted in sizes)
    if logits.ndim != 4 or label.ndim != 3 or len(logits) != len(label) or not fit:
        allowed = "(N, K, h, w) and (N, H, W), h up to H and w up to W" if coarse else "(N, K, H, W) and (N, H, W)"
        raise ValueError(
            f"logits {list(logits.shape)} and label {list(label.shape)} do not match; allowed are {allowed}"
        )


def weigh_by_class(label: Tensor, valid: Tensor, weight: Tensor) -> Tensor:
    """The weight of each pixel's class: (N, H, W) float, 0 where not valid.

    Args:
        label: (N, H, W) int64.
        valid: (N, H, W) bool.
        weight: (K,) float.
    """
    inside = paddle.where(valid, label, paddle.zeros_like(label))
    return paddle.gather(weight, inside.flatten()).reshape(label.shape) * valid.astype(weight.dtype)


def class_masks(label: Tensor, valid: Tensor, num_classes: int) -> Tensor:
    """Which pixels are of which class: (N, K, H, W) bool, nowhere true where not valid.

    A byte per pixel and class, an eighth of a one-hot coding of the int64 label. Class by class, which on a CPU takes
    an eighth of the time of one broadcast comparison.

    Args:
        label: (N, H, W) int64.
        valid: (N, H, W) bool.
        num_classes: K.
    """
    label = paddle.where(valid, label, paddle.full_like(label, -1)).astype("int32")
    return paddle.stack([label == index for index in range(num_classes)], axis=1)


def mean_over(values: Tensor, mask: Tensor, axis: int | None = None) -> Tensor:
    """Mean of ``values``, along ``axis`` or all, where ``mask`` is true; 0 with zero gradients if it is nowhere."""
    mask = mask.astype(values.dtype)
    return (values * mask).sum(axis=axis) / mask.sum(axis=axis).clip(min=1.0)


def hard_pixels(losses: Tensor, valid: Tensor, thresh: float, min_kept: int) -> Tensor:
    """Which pixels online hard example mining keeps: those whose target probability is below a threshold.

    The threshold is ``thresh``, or, if that would keep too few, the probability at place ``min_kept`` of the
    valid pixels sorted upwards (the last place if there are fewer). Probability p is exp(-cross entropy),
    so the search is done on the losses, sorted downwards. Nothing is fetched from the device.

    Args:
        losses: Unweighted cross entropies (N, H, W).
        valid: (N, H, W) bool.
        thresh: Probability below which a pixel is hard, above 0 and at most 1.
        min_kept: Place in the sorted order, at least 0.

    Returns:
        (N, H, W) bool; nowhere true when no pixel is valid or none lies below the threshold.
    """
    losses, lowest_hard = losses.detach(), -math.log(thresh)
    if computes_eagerly_on_cpu():
        return _hard_pixels_on_cpu(losses.contiguous(), valid.contiguous(), lowest_hard, min_kept)
    # Cross entropies are at least 0: -1 puts the ignored pixels last, and marks them if there are too few valid ones.
    candidates = paddle.where(valid, losses, paddle.full_like(losses, -1.0)).flatten()
    highest = paddle.topk(candidates, min(min_kept + 1, candidates.shape[0]), sorted=False)[0]
    at_place = paddle.where(highest >= 0, highest, paddle.full_like(highest, math.inf)).min()
    return valid & (losses > paddle.clip(at_place, max=lowest_hard))


def _hard_pixels_on_cpu(losses: Tensor, valid: Tensor, lowest_hard: float, min_kept: int) -> Tensor:
    """:func:`hard_pixels` by numpy, whose selection takes a tenth of the time of Paddle's; contiguous tensors."""
    values, counted = memory_of(losses), memory_of(valid)
    candidates = values[counted]
    limit = values.dtype.type(lowest_hard)
    if candidates.size:
        place = max(candidates.size - 1 - min_kept, 0)
        candidates.partition(place)
        limit = np.fmin(limit, candidates[place])
    kept = paddle.empty(valid.shape, "bool")
    is_kept = np.greater(values, limit, out=memory_of(kept))
    is_kept &= counted
    return kept


def lovasz_weights(errors: Tensor, foreground: Tensor, valid: Tensor) -> Tensor:
    """Gradient of the Lovasz extension of the Jaccard loss of one class, with respect to the pixel errors.

    Berman, Rannen Triki and Blaschko, arXiv 1705.08790, equations 8 and 9 and algorithm 1. In the order of falling
    errors a pixel weighs as much as its misclassification adds to the Jaccard loss. Algorithm 1 takes these steps as
    differences of neighbouring losses, which float32 cannot resolve beyond some 100000 pixels; worked out, with G
    foreground pixels, f of them and b of the background up to and including the pixel in this order, a step is::

        1 / (G + b)                            for a foreground pixel
        (G - f) / ((G + b) * (G + b - 1))      for a background pixel

    and 1 for the largest error of a class without foreground, whose loss is 1 as soon as a pixel is wrong.

    Args:
        errors: (P,) float, at least 0.
        foreground: (P,) bool, whether the pixel is of the class; false where not valid.
        valid: (P,) bool.

    Returns:
        (P,) float without gradient; 0 where not valid.
    """
    with paddle.no_grad():
        order = paddle.argsort(paddle.where(valid, errors, paddle.full_like(errors, -1.0)), descending=True)
        is_foreground = paddle.gather(foreground.astype("int64"), order)
        found = paddle.cumsum(is_foreground)
        union = foreground.astype("int64").sum() + paddle.cumsum(1 - is_foreground)
        missing, union = (found[-1] - found).astype(errors.dtype), union.astype(errors.dtype)
        first_of_none = (paddle.arange(errors.shape[0]) == 0) & (found[-1] == 0)
        steps = paddle.where(
            is_foreground.astype("bool") | first_of_none, 1 / union, missing / (union * (union - 1).clip(min=1.0))
        )
        return paddle.scatter(paddle.zeros_like(errors), order, steps) * valid.astype(errors.dtype)


def window_max(values: Tensor, size: int) -> Tensor:
    """Maximum over the part within the picture of the ``size`` x ``size`` window around each pixel.

    Args:
        values: (N, C, H, W) float.
        size: Odd side of the window.
    """
    return F.max_pool2d(values, size, stride=1, padding=size // 2)


def inner_boundaries(membership: Tensor, size: int) -> Tensor:
    """How much each pixel belongs to a class while its window has something else.

    Args:
        membership: (N, K, H, W) float from 0 to 1: probabilities, or 0 and 1 of a label.
        size: Odd side of the window; 3 makes boundaries one pixel wide.

    Returns:
        (N, K, H, W) float from 0 to 1: the window's largest membership in other classes, minus the pixel's own.
    """
    others = 1 - membership
    return window_max(others, size) - others


def ratio(part: Tensor, whole: Tensor) -> Tensor:
    """``part / whole``, and 0 where the whole is 0; neither is negative and the part is not larger than the whole."""
    return part / whole.clip(min=_TINY)
