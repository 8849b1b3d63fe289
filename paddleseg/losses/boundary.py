# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Boundary loss: how well the borders of the classes are matched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.losses.functional import class_masks, inner_boundaries, mean_over, ratio, window_max
from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.type_hints import Bound

_WIDEST_WINDOW = 255


def _odd_from(lowest: int) -> Bound:
    return Bound(lowest, _WIDEST_WINDOW, f"an odd number, {lowest} or more, at most {_WIDEST_WINDOW}")


# Odd, so that a window has a centre. A single pixel finds no boundary.
_THETA0, _THETA = _odd_from(3), _odd_from(1)


@LOSSES.add_component
class BoundaryLoss(nn.Layer):
    """1 less the boundary F1 score of each class in each picture, averaged over those that have a boundary.

    Bokhovkin and Burnaev, arXiv 1905.07852. Boundaries are the inner border pixels of a class, found by max pooling
    over ``theta0`` x ``theta0`` pixels in the label and in the softmax probabilities. Precision is the share of the
    predicted boundary within the label's boundary widened by max pooling over ``theta`` x ``theta`` pixels, recall the
    share of the label's boundary within the predicted one widened likewise.

    The paper has one class and no ignored pixels. Here each of several classes is taken against all others. A class
    without boundary in the label of a picture has no recall there, and is left out. The edge of the picture is not a
    boundary, and pixels with an ignored one in their ``theta0`` window are on none, in the label and in the prediction.

    It says nothing about pixels far from boundaries; use it beside a cross entropy in a MixedLoss.

    Args:
        theta0: Side of the window that finds boundaries, odd, at least 3; the paper keeps it as small as possible.
        theta: Side of the window that widens them, odd: 1 + 2 times the tolerated distance in pixels, at most the
            smallest distance of neighbouring segments.
        ignore_index: Label of the pixels to ignore.
    """

    @checks_arguments
    def __init__(
        self,
        theta0: Annotated[int, _THETA0] = 3,
        theta: Annotated[int, _THETA] = 5,
        ignore_index: int = 255,
    ) -> None:
        super().__init__()
        self.theta0 = theta0
        self.theta = theta
        self.ignore_index = ignore_index

    @staticmethod
    def faults(theta0: int, theta: int, **_: Any) -> Iterator[Fault]:
        """The sides that are even, see :mod:`paddleseg.utils.arguments`."""
        for name, side, bound in (("theta0", theta0, _THETA0), ("theta", theta, _THETA)):
            if side % 2 == 0:
                yield name, f"found {side}; it must be {bound.words}"

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Scalar loss of logits (N, K, H, W) and int64 label (N, H, W); 0 where the label has no boundary."""
        valid = label != self.ignore_index
        with paddle.no_grad():
            ignored = (~valid).unsqueeze(1).astype(logits.dtype)
            known = 1 - window_max(ignored, self.theta0)  # (N, 1, H, W): 1 where no ignored pixel is near
            masks = class_masks(label, valid, logits.shape[1]).astype(logits.dtype)
            actual = inner_boundaries(masks, self.theta0) * known
            near_actual = window_max(actual, self.theta)
        # Expanded, because the gradient of a broadcast factor would cost another sum over the classes.
        predicted = inner_boundaries(F.softmax(logits, axis=1), self.theta0) * known.expand_as(logits)
        near_predicted = window_max(predicted, self.theta)
        length = actual.sum(axis=[2, 3])  # (N, K), as all below
        precision = ratio((predicted * near_actual).sum(axis=[2, 3]), predicted.sum(axis=[2, 3]))
        recall = ratio((actual * near_predicted).sum(axis=[2, 3]), length)
        f1 = ratio(2 * precision * recall, precision + recall)
        return mean_over(1 - f1, length > 0)
