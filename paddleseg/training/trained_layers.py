# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that one optimiser steps: the network, and the layers that a task trains with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from paddle import Tensor, nn

from paddleseg.models.pretrained import names_left
from paddleseg.models.weights import apply_weights, first_names
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.frozen_layers import frozen_tensors
from paddleseg.utils.logging import get_logger

_EXTRA = "extra"


class TrainedLayers(nn.Layer):
    """A network and a task's ``extra_layers`` as one layer, in which the network's parameters have their own names.

    Optimisers and checkpoints know parameters by name; those of the extra layers begin with ``extra``.

    Args:
        network: The part that is evaluated and exported.
        extra_layers: See ``Task.extra_layers``.
    """

    def __init__(self, network: nn.Layer, extra_layers: nn.Layer) -> None:
        super().__init__()
        self.network, self.extra_layers = network, extra_layers

    def named_parameters(self, prefix: str = "", include_sublayers: bool = True) -> Iterator[tuple[str, Tensor]]:
        yield from self.network.named_parameters(prefix, include_sublayers)
        yield from self.extra_layers.named_parameters(f"{prefix}.{_EXTRA}" if prefix else _EXTRA, include_sublayers)


def trained_layers(network: nn.Layer, extra_layers: nn.Layer | None) -> nn.Layer:
    """The layers to train: the network itself if a task trains nothing else."""
    return network if extra_layers is None else TrainedLayers(network, extra_layers)


def warn_of_initial_tensors(network: nn.Layer) -> None:
    """Warn of frozen tensors that the pretrained weights lacked: they will never be trained."""
    frozen, state = {id(tensor) for tensor in frozen_tensors(network)}, network.state_dict()
    left = [name for name in names_left(network) if id(state.get(name)) in frozen]
    if left:
        get_logger().warning(
            "frozen though the pretrained weights lack it, or its rows of some classes: %s, which keep their initial "
            "values; leave them out of freeze",
            first_names(left, 8),
        )


def restore_extra_layers(extra_layers: nn.Layer | None, saved: Mapping[str, Any] | None, folder: Path) -> None:
    """Give a task's layers their weights from a checkpoint.

    Args:
        extra_layers: The current task's, or None.
        saved: Arrays by name, or None if the checkpoint's task had no such layers.
        folder: The checkpoint, for the message.

    Raises:
        WeightsError: The saved layers are different ones.
    """
    if extra_layers is None and not saved:
        return
    if extra_layers is None or not saved or not apply_weights(extra_layers, saved).complete:
        names = {"has": sorted(saved or ()), "the run has": sorted(extra_layers.state_dict() if extra_layers else ())}
        found = ", ".join(f"{who} {', '.join(known) or 'none'}" for who, known in names.items())
        raise WeightsError(
            f"{folder} does not fit what is trained beside the network: it {found}. Resume with the section "
            "distillation as it was, or start a new run with model.pretrained"
        )
