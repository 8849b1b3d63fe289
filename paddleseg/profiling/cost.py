# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a network costs: parameters, and multiply-accumulate operations (MACs) at a picture size.

The network is traced, not run: shapes are worked out symbolically, so that any size takes about a second and
hardly any memory. Convolutions and linear layers are counted, as in DDRNet's paper, whose "GFLOPs" are 10^9
MACs.
``paddle.flops`` is no help: with numpy 2 it raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import paddle
from paddle import nn
from paddle.static import InputSpec

from paddleseg.utils.evaluation_mode import evaluation_mode


class _TracingInput(nn.Layer):
    """Wraps the network during tracing: ``to_static`` replaces the ``forward`` of the layer it is given."""

    def __init__(self, network: nn.Layer) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: paddle.Tensor) -> Any:
        return self.network(image)


def count_parameters(network: nn.Layer) -> int:
    """Number of trainable values; batch-norm statistics do not count."""
    return sum(math.prod(parameter.shape) for parameter in network.parameters() if not parameter.stop_gradient)


def count_macs(network: nn.Layer, height: int, width: int, *, in_channels: int = 3) -> int:
    """Multiply-accumulate operations of all convolutions and linear layers for one picture, biases left out.

    Args:
        network: Called with (1, in_channels, height, width) float32, whatever the order of the axes within it. Its mode
            is restored.
        height: Height of the picture.
        width: Width of the picture.
        in_channels: Channels of the picture.
    """
    macs = 0

    def add_layer(layer: nn.Layer, _inputs: Any, output: paddle.Tensor) -> None:
        nonlocal macs
        # The weight is (out, in / groups, kh, kw) or (in, out): the products behind one output position. Its
        # `size` would be a symbolic value while tracing; shapes are plain numbers.
        has_channels_first = isinstance(layer, nn.Conv2D) and layer._data_format == "NCHW"
        positions = output.shape[2:] if has_channels_first else output.shape[1:-1]
        macs += math.prod(positions) * math.prod(layer.weight.shape)

    with evaluation_mode(network), _hooked(network, (nn.Conv2D, nn.Linear), add_layer):
        spec = InputSpec([1, in_channels, height, width], "float32", "image")
        traced = paddle.jit.to_static(_TracingInput(network), input_spec=[spec], full_graph=True)
        traced.forward.concrete_program  # noqa: B018 (reading it traces the network)
    return macs


@contextmanager
def _hooked(network: nn.Layer, kinds: tuple[type[nn.Layer], ...], hook: Callable[..., None]) -> Iterator[None]:
    layers = [layer for layer in network.sublayers() if isinstance(layer, kinds)]
    handles = [layer.register_forward_post_hook(hook) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def analyze(network: nn.Layer, sizes: list[tuple[int, int]], *, in_channels: int = 3) -> dict[str, Any]:
    """Parameters, and GMACs for each (height, width), as a dict that can be written as JSON."""
    return {
        "parameters": count_parameters(network),
        "gmacs": {
            f"{height}x{width}": count_macs(network, height, width, in_channels=in_channels) / 1e9
            for height, width in sizes
        },
    }
