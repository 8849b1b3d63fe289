# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking the lists ``transforms`` of the data sets and of ``export``, individually and against each other."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from paddleseg.config.arguments import check_component
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.config.shared_values import DATASET_SECTIONS
from paddleseg.registry import TRANSFORMS
from paddleseg.utils.errors import ConfigError


def check_transforms(transforms: Any, key: str, problems: Problems, *, may_be_random: bool) -> None:
    """Note the faults of one list at the dotted ``key``; random transforms belong only in training."""
    if not isinstance(transforms, list):
        problems.add(key, f"found {transforms!r}; it must be a list of transforms, e.g. [{{type: Normalize}}]")
        return
    for index, item in enumerate(transforms):
        item_key, before = f"{key}.{index}", len(problems)
        if not check_component(item, TRANSFORMS, item_key, problems) or len(problems) > before:
            continue
        try:  # whether it is random may depend on its arguments; building one costs nothing
            transform = TRANSFORMS[item["type"]](**{name: value for name, value in item.items() if name != "type"})
        except ValueError as error:
            problems.add(item_key, str(error))
            continue
        if not _takes_sample_and_generator(transform):
            problems.add(
                item_key,
                f"{item['type']} cannot be called with a sample and a numpy.random.Generator, as transforms are here; "
                "give its __call__ a second argument, and draw random numbers from that alone",
            )
        if getattr(transform, "is_random", False) and not may_be_random:
            problems.add(
                item_key,
                f"{item['type']} with these arguments is random; evaluation, prediction and export need the same "
                "picture each time. Remove it here; only train_dataset may have it",
            )


def _takes_sample_and_generator(transform: Any) -> bool:
    try:
        inspect.signature(transform).bind({}, None)
    except TypeError:
        return False
    return True


def check_normalization(config: Config, problems: Problems) -> None:
    """Check that pictures reach the network with the same mean and standard deviation everywhere."""
    stated = stated_normalizations(config)
    if None in stated:  # reported separately
        return
    for key, text, figures in stated[1:]:
        first_key, first_text, first_figures = stated[0]
        if figures != first_figures:
            problems.add(key, f"{text} here, but {first_text} at {first_key}; they must be equal")


def stated_normalizations(config: Config) -> list[tuple[str, str, Any] | None]:
    """How each list of transforms normalises: (key, description, figures to compare); None for an invalid one."""
    lists = {section: config.section(section).get("transforms") for section in (*DATASET_SECTIONS, "export")}
    return [
        _normalization(transforms, f"{section}.transforms")
        for section, transforms in lists.items()
        if isinstance(transforms, list)
    ]


def _normalization(transforms: Sequence[Any], key: str) -> tuple[str, str, Any] | None:
    """The last ``Normalize`` of a list as (key, description, figures to compare); None if it is not valid."""
    for index in reversed(range(len(transforms))):
        item = transforms[index]
        if not (isinstance(item, dict) and item.get("type") == "Normalize"):
            continue
        arguments = {name: value for name, value in item.items() if name != "type"}
        try:
            normalize = TRANSFORMS["Normalize"](**arguments)
        except (ConfigError, TypeError):
            return None
        mean, std = np.broadcast_arrays(normalize.mean, normalize.std)
        figures = list(zip(mean.tolist(), std.tolist()))
        if len(set(figures)) == 1:  # one value serves all channels, so [0.5] equals [0.5, 0.5, 0.5]
            figures = figures[:1]
        return f"{key}.{index}", f"mean {normalize.mean} and std {normalize.std}", figures
    if not all(isinstance(item, dict) and item.get("type") in TRANSFORMS for item in transforms):
        return None
    return key, "no Normalize", None
