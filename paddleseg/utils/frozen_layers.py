# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of a network that training leaves as they are, to the byte.

Their parameters take no gradient, and their layers stay in evaluation mode: batch normalisation uses its running
statistics and does not update them, dropout is off. A frozen layer has ``frozen_parameters``, the names of its own
parameters that were trained before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddle import Tensor, nn

from paddleseg.utils.errors import raise_faults
from paddleseg.utils.logging import get_logger
from paddleseg.utils.near_miss import ask_for_nearest


def freeze(model: nn.Layer, parts: Sequence[str] | None) -> None:
    """Freeze these parts of a network, and thaw what an earlier call froze.

    Call it before the optimiser is built, so that this gets only trained parameters.

    Args:
        model: The network, with its final layers: converting some of them afterwards thaws them.
        parts: Dotted names of sublayers, such as ``["conv1", "layer3.0"]``; None or empty: nothing is frozen.

    Raises:
        ConfigError: A name matches no sublayer, or nothing is left to train.
    """
    _thaw(model)
    if not parts:
        return
    raise_faults("", list(freeze_faults(model, parts)))
    for layer in _layers_of(model, parts):
        own = dict(layer.named_parameters(include_sublayers=False))
        trained = [name for name, parameter in own.items() if not parameter.stop_gradient]
        layer.frozen_parameters = [*getattr(layer, "frozen_parameters", ()), *trained]  # a part may be named twice
        for name in trained:
            own[name].stop_gradient = True
    keep_in_evaluation_mode(model)
    get_logger().info(
        "frozen: %s, which keep %.2f M of the %.2f M weights as they are",
        describe_parts(parts), sum(tensor.size for tensor in frozen_tensors(model)) / 1e6,
        sum(parameter.size for parameter in model.parameters()) / 1e6,
    )  # fmt: skip


def freeze_faults(model: nn.Layer, parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with ``parts``, as (key, what was found and what is allowed)."""
    known = dict(model.named_sublayers())
    names = [name for name, layer in model.named_children() if layer.parameters()]
    unknown = False
    for index, part in enumerate(parts):
        if part not in known:
            unknown = True
            near = ask_for_nearest(part, known if "." in part else names)
            yield f"freeze.{index}", f"the network has no part {part!r}. {near}Its parts are {', '.join(names)}"
        elif not known[part].parameters():
            yield f"freeze.{index}", f"{part!r} has no weights; leave it out"
    if not unknown:
        frozen = {id(parameter) for layer in _layers_of(model, parts) for parameter in layer.parameters()}
        if all(parameter.stop_gradient or id(parameter) in frozen for parameter in model.parameters()):
            yield "freeze", f"found {', '.join(parts)}; nothing is left to train: leave one of {', '.join(names)} out"


def describe_parts(parts: Sequence[str] | None) -> str:
    """The parts in a fixed order, such as ``conv1, layer1``, or ``nothing``."""
    return ", ".join(sorted(set(parts or ()))) or "nothing"


def keep_in_evaluation_mode(model: nn.Layer) -> None:
    """Put the frozen layers back into evaluation mode, after the network was put into training mode."""
    for layer in model.sublayers(include_self=True):
        if _is_frozen(layer):
            layer.training = False


def frozen_tensors(model: nn.Layer) -> list[Tensor]:
    """Parameters, running statistics and other buffers of the frozen layers."""
    return [
        tensor
        for layer in model.sublayers(include_self=True)
        if _is_frozen(layer)
        for tensor in (*layer.parameters(include_sublayers=False), *layer.buffers(include_sublayers=False))
    ]


def _is_frozen(layer: nn.Layer) -> bool:
    return hasattr(layer, "frozen_parameters")


def _thaw(model: nn.Layer) -> None:
    for layer in filter(_is_frozen, model.sublayers(include_self=True)):
        for name in layer.frozen_parameters:
            getattr(layer, name).stop_gradient = False
        del layer.frozen_parameters


def _layers_of(model: nn.Layer, parts: Sequence[str]) -> list[nn.Layer]:
    """The layers of these names, and all inside them."""
    known = dict(model.named_sublayers())
    return [layer for part in parts for layer in known[part].sublayers(include_self=True)]
