# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Lovasz-Softmax: the intersection over union of the classes, made differentiable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.losses.functional import check_sizes, lovasz_weights, mean_over
from paddleseg.losses.sorted_errors import SortedErrors
from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.tensor_memory import memory_of
from paddleseg.utils.tracing import computes_eagerly_on_cpu


@LOSSES.add_component
class LovaszSoftmaxLoss(nn.Layer):
    """Lovasz extension of the Jaccard loss of each class over the whole batch, averaged over classes.

    Berman, Rannen Triki and Blaschko, arXiv 1705.08790, equations 11 and 12: the error of a pixel is 1 - p where it is
    of the class and p elsewhere, p the softmax probability of the class.

    All pixels are sorted once for each class that may count. On a device that is every class, as only the device knows
    which are present; on a CPU, pixels without weight and absent classes are left out, see ``sorted_errors``.
    It is still the most expensive of the losses.

    Args:
        ignore_index: Label of the pixels to ignore.
        classes: Whose losses are averaged: those ``present`` in the batch's labels, ``all``, or the listed ones,
            present or not. The loss of an absent class is its highest probability anywhere.
    """

    takes_coarse_logits = True

    @checks_arguments
    def __init__(self, ignore_index: int = 255, classes: Literal["present", "all"] | Sequence[int] = "present") -> None:
        super().__init__()
        self.ignore_index = ignore_index
        self.classes = classes if isinstance(classes, str) else [int(index) for index in classes]

    @staticmethod
    def faults(
        classes: Literal["present", "all"] | Sequence[int], num_classes: int | None = None, **_: Any
    ) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if isinstance(classes, str):
            return
        if not classes:
            yield "classes", "the list is empty; name at least one class"
        elif len(set(classes)) < len(classes):
            yield "classes", f"found {list(classes)}; each class may stand there once"
        elif min(classes) < 0 or (num_classes is not None and max(classes) >= num_classes):
            bounds = "0 or more" if num_classes is None else f"from 0 to {num_classes - 1}"
            yield "classes", f"found {list(classes)}; each must be {bounds}"

    def forward(self, logits: Tensor, label: Tensor, coarse: bool = False) -> Tensor:
        """Scalar loss of logits (N, K, H, W) or coarse and int64 label (N, H, W); 0 when all pixels are ignored."""
        check_sizes(logits, label, coarse)
        if computes_eagerly_on_cpu():
            return self._by_numpy(logits, label)
        if coarse:
            logits = F.interpolate(logits, label.shape[1:], mode="bilinear")
        label = label.flatten()
        valid = label != self.ignore_index
        # Unbound at once: indexing would give each row a gradient tensor of all rows.
        probabilities = F.softmax(logits, axis=1).transpose([1, 0, 2, 3]).flatten(1).unbind()  # K times (P,)
        losses, present = [], []
        for index in range(logits.shape[1]) if isinstance(self.classes, str) else self.classes:
            foreground = (label == index) & valid
            errors = (foreground.astype(logits.dtype) - probabilities[index]).abs()
            losses.append((errors * lovasz_weights(errors, foreground, valid)).sum())
            present.append(foreground.any())
        losses = paddle.stack(losses)
        return mean_over(losses, paddle.stack(present)) if self.classes == "present" else losses.mean()

    def _by_numpy(self, logits: Tensor, label: Tensor) -> Tensor:
        num_classes = logits.shape[1]
        chosen = range(num_classes) if isinstance(self.classes, str) else self.classes
        if self.classes == "present":
            labels = memory_of(label.contiguous())
            chosen = [index for index in chosen if index != self.ignore_index and (labels == index).any()]
        if not chosen:
            return logits.sum() * 0.0
        return SortedErrors.apply(logits, label, self.ignore_index, list(chosen)).mean()
