# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A network temporarily in evaluation mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from paddle import nn


@contextmanager
def evaluation_mode(model: nn.Layer) -> Iterator[None]:
    """Put a network into evaluation mode; afterwards restore its mode and that of each layer.

    The layers may differ: frozen batch norms of a pre-trained network are in evaluation mode during training.
    """
    modes = [(layer, layer.training) for layer in model.sublayers(include_self=True)]
    model.eval()
    try:
        yield
    finally:
        if modes[0][1]:  # the network itself; it may have a train() of its own
            model.train()
        for layer, training in modes:
            layer.training = training
