# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What a network declares about itself, so that no code outside needs to know networks by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ModelFacts:
    """The facts of one network; each is an attribute of the same name, of its class or of the network itself.

    The networks here state them all. A user's own states those that differ from the defaults.

    Attributes:
        task: Name of its task in the registry TASKS. ``SegmentationTask`` needs a list of logits (N, K, H, W),
            ``ClassificationTask`` one tensor of logits (N, K).
        smallest_side: Least height and width of a picture, in pixels.
        output_stride: Distance in pixels between cells of the output before its last resize.
        head_parts: Sublayers of the top level that depend on the classes or the task. Fine-tuning may start without
            weights for them, but not for the others.
        class_layers: Sublayers, by their dotted names, whose weight and bias have a row for each class; no other layer
            may have. Fine-tuning on other classes finds the known ones there.
        training_only_parts: Sublayers of the top level that only training needs. Weight files may have them although
            the network, built for evaluation, does not.
        input_weight: Name of the weight (C, in_channels, h, w) of the convolution on the pictures, where pretrained
            weights for another number of channels are adapted. None: they are refused.
        outputs: Names of the logits in the list, the main output first.
        has_weights_of_paddleseg: Whether weights of this network with PaddleSeg's paddings exist, so that a file may be
            of either kind; the network then has ``padding_mode``, ``padding_mode_is_named`` and ``set_padding_mode``.
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
        """The facts of a ``paddle.nn.Layer``, or of a class or function of the registry that builds one."""
        names = (field.name for field in dataclasses.fields(cls))
        return cls(**{name: getattr(network, name) for name in names if hasattr(network, name)})

    def names_of_outputs(self, count: int) -> tuple[str, ...]:
        """Names of the first ``count`` outputs; those without a name are numbered."""
        numbered = (f"output_{i}" for i in range(len(self.outputs), count))
        return (*self.outputs, *numbered)[:count]


def output_names(component: Callable[..., Any], arguments: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Names of the logits that a network built with these arguments returns in training; none is built for it.

    Args:
        component: A class or function of the registry. It knows them if it has a static method ``output_names``,
            which takes the arguments.
        arguments: The arguments it will be called with, as far as the configuration gives them.

    Returns:
        The names, the main output first, or None where the component does not say.
    """
    say = getattr(component, "output_names", None)
    names = None if say is None else say(arguments)
    return None if names is None else tuple(names)
