# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weights to start from, which may fit only in part: from ImageNet, for other classes, for other input channels."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from paddle import nn

from paddleseg.models.class_rows import with_rows_by_name
from paddleseg.models.facts import ModelFacts
from paddleseg.models.kits import parts_beyond_backbone
from paddleseg.models.weight_folder import weight_file
from paddleseg.models.weights import (
    MINDSPORE_IS_OTHER,
    Coverage,
    apply_weights,
    describe_model,
    first_names,
    follow_padding_mode,
    is_of_mindspore,
    part_of,
    read_weights,
)
from paddleseg.models.zoo import fetch, find, other_network
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.download import cached_download
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.weight_source import first_of, is_url, places_of, zoo_name


def load_pretrained(
    model: nn.Layer,
    source: str | os.PathLike[str] | Mapping[str, Any],
    class_names: Sequence[str] | None = None,
) -> Coverage:
    """Start a network from weights that may fit only in part, and report how much fits.

    Args:
        model: The network.
        source: A local weight file of any kit that ``models.weights.read_weights`` knows, a checkpoint folder, the
            address of a file, ``zoo:NAME``, or ``{"url": ..., "sha256": ...}`` with any of these except the zoo's, or a
            list of mirrors.
        class_names: Names of the network's classes, to match them with those of the weights; see ``class_rows``.

    Returns:
        The coverage, which is also logged as a table, and kept as ``model.pretrained_coverage``.

    Raises:
        WeightsError: The file cannot be obtained or read; or a part of the trunk is left without weights. Only the
            network's ``head_parts`` may stay untrained, and what a kit's backbone saved on its own never has.
    """
    fault = other_network(source, model)
    if fault is not None:  # before it is downloaded
        raise WeightsError(fault)
    path = local_file(source)
    weights, meta = read_weights(path)
    if is_of_mindspore(meta):
        get_logger().warning("%s: %s", path, MINDSPORE_IS_OTHER)
    follow_padding_mode(model, path, weights, meta)
    weights, partial = with_rows_by_name(model, weights, classes_of(source, meta), class_names)
    coverage = apply_weights(model, _with_input_channels(model, weights))
    coverage.loaded, coverage.partial = [name for name in coverage.loaded if name not in partial], partial
    _check_trunk(model, path, coverage, weights, None if meta is None else meta.get("kit"))
    model.pretrained_coverage = coverage
    logger = get_logger()
    total = len(model.state_dict())
    logger.info("pretrained %s: %d of %d tensors loaded\n%s", path, len(coverage.loaded), total, coverage.table())
    if not coverage.complete:
        logger.info("pretrained, not loaded: %s", coverage.describe())
    return coverage


def names_left(model: nn.Layer) -> list[str]:
    """Names of the tensors that ``load_pretrained``, of the network or a part of it, left as they were initialised."""
    return [
        f"{prefix}.{name}" if prefix else name
        for prefix, layer in model.named_sublayers(include_self=True)
        if hasattr(layer, "pretrained_coverage")
        for name in layer.pretrained_coverage.left
    ]


def local_file(source: str | os.PathLike[str] | Mapping[str, Any]) -> str:
    """The file of a name of the zoo, or of the first place of another source that has it.

    Raises:
        WeightsError: None has it, or its checksum differs.
    """
    name = zoo_name(source)
    if name is not None:
        return fetch(name)
    places, sha256 = places_of(source)

    def take(place: str) -> str:
        return cached_download(place, sha256) if is_url(place) else _checked(weight_file(place), sha256)

    return first_of(places, take)[0]


def classes_of(source: Any, meta: Mapping[str, Any] | None) -> Any:
    """The class names given by a file itself, or by the zoo for it; None if there are none."""
    stated = None if meta is None else meta.get("classes")
    name = zoo_name(source)
    return find(name).classes if stated is None and name is not None else stated


def _check_trunk(model: nn.Layer, path: str, coverage: Coverage, names: Iterable[str], kit: object) -> None:
    """Refuse weights that leave more of a network as it is than its heads and what the kit's backbones never have."""
    heads, absent = ModelFacts.of(model).head_parts, parts_beyond_backbone(kit, names)
    left = [name for name in coverage.left if part_of(name) not in heads]
    gaps = [name for name in left if part_of(name) not in absent]
    if gaps:
        raise WeightsError(
            f"{path} leaves parts of the trunk of {describe_model(model)} without weights: {first_names(gaps)}. "
            f"It may be of another network or another kit. {coverage.describe()}"
        )
    if left:
        parts = ", ".join(sorted({part_of(name) for name in left}))
        get_logger().info("%s: %s saves its backbone without %s, which starts afresh", path, kit, parts)


def _checked(path: str, sha256: str | None) -> str:
    if not os.path.isfile(path):
        raise WeightsError(f"{path}: no such file")
    found = None if sha256 is None else sha256_of(path)
    if found != sha256:
        raise WeightsError(f"{path} is a different file: its SHA-256 is {found}, the configuration says {sha256}")
    return path


def _with_input_channels(model: nn.Layer, weights: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Fit the first convolution to the network's number of input channels.

    Each channel gets the mean over those of the file, scaled so that a picture with equal channels gives the same
    result as before.
    """
    name = ModelFacts.of(model).input_weight
    if name is None or name not in weights:
        return weights
    found, wanted = weights[name].shape, tuple(model.state_dict()[name].shape)
    if len(found) != 4 or found[1] in (0, wanted[1]) or found[:1] + found[2:] != wanted[:1] + wanted[2:]:
        return weights
    mean = weights[name].mean(axis=1, keepdims=True) * (found[1] / wanted[1])
    get_logger().info(
        "pretrained: %s is for %d input channels, the network has %d: each gets the mean over them, times %d/%d",
        name, found[1], wanted[1], found[1], wanted[1],
    )  # fmt: skip
    return {**weights, name: np.repeat(mean, wanted[1], axis=1)}
