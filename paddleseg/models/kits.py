# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weights of other kits' DDRNets, recognised by names and shapes, under the names and in the shapes of those here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paddleseg.models.facts import ModelFacts
from paddleseg.models.weight_names import (
    name_here,
    official_name,
    official_of_mindspore,
    official_of_mmsegmentation,
    official_of_super_gradients,
)
from paddleseg.registry import MODELS, is_built_in

PADDLESEG, MINDSPORE = "PaddleSeg", "MindSpore"
_MMSEGMENTATION, _SUPER_GRADIENTS = "mmsegmentation", "super-gradients"
_OFFICIAL, _CHENJUN2HAO = "ydhongHIT/DDRNet (official)", "chenjun2hao/DDRNet.pytorch"
KITS = (_OFFICIAL, _CHENJUN2HAO, _MMSEGMENTATION, _SUPER_GRADIENTS, PADDLESEG, MINDSPORE)
KNOWN_KITS = ", ".join((*KITS[:-1], f"{MINDSPORE} (.ckpt)"))
# Prefixes that wrappers of networks add to each name; chenjun2hao's FullModel has the network as "model" beside its
# loss.
_PREFIXES = ("module.", "model.", "network.")
# Buffers of losses, the normalisation of pictures, the count of an average; like the counters of batch normalisation
# these are not weights.
_NO_WEIGHTS = ("loss.", "data_preprocessor.", "n_averaged")
# super-gradients trains its property ``backbone`` on ImageNet and saves it on its own: the trunk without layer5, whose
# stride differs in its classifier.
_BEYOND_BACKBONE = frozenset(("layer5", "spp", "head", "aux_head"))
_STEM, _LINEAR = "conv1.0._conv.weight", "linear.weight"
_STEM_BIASES = {f"conv1.{i}._conv.weight": f"conv1.{i}._conv.bias" for i in (0, 1)}


@dataclass
class KitWeights:
    """Weights of one kit, under the names here.

    Attributes:
        kit: The kit whose names they had.
        weights: Name here to array; a name that matches no rule is kept.
        left_out: Names that are not weights.
        prefix: The prefix removed from each name.
        zeros: Names of biases that the kit's network does not have; they are zero here.
    """

    kit: str
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    prefix: str = ""
    zeros: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """One line on what was recognised and done."""
        words = [f"{len(self.weights) - len(self.zeros)} weights by the names of {self.kit}"]
        if self.prefix:
            words.append(f"prefix {self.prefix} taken off")
        if self.left_out:
            words.append(f"{len(self.left_out)} left out, which are not weights, such as {self.left_out[0]}")
        if self.zeros:
            words.append(f"zeros for {', '.join(self.zeros)}, which {self.kit}'s network does not have")
        return "; ".join(words)


def with_names_here(arrays: Mapping[str, np.ndarray]) -> KitWeights | None:
    """Rename the weights of a DDRNet to the names here; arrays keep their dtype.

    Args:
        arrays: The arrays of a file by their names there.

    Returns:
        None if the names belong to no known kit.

    Raises:
        ValueError: Two names of the file are one here, or an array is empty: its other sides, which take no space in a
            file, would decide how large a network is built for it.
    """
    stripped, prefix = _without_prefixes(arrays)
    kit, translate = _recognised(stripped, prefix)
    if kit is None:
        return None
    for name, array in arrays.items():
        if 0 in array.shape:
            raise ValueError(f"{name} has the shape {list(array.shape)}, without a number")
    if kit == PADDLESEG:
        return KitWeights(kit, dict(arrays))
    found = KitWeights(kit, prefix=prefix)
    for name, original in stripped.items():
        if name.endswith(".num_batches_tracked") or name.startswith(_NO_WEIGHTS):
            found.left_out.append(original)
            continue
        here = translate(name) or original
        if here in found.weights:
            raise ValueError(f"{original} is {here} here, as another name of the file is")
        # PyTorch's and MindSpore's linear layers have (outputs, inputs), Paddle's the reverse.
        found.weights[here] = np.ascontiguousarray(arrays[original].T) if here == _LINEAR else arrays[original]
    for weight, bias in _STEM_BIASES.items():
        if weight in found.weights and bias not in found.weights:
            found.weights[bias] = np.zeros(found.weights[weight].shape[:1], found.weights[weight].dtype)
            found.zeros.append(bias)
    return found


