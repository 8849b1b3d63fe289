# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether batch normalisation has enough values to normalise with, reported once after the first step."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from paddle import Tensor, nn

from paddleseg.training.hooks.base import Hook
from paddleseg.utils import distributed as dist
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer

_KINDS = (nn.BatchNorm1D, nn.BatchNorm2D, nn.BatchNorm3D, nn.SyncBatchNorm)
# One value of a channel is always normalised to 0, and two to -1 and 1, whatever they were.
_NOTHING_LEFT = 2


class BatchNormHook(Hook):
    """Warns if a channel has one or two values in a batch: only their order survives normalisation.

    The loss still falls, but evaluation, which normalises with the running statistics, sees a different network. Small
    batches and crops cause this in the pooled branches of DAPPM.
    """

    def __init__(self) -> None:
        self._watching: list[Any] = []
        self._counts: dict[str, int] = {}

    def before_train(self, trainer: Trainer) -> None:
        if trainer.settings.to_static_training:  # shapes within a graph are not known
            return
        self._watching = [
            layer.register_forward_pre_hook(partial(self._count, name))
            for name, layer in trainer.model.named_sublayers()
            if isinstance(layer, _KINDS)
        ]

    def _count(self, name: str, layer: nn.Layer, inputs: tuple[Tensor, ...]) -> None:
        if layer.training and not layer._use_global_stats:
            processes = dist.world_size() if isinstance(layer, nn.SyncBatchNorm) else 1
            self._counts[name] = inputs[0].size // layer._num_features * processes

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if not self._watching:
            return
        for watch in self._watching:
            watch.remove()
        self._watching = []
        few = {name: count for name, count in self._counts.items() if count <= _NOTHING_LEFT}
        if few:
            get_logger().warning(
                "batch normalisation has %d value(s) per channel in %d of its %d layers (%s): nothing is left of them, "
                "and evaluation sees another network there than training; use a larger batch_size or crop",
                min(few.values()), len(few), len(self._counts), next(iter(few)),
            )  # fmt: skip
