# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The plain order of work of the losses, as in PaddleSeg: the reference of benchmarks and tests."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import Tensor
from paddle.nn import functional as F


def plain_cross_entropy(logits: Tensor, label: Tensor, ignore_index: int = 255) -> Tensor:
    """Mean cross entropy of the pixels that are not ignored.

    Args:
        logits: (N, K, H, W) float.
        label: (N, H, W) int64.
        ignore_index: Label of the pixels that do not count.
    """
    return F.cross_entropy(logits, label.unsqueeze(1), ignore_index=ignore_index, axis=1)


def plain_ohem(
    logits: Tensor,
    label: Tensor,
    thresh: float,
    min_kept: int,
    weight: Sequence[float] | None = None,
    ignore_index: int = 255,
) -> Tensor:
    """Online hard example mining by softmax, one-hot coding of the label and a sort of all pixels.

    The threshold is the larger of ``thresh`` and the probability at place ``min_kept`` of the valid pixels, or at the
    last place if there are fewer; the loss is averaged over the pixels strictly below it, and 0 if there are none.

    Args:
        logits: (N, K, H, W) float.
        label: (N, H, W) int64.
        thresh: Probability of the own class below which a pixel is hard.
        min_kept: Place in the sorted order.
        weight: A factor for the losses of each class.
        ignore_index: Label of the pixels that do not count.
    """
    num_classes = logits.shape[1]
    valid = (label != ignore_index).flatten().astype("int64")
    label = label.flatten() * valid
    probabilities = F.softmax(logits, axis=1).transpose([1, 0, 2, 3]).reshape([num_classes, -1])
    own = (probabilities * F.one_hot(label, num_classes).transpose([1, 0])).sum(axis=0)
    own = own + 2 * (1 - valid).astype(own.dtype)  # ignored pixels come last
    order = own.argsort()
    num_valid = int(valid.sum())
    threshold = thresh
    if num_valid > 0:
        threshold = max(thresh, float(own[order[min(min_kept, num_valid - 1)]]))
    kept = valid * (own < threshold).astype("int64")
    label = paddle.where(kept.astype("bool"), label, paddle.full_like(label, ignore_index))
    losses = F.cross_entropy(
        logits,
        label.reshape([logits.shape[0], 1, *logits.shape[2:]]),
        weight=None if weight is None else paddle.to_tensor(list(weight), dtype=logits.dtype),
        ignore_index=ignore_index,
        reduction="none",
        axis=1,
    )
    return losses.sum() / max(int(kept.sum()), 1)


def plain_lovasz(logits: Tensor, label: Tensor, ignore_index: int = 255) -> Tensor:
    """Lovasz-Softmax by a sort of all valid pixels for each class, averaged over the classes that are present.

    Args:
        logits: (N, K, H, W) float.
        label: (N, H, W) int64.
        ignore_index: Label of the pixels that do not count.
    """
    num_classes = logits.shape[1]
    valid = paddle.nonzero(label.flatten() != ignore_index).flatten()
    label = paddle.gather(label.flatten(), valid)
    probabilities = F.softmax(logits, axis=1).transpose([0, 2, 3, 1]).reshape([-1, num_classes])
    probabilities = paddle.gather(probabilities, valid)
    losses = []
    for index in range(num_classes):
        foreground = (label == index).astype(logits.dtype)
        if float(foreground.sum()) == 0:
            continue
        errors = (foreground - probabilities[:, index]).abs()
        order = paddle.argsort(errors.detach(), descending=True)
        foreground = paddle.gather(foreground, order)
        union = foreground.sum() + (1 - foreground).cumsum()
        jaccard = 1 - (foreground.sum() - foreground.cumsum()) / union
        steps = paddle.concat([jaccard[:1], jaccard[1:] - jaccard[:-1]])
        losses.append((paddle.gather(errors, order) * steps).sum())
    return sum(losses) / len(losses)
