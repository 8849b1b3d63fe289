# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Matching weights to their DDRNet, to be rewritten; ``tools/convert_weights.py`` is its command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from paddle import nn

from paddleseg.models.ddrnet import PaddingMode
from paddleseg.models.facts import ModelFacts
from paddleseg.models.kits import MINDSPORE, PADDLESEG, arch_of, num_classes_of, with_official_names
from paddleseg.models.weights import Coverage, apply_weights, follow_padding_mode, part_of
from paddleseg.registry import MODELS
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import ConfigError, WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.safe_pickle import one_line

_BRANCHES = {
    "conv1": "stem", "spp": "DAPPM", "head": "head", "aux_head": "auxiliary head",
    "last_layer": "classifier", "linear": "classifier",
}  # fmt: skip


@dataclass(frozen=True)
class FittedWeights:
    """Weights of one of the DDRNets here.

    Attributes:
        arch: The network's name.
        weights: The arrays that fit, by the names here.
        meta: What a new file says of them: origin, kit, sha256, arch, num_classes, in_channels and padding_mode, or
            those of the toolkit's own file that they came from.
        coverage: The parts of the network they fill.
    """

    arch: str
    weights: dict[str, np.ndarray]
    meta: dict[str, Any]
    coverage: Coverage


def branch_of(name: str) -> str:
    """The part of the paper's figure 4 that a name of a DDRNet's state dict belongs to.

    Connections between branches belong to the one they start in.
    """
    part = part_of(name)
    if part in _BRANCHES:
        return _BRANCHES[part]
    is_high = part.endswith("_") or part.startswith("down")
    return "high-resolution branch" if is_high else "low-resolution branch"


def fit_weights(
    path: str | os.PathLike[str],
    weights: Mapping[str, np.ndarray],
    meta: Mapping[str, Any] | None,
    padding_mode: PaddingMode | None = None,
) -> FittedWeights | None:
    """Find the network that weights belong to, and how much of it they fill.

    Args:
        path: The file they were read from.
        weights: The arrays by the names here, as ``read_weights`` gives them.
        meta: The entry that it returned with them.
        padding_mode: The mode they were trained with, if the file does not say it.

    Returns:
        None if they belong to no DDRNet here.

    Raises:
        WeightsError: The padding mode is not the file's, or no network has so many classes or channels.
    """
    arch = arch_of(weights)
    if arch is None:
        return None
    component = MODELS[arch]
    num_classes = num_classes_of(weights) if _has_inputs_of(component, weights) else None
    in_channels = weights[ModelFacts.of(component).input_weight].shape[1]
    arguments: dict[str, Any] = {"num_classes": num_classes or 1, "in_channels": in_channels}
    if any(part_of(name) == "aux_head" for name in weights):
        arguments["enable_auxiliary_loss"] = True
    if padding_mode is not None:
        if not hasattr(component, "set_padding_mode"):
            raise WeightsError(f"{path}: padding_mode {padding_mode}: {arch} has only one; leave it out")
        arguments["padding_mode"] = padding_mode
    try:
        model = component(**arguments)
    except ConfigError as error:
        raise WeightsError(f"{path}: {error}") from None
    follow_padding_mode(model, path, weights, meta)
    coverage = apply_weights(model, weights)
    fitting = {name: weights[name] for name in coverage.loaded}
    return FittedWeights(arch, fitting, _facts(path, model, num_classes, meta), coverage)


def _has_inputs_of(component: Any, weights: Mapping[str, np.ndarray]) -> bool:
    """Whether the last layer has as many inputs as the network's; each class has one weight per input.

    Otherwise a small file of many classes would cause a network hundreds of times its size to be built.
    """
    if ModelFacts.of(component).task == "ClassificationTask":
        return weights["linear.weight"].shape[:1] == (component.last_channels,) if "linear.weight" in weights else False
    layer = weights.get("head.conv.weight")
    return layer is not None and layer.shape[1:2] == (component.variant.head_channels,)


def _facts(
    path: str | os.PathLike[str], model: nn.Layer, num_classes: int | None, meta: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The new file's entries: where its weights come from; or the old file's, if it is the toolkit's own.

    Those about the network are read off its arrays.
    """
    network = {
        "arch": model.arch,
        "num_classes": num_classes,
        "in_channels": model.state_dict()[ModelFacts.of(model).input_weight].shape[1],
    }
    if meta is not None and ("kit" not in meta or "origin" in meta):
        wrong = [name for name, value in network.items() if value is not None and meta.get(name, value) != value]
        for name in wrong:
            said, shown = one_line(meta[name]), network[name]
            get_logger().warning("%s says %s: %s, its arrays are of %s, which is written", path, name, said, shown)
        return {**meta, **{name: network[name] for name in wrong}}
    facts = {
        "origin": os.path.basename(path),
        "kit": PADDLESEG if meta is None else meta["kit"],
        "sha256": sha256_of(path),
        **network,
        "padding_mode": getattr(model, "padding_mode", None),
    }
    return {name: value for name, value in facts.items() if value is not None}


def official_weights(
    path: str | os.PathLike[str], weights: Mapping[str, np.ndarray], meta: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Weights of a DDRNet under the names and in the shapes of the authors' PyTorch code.

    Raises:
        WeightsError: They were trained in a network that computes something else with the same weights.
    """
    for trained, where in ((meta.get("padding_mode"), "paddleseg"), (meta.get("kit"), MINDSPORE)):
        if trained == where:
            raise WeightsError(
                f"{path}: --to official: trained with the paddings of {where}, which the official network does not "
                "have, so its results would differ; --to paddleseg or safetensors"
            )
    return with_official_names(weights)
