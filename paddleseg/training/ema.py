# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Exponential moving average of the weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import paddle
from paddle import Tensor, nn

from paddleseg.utils.distributed import running_statistics
from paddleseg.utils.frozen_layers import frozen_tensors


class ExponentialMovingAverage:
    """A second set of weights that follows the trained ones slowly.

    ``average = decay * average + (1 - decay) * weight`` after each step, with decay at most
    ``(1 + step)/(10 + step)``: until this reaches ``decay``, the average spans about the last ninth of the training,
    so that neither initial weights nor those of a short training's first half linger. Running statistics of batch
    normalisation follow in the same way, as the newest ones would belong to the newest weights. The average is kept in
    float32, whatever the model trains in. Frozen tensors are copied, because the average of -0.0 with itself is 0.0.

    Args:
        model: The network in training.
        decay: The share of the average that is kept in each step, 0 to below 1.
    """

    def __init__(self, model: nn.Layer, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"ema_decay is {decay}; allowed: 0 to below 1")
        self._model = model
        self._decay = decay
        self._average = {name: _detached_copy(tensor) for name, tensor in model.state_dict().items()}

    @paddle.no_grad()
    def update(self, step: int) -> None:
        """Follow the model after optimiser step number ``step`` (1 is the first)."""
        decay = min(self._decay, (1.0 + step) / (10.0 + step))
        frozen = {id(tensor) for tensor in frozen_tensors(self._model)}
        for name, tensor in self._model.state_dict().items():
            average = self._average[name]
            newest = tensor.astype(average.dtype)
            if tensor.is_floating_point() and id(tensor) not in frozen:
                newest = average + (newest - average) * (1.0 - decay)
            paddle.assign(newest, average)

    def running_statistics(self) -> list[Tensor]:
        """The average's running statistics, see ``utils.distributed.running_statistics``."""
        of_model = {id(tensor) for tensor in running_statistics(self._model)}
        return [self._average[name] for name, tensor in self._model.state_dict().items() if id(tensor) in of_model]

    def state_dict(self) -> dict[str, Tensor]:
        """The averaged weights, under the model's names."""
        return self._average

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        for name, average in self._average.items():
            average.set_value(state[name])

    @contextmanager
    def applied(self) -> Iterator[nn.Layer]:
        """Within this context the model has the averaged weights; afterwards its own, bit for bit."""
        own = {name: tensor.clone() for name, tensor in self._model.state_dict().items()}
        self._copy_into_model(self._average)
        try:
            yield self._model
        finally:
            self._copy_into_model(own)

    @paddle.no_grad()
    def _copy_into_model(self, values: Mapping[str, Tensor]) -> None:
        for name, tensor in self._model.state_dict().items():
            paddle.assign(values[name].astype(tensor.dtype), tensor)


def _detached_copy(tensor: Tensor) -> Tensor:
    copy = tensor.detach().clone()
    return copy.astype("float32") if copy.is_floating_point() else copy