def with_official_names(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The reverse: weights by the names here, under the official names and in PyTorch's shapes.

    Raises:
        KeyError: A name belongs to no part of the official networks.
    """
    arrays = {}
    for name, value in weights.items():
        official = official_name(name)
        if official is None:
            raise KeyError(name)
        arrays[official] = np.ascontiguousarray(value.T) if name == _LINEAR else value
    return arrays


def arch_of(weights: Mapping[str, np.ndarray]) -> str | None:
    """Which of the networks here has weights of these names and shapes, by its stem, its stages and its task."""
    stem = weights.get(_STEM)
    if stem is None or stem.ndim != 4:
        return None
    is_classifier = any(name.startswith(("last_layer.", "linear.")) for name in weights)
    is_split = any(name.startswith("layer3_1.") for name in weights)
    for name in MODELS:
        component = MODELS[name]
        variant = getattr(component, "variant", None)
        if variant is None or not is_built_in(component):
            continue
        is_of_task = is_classifier == (ModelFacts.of(component).task == "ClassificationTask")
        if is_of_task and variant.base_channels == len(stem) and is_split == ("3_1" in variant.stages):
            return name
    return None


def num_classes_of(weights: Mapping[str, np.ndarray]) -> int | None:
    """Classes of a network by its weights; None if those are of a trunk alone."""
    for name, axis in (("head.conv.weight", 0), (_LINEAR, 1)):
        if name in weights and weights[name].ndim > axis:
            return weights[name].shape[axis]
    return None


def parts_beyond_backbone(kit: object, names: Iterable[str]) -> frozenset[str]:
    """Parts of the network that weights lack because they are a kit's backbone saved on its own.

    Args:
        kit: The ``kit`` of their ``__meta__``.
        names: Their names here.

    Returns:
        Empty for the other kits, whose backbones have the whole trunk, and if the weights have any of the parts.
    """
    is_backbone = kit == _SUPER_GRADIENTS and _BEYOND_BACKBONE.isdisjoint(name.partition(".")[0] for name in names)
    return _BEYOND_BACKBONE if is_backbone else frozenset()


def facts_of(found: KitWeights) -> dict[str, Any]:
    """The ``__meta__`` entry for weights of another kit; all but MindSpore's have the official paddings."""
    facts = {
        "kit": found.kit,
        "arch": arch_of(found.weights),
        "num_classes": num_classes_of(found.weights),
        "padding_mode": "official",
    }
    return {name: value for name, value in facts.items() if value is not None}


def _without_prefixes(names: Iterable[str]) -> tuple[dict[str, str], str]:
    """Names without the wrapper prefixes that most of them have, each with its original; and the prefixes.

    A wrapper may have names of its own beside those of the network.
    """
    stripped, prefix = {name: name for name in names}, ""
    for _ in _PREFIXES:
        for more in _PREFIXES:
            if 2 * sum(name.startswith(more) for name in stripped) > len(stripped):
                stripped = _without_prefix(stripped, more)
                prefix += more
                break
    return stripped, prefix


def _without_prefix(names: Mapping[str, str], prefix: str) -> dict[str, str]:
    stripped: dict[str, str] = {}
    for name, was in names.items():
        other = stripped.setdefault(name[len(prefix) :] if name.startswith(prefix) else name, was)
        if other != was:
            raise ValueError(f"the names of {other} and {was} differ only in the prefix of a wrapper")
    return stripped


def _recognised(names: Mapping[str, Any], prefix: str) -> tuple[str | None, Callable[[str], str | None]]:
    """The kit of these names, and a function that turns one into the name here.

    The names of running statistics tell PyTorch's and MindSpore's files from those of a user's own network in Paddle.
    """

    def by(official: Callable[[str], str | None]) -> Callable[[str], str | None]:
        return lambda name: name_here(official(name) or "")

    if _STEM in names and not prefix:
        return PADDLESEG, lambda name: name
    if _has(names, "stem.0.bn.running_mean") and _has(names, "context_branch_layers."):
        return _MMSEGMENTATION, by(official_of_mmsegmentation)
    if "_backbone.stem.0.1.running_mean" in names:
        splits = _has(names, "_backbone.layer3.1.")
        return _SUPER_GRADIENTS, by(lambda name: official_of_super_gradients(name, splits))
    if _has(names, "compression3"):
        if "conv1.1.moving_mean" in names:
            return MINDSPORE, by(official_of_mindspore)
        if "conv1.1.running_mean" in names:
            # Only the loss beside the network tells who saved them: many training programs have a prefix.
            return _CHENJUN2HAO if _has(names, "loss.") else _OFFICIAL, name_here
    return None, name_here


def _has(names: Mapping[str, Any], part: str) -> bool:
    return any(name.startswith((part, f"backbone.{part}")) for name in names)
