# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Which layer of a network first produces values that are not finite, forward or backward."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import paddle
from paddle import Tensor, nn


class LayerWatch:
    """Checks the inputs and outputs of each layer of a network, and the gradients of the outputs.

    Every check fetches a number from the device, so this is for single steps.

    Args:
        network: The network whose sublayers are watched, forward and backward.

    Attributes:
        forward: The first place in the forward pass, in words; None while all is finite.
        backward: The same for the backward pass.
    """

    def __init__(self, network: nn.Layer) -> None:
        self._network = network
        self.forward: str | None = None
        self.backward: str | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within this context the network is watched."""
        hooks = []
        for name, layer in self._network.named_sublayers(include_self=True):
            title = f"{name or 'the network'} ({type(layer).__name__})"
            hooks.append(layer.register_forward_pre_hook(partial(self._before, title)))
            hooks.append(layer.register_forward_post_hook(partial(self._after, title)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _before(self, title: str, layer: nn.Layer, inputs: Any) -> None:
        if self.forward is None and not all_finite(inputs):
            whose = "the pictures" if layer is self._network else "what reaches it, made by no layer but between them,"
            self.forward = f"{title}: {whose} had values that are not finite"

    def _after(self, title: str, layer: nn.Layer, inputs: Any, outputs: Any) -> None:
        if self.forward is None and not all_finite(outputs):
            weights = [name for name, one in layer.named_parameters(include_sublayers=False) if not all_finite(one)]
            why = f"its {' and '.join(weights)} had been so before" if weights else "input and weights were finite"
            self.forward = f"{title}: {why}"
        for tensor in tensors_in(outputs):
            if not tensor.stop_gradient:
                tensor.register_hook(partial(self._on_gradient, title))

    def _on_gradient(self, title: str, gradient: Tensor) -> None:
        if self.backward is None and not all_finite(gradient):
            self.backward = f"{title}: the gradient of what it gives, made by what comes after it"


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in nested lists and tuples, and in the values of mappings."""
    if isinstance(value, Tensor):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [tensor for one in inner for tensor in tensors_in(one)]


@paddle.no_grad()
def all_finite(value: Any) -> bool:
    """Whether all floating-point tensors within a value are finite."""
    floating = (tensor for tensor in tensors_in(value) if tensor.is_floating_point())
    return all(bool(paddle.isfinite(tensor).all()) for tensor in floating)
