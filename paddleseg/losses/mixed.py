# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A weighted sum of losses in place of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

from paddle import Tensor, nn

from paddleseg.losses.functional import takes_coarse_logits
from paddleseg.registry import LOSSES
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.type_hints import NonNegativeFloat

Losses = Annotated[Sequence[Callable[[Tensor, Tensor], Tensor]], "a list of losses"]


@LOSSES.add_component
class MixedLoss(nn.Layer):
    """Sum of several losses of one output, each times its coefficient.

    In YAML ``losses`` is a list like ``loss.types``; entries get ``ignore_index`` as other losses do, and may be
    MixedLoss themselves. PaddleSeg's returns a list of terms, which its training adds up.

    Args:
        losses: The losses, in YAML a list like ``loss.types``. Each is called with logits (N, K, H, W) and int64 label
            (N, H, W), and returns a scalar.
        coef: One number per loss, at least 0.
    """

    @checks_arguments
    def __init__(self, losses: Losses, coef: Sequence[NonNegativeFloat]) -> None:
        super().__init__()
        self.losses = list(losses)
        self.coef = list(coef)

    @staticmethod
    def faults(losses: Sequence[Any], coef: Sequence[float], **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if not losses:
            yield "losses", "the list is empty; give at least one loss"
        if len(losses) != len(coef):
            yield "coef", f"found {list(coef)}; it must have one number per loss, which are {len(losses)}"

    @property
    def takes_coarse_logits(self) -> bool:
        """Whether all of the losses do."""
        return all(takes_coarse_logits(loss) for loss in self.losses)

    def forward(self, logits: Tensor, label: Tensor, coarse: bool = False) -> Tensor:
        """Scalar loss of logits (N, K, H, W) or coarse and int64 label (N, H, W)."""
        named = {"coarse": True} if coarse else {}
        return sum(loss(logits, label, **named) * coef for loss, coef in zip(self.losses, self.coef))
