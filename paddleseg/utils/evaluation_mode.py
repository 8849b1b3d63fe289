# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A network in evaluation mode for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from paddle import nn


@contextmanager
def evaluation_mode(model: nn.Layer) -> Iterator[None]:
    """Put a network into evaluation mode; afterwards it and each layer in it is in the mode it came in.

    The layers may differ: somebody who keeps batch norms of a pre-trained network as they are has those in evaluation
    mode during training.
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
