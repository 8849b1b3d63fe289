# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a network says of itself, so that nothing outside of it knows networks by their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ModelFacts:
    """The facts of one network; each is an attribute of the same name, of its class or of the network itself.

    The networks here state them all. A user's own states those in which it differs from the defaults.

    Attributes:
        task: Name in the registry TASKS of what it learns. ``SegmentationTask`` needs a list of logits (N, K, H, W),
            ``ClassificationTask`` one tensor of logits (N, K).
        smallest_side: Pixels that height and width of a picture have at least.
        output_stride: Pixels that are between the cells of the output before its last resize.
        head_parts: Sublayers of the top level that depend on the classes or the task. Fine-tuning may start without
            weights for them; for all others it needs some.
        class_layers: Sublayers, by their dotted names, whose weight and bias have a row for each class, and no other
            layer has. Fine-tuning on other classes finds there those that it knows.
        training_only_parts: Sublayers of the top level that only training needs. Weight files may have them where the
            network, built for evaluation, has them not.
        input_weight: Name of the weight (C, in_channels, h, w) of the convolution that takes the pictures; pretrained
            weights of another number of channels are adapted in it. None: they are refused.
        outputs: Names of the logits in the list, the main output first.
        has_weights_of_paddleseg: Whether there are weights of this network with PaddleSeg's paddings, so that those of
            a file may be of either kind; the network has ``padding_mode``, ``padding_mode_is_named`` and
            ``set_padding_mode`` then.
    """

    task: str = "SegmentationTask"
    smallest_side: int = 32
    output_stride: int = 8
    head_parts: tuple[str, ...] = ("head", "aux_head")
    class_layers: tuple[str, ...] = ()
    training_only_parts: tuple[str, ...] = ("aux_head",)
    input_weight: str | None = None
    outputs: tuple[str, ...] = ("main", "auxiliary")
    has_weights_of_paddleseg: bool = False

    @classmethod
    def of(cls, network: Any) -> ModelFacts:
        """The facts of a ``paddle.nn.Layer``, or of what builds one: a class or function of the registry."""
        names = (field.name for field in dataclasses.fields(cls))
        return cls(**{name: getattr(network, name) for name in names if hasattr(network, name)})

    def names_of_outputs(self, count: int) -> tuple[str, ...]:
        """Names of the first ``count`` outputs; those that the network gives no name are numbered."""
        numbered = (f"output_{i}" for i in range(len(self.outputs), count))
        return (*self.outputs, *numbered)[:count]


def output_names(component: Callable[..., Any], arguments: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Names of the logits that a network built with these arguments gives in training; nothing is built for it.

    Args:
        component: A class or function of the registry. It knows them if it has a static method ``output_names``,
            which takes the arguments.
        arguments: What it will be called with, as far as the configuration says.

    Returns:
        The names, the main output first, or None where the component does not say.
    """
    say = getattr(component, "output_names", None)
    names = None if say is None else say(arguments)
    return None if names is None else tuple(names)
