# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Mixup and cutmix: a batch mixed with itself in reverse order, one way and one share for the whole batch.

mixup: Zhang et al. 2018, arXiv 1710.09412; cutmix: Yun et al. 2019, arXiv 1905.04899.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import paddle
from paddle import Tensor
from paddle.nn import functional as F


@dataclass(frozen=True)
class Mixture:
    """How one batch is mixed.

    Attributes:
        share: Weight of a picture's own class in its target; the rest is its partner's.
        window: (top, bottom, left, right) of the rectangle that comes from the partner; None: mixup, all pixels are
            weighed by ``share``.
    """

    share: float
    window: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class BatchMixing:
    """The distribution of mixtures.

    Attributes:
        mixup_alpha: The share is drawn from Beta(alpha, alpha); 0: no mixup.
        cutmix_alpha: Likewise; 0: no cutmix.
        mix_prob: Probability of mixing a batch at all.
        switch_prob: Probability of cutmix, where both are on.
    """

    mixup_alpha: float
    cutmix_alpha: float
    mix_prob: float = 1.0
    switch_prob: float = 0.5

    def draw(self, size_hw: Sequence[int], rng: np.random.Generator) -> Mixture | None:
        """Draw the mixture of one batch of pictures of ``size_hw``; None leaves it as it is."""
        if (self.mixup_alpha == 0 and self.cutmix_alpha == 0) or rng.random() >= self.mix_prob:
            return None
        cuts = self.cutmix_alpha > 0 and (self.mixup_alpha == 0 or rng.random() < self.switch_prob)
        alpha = self.cutmix_alpha if cuts else self.mixup_alpha
        share = float(rng.beta(alpha, alpha))
        if not cuts:
            return Mixture(share)
        height, width = size_hw
        side = math.sqrt(1 - share)
        (top, bottom), (left, right) = (_span(length, int(length * side), rng) for length in (height, width))
        # What sticks out is cut off, so that the partner's share is the area, not the draw.
        return Mixture(1 - (bottom - top) * (right - left) / (height * width), (top, bottom, left, right))


def mix(pictures: Tensor, classes: Tensor, num_classes: int, mixture: Mixture) -> tuple[Tensor, Tensor]:
    """Mix a batch with itself in reverse order.

    Args:
        pictures: (N, C, H, W) float32; N even, as the middle one of an odd batch would be its own partner.
        classes: (N,) int64.
        num_classes: K.
        mixture: How to mix.

    Returns:
        The pictures, and the shares of the classes (N, K) float32.
    """
    partners, share = paddle.flip(pictures, axis=[0]), mixture.share
    if mixture.window is None:
        mixed = pictures * share + partners * (1 - share)
    else:
        top, bottom, left, right = mixture.window
        inside = np.zeros((1, 1, *pictures.shape[2:]), bool)
        inside[..., top:bottom, left:right] = True
        mixed = paddle.where(paddle.to_tensor(inside).expand(pictures.shape), partners, pictures)
    own = F.one_hot(classes, num_classes)
    return mixed, own * share + paddle.flip(own, axis=[0]) * (1 - share)


def _span(length: int, cut: int, rng: np.random.Generator) -> tuple[int, int]:
    """Start and end of a span of ``cut`` pixels centred on a random pixel, clipped at the ends."""
    middle = int(rng.integers(length))
    begin = middle - cut // 2
    return max(begin, 0), min(middle + cut // 2, length)
