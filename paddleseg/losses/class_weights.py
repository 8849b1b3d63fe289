# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A number for each class: checks of such a list, and weights that make up for rare classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from paddleseg.utils.arguments import Fault
from paddleseg.utils.choices import ClassWeights

# ENet's constant limits the weights to 50, ERFNet's to 10.5.
_CONSTANTS = {"enet": 1.02, "inverse_log": 1.1}


def class_list_faults(name: str, values: Sequence[float], num_classes: int | None = None) -> Iterator[Fault]:
    """Faults of the argument ``name``; the number of classes need not be known."""
    if len(values) == 0:
        yield name, "the list is empty; give one per class"
    elif num_classes not in (None, len(values)):
        yield name, f"{len(values)} entries for {num_classes} classes; give one per class"


def weight_faults(weight: Sequence[float] | None = None, **_: Any) -> Iterator[Fault]:
    """The ``faults`` of a loss with class weights, see :mod:`paddleseg.utils.arguments`."""
    if weight is not None:
        yield from class_list_faults("weight", weight)


def takes_class_weights(loss: Callable[..., Any]) -> bool:
    """Whether a loss, or the class of one, weighs pixels by the list ``weight``; it says so by this attribute."""
    return getattr(loss, "takes_class_weights", False) is True


def class_weights(kind: ClassWeights, pixels: np.ndarray) -> list[float]:
    """Weights for the pixels of each class, larger for rarer ones.

    With f the share of a class among the pixels of all labels:

    * ``enet``: 1 / ln(1.02 + f), which is below 50.5 (Paszke et al., arXiv 1606.02147, section 5.1);
    * ``inverse_log``: 1 / ln(1.1 + f), which is below 10.5 (Romera et al., ERFNet, IEEE T-ITS 19(1), 2018, code);
    * ``median_frequency``: the median of g over all classes, divided by g, the share of the class among the pixels of
      the labels in which it occurs (Eigen and Fergus, arXiv 1411.4734, section 6.3.2). It has no upper limit.

    All are multiplied by one number, so that the mean weight of a pixel is 1 and the loss keeps its size.

    Args:
        kind: The formula.
        pixels: (N, K) pixels of each class in each label, ignored ones left out.

    Returns:
        K finite numbers; a class that never occurs gets 1.
    """
    totals = pixels.sum(axis=0, dtype=np.float64)
    occurs = totals > 0
    weights = np.ones(len(totals))
    if not occurs.any():
        return weights.tolist()
    share = totals / totals.sum()
    if kind == "median_frequency":
        beside = ((pixels > 0) * pixels.sum(axis=1, keepdims=True)).sum(axis=0, dtype=np.float64)
        share_where_it_occurs = totals[occurs] / beside[occurs]
        weights[occurs] = np.median(share_where_it_occurs) / share_where_it_occurs
    else:
        weights[occurs] = 1 / np.log(_CONSTANTS[kind] + share[occurs])
    weights[occurs] /= (weights * share).sum()
    return weights.tolist()
