# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The distance of a network's maps to those of a teacher, channel by channel.

Paper: Shu, Liu, Gao, Yan, Shen, "Channel-wise Knowledge Distillation for Dense Prediction", ICCV 2021,
arXiv 2011.13256.
"""

from __future__ import annotations

from typing import Annotated

from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.registry import DISTILLATION_LOSSES
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.type_hints import Bound

_Temperature = Annotated[float, Bound(0.01, 1000, "from 0.01 to 1000")]


def channel_wise_kl(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence between the places where a channel is strong in teacher and student.

    A softmax over all places makes a distribution of each channel of each picture. With p the teacher's and q the
    student's, both of values divided by the temperature T, it is the mean over pictures and channels of
    T^2 * sum over the places of p * log(p / q).

    Args:
        student: (N, C, H, W) float32 or float64.
        teacher: The same shape and type.
        temperature: T; the higher, the more the weaker places count.

    Returns:
        A scalar of the same type, at least 0 except for rounding.

    Raises:
        ValueError: The shapes differ.
        ConfigError: The maps have one place, whose softmax is always 1.
    """
    if student.ndim != 4 or student.shape != teacher.shape:
        raise ValueError(
            f"student {list(student.shape)} and teacher {list(teacher.shape)} cannot be compared; both must be "
            "(N, C, H, W)"
        )
    if student.shape[2] * student.shape[3] == 1:
        raise ConfigError(
            "maps of one pixel, over which the softmax is always 1, so nothing can be learnt from them; use larger "
            "crops or a layer with larger maps"
        )
    num_distributions = student.shape[0] * student.shape[1]
    own, wanted = (F.log_softmax(maps.flatten(2) / temperature, axis=-1) for maps in (student, teacher))
    return (wanted.exp() * (wanted - own)).sum() * (temperature**2 / num_distributions)


@DISTILLATION_LOSSES.add_component
class ChannelWiseKLLoss(nn.Layer):
    """Kullback-Leibler divergence of each channel's spread over the picture from the teacher's.

    See :func:`channel_wise_kl`. It sees no labels: padding and ignored pixels are places like all others.

    Args:
        temperature: Values are divided by it before the softmax; the higher, the more the weaker places count.
    """

    @checks_arguments
    def __init__(self, temperature: _Temperature = 4.0) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Scalar distance of maps (N, C, H, W) float32 to the teacher's of the same shape."""
        return channel_wise_kl(student, teacher, self.temperature)
