# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of all sizes with weights made by rule, so that no batch normalisation is the identity."""

import numpy as np
import paddle
from paddle import nn


def with_made_up_weights(network: nn.Layer) -> nn.Layer:
    """The network in evaluation mode; convolutions keep their initial weights, which are seeded here."""
    paddle.seed(5)
    rng = np.random.default_rng(5)
    for layer in network.sublayers():
        if isinstance(layer, nn.BatchNorm2D):
            channels = layer.weight.shape[0]
            layer.weight.set_value(rng.uniform(0.5, 1.5, channels).astype("float32"))
            layer._variance.set_value(rng.uniform(0.5, 1.5, channels).astype("float32"))
            for tensor in (layer.bias, layer._mean):
                tensor.set_value(rng.normal(0, 0.1, channels).astype("float32"))
        elif isinstance(layer, nn.Conv2D):
            spread = np.sqrt(1 / np.prod(layer.weight.shape[1:]))
            layer.weight.set_value(rng.normal(0, spread, layer.weight.shape).astype("float32"))
            if layer.bias is not None:
                layer.bias.set_value(rng.normal(0, 0.1, layer.bias.shape).astype("float32"))
    network.eval()
    return network
