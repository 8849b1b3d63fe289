# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The network as a train step calls it: distributed, in mixed precision, with logits at either size."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import paddle
from paddle import Tensor, nn

from paddleseg.training.run_settings import RunSettings
from paddleseg.utils import distributed as dist
from paddleseg.utils.layer_hooks import gives_coarse_logits
from paddleseg.utils.precision import mixed_precision


class StepNetwork:
    """Called with pictures, returns the output of the network's ``forward``.

    Args:
        model: The network.
        settings: The run's.
        extra_layers: The task's, see ``Task.extra_layers``.

    Attributes:
        precision: That of its computation, for networks that a task runs beside it.
    """

    def __init__(self, model: nn.Layer, settings: RunSettings, extra_layers: nn.Layer | None = None) -> None:
        self._model = model
        self.precision, self._level = settings.precision, settings.amp_level
        self._layer = _EitherSize(paddle.jit.to_static(model) if settings.to_static_training else model)
        # Not part of what DataParallel wraps, as it treats layers that its forward's output does not depend on as
        # unused.
        self._extra_layers = extra_layers
        if dist.world_size() > 1:
            self._layer = paddle.DataParallel(self._layer)
            if extra_layers is not None:
                dist.take_weights_of_first(extra_layers)

    @property
    def gives_coarse_logits(self) -> bool:
        """Whether it may be called with ``coarse=True``, for the logits of ``forward_stride8``.

        Not as a static graph, whose ``forward`` is the network's own.
        """
        return gives_coarse_logits(self._model)

    def __call__(self, *inputs: Tensor, coarse: bool = False) -> Any:
        with mixed_precision(self.precision, self._level):
            return self._layer(*inputs, coarse=coarse)

    def gradients_stay_local(self, local: bool) -> AbstractContextManager[Any]:
        """A context for all but the last batch of a step, in which gradients are not exchanged."""
        return self._layer.no_sync() if local and dist.world_size() > 1 else nullcontext()

    def share_extra_gradients(self) -> None:
        """After the last batch of a step: the extra layers' gradients become the mean over the processes."""
        if self._extra_layers is not None:
            dist.average_over_processes([parameter.grad for parameter in self._extra_layers.parameters()])


class _EitherSize(nn.Layer):
    """One layer for both paths through the network: ``DataParallel`` exchanges gradients only for calls through it."""

    def __init__(self, network: nn.Layer) -> None:
        super().__init__()
        self._network = network

    def forward(self, *inputs: Tensor, coarse: bool) -> Any:
        return self._network.forward_stride8(*inputs) if coarse else self._network(*inputs)
