# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The names of the classes: those of the network, of the data it is trained on, and of weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.config.shared_values import DATASET_SECTIONS, shared_value
from paddleseg.config.task_sections import prediction_of
from paddleseg.datasets.image_folder import names_in_file
from paddleseg.models.class_rows import key_of
from paddleseg.models.weight_classes import check_class_names
from paddleseg.registry import MODELS, is_built_in
from paddleseg.utils.errors import ConfigError

_KEY = "model.class_names"


def check_names_of_model(config: Config, dataset: Any) -> None:
    """Refuse ``model.class_names`` if it contradicts the data set, or has no effect.

    Args:
        config: A checked configuration.
        dataset: The training data; folders of classes count as names.

    Raises:
        ConfigError: Names the class.
    """
    model = config.section("model")
    names, others = model.get("class_names"), getattr(dataset, "class_names", None)
    if names is None:
        return
    problems = Problems(config.path, config.sources)
    differing = [pair for pair in zip(names, others or ()) if key_of(pair[0]) != key_of(pair[1])]
    if differing:
        here, there = differing[0]
        problems.add(
            _KEY, f"found {here!r}, the class is {there!r} in train_dataset; remove it here, and name the classes there"
        )
    elif model.get("pretrained") is None and is_built_in(MODELS[model["type"]]):
        problems.add(_KEY, "has no effect without model.pretrained, in whose weights the classes are found; remove it")
    problems.raise_if_any()


def names_of_weights(config: Config, path: str | None, meta: Mapping[str, Any] | None) -> list[str] | None:
    """The names of the classes to use: the configuration's, else the weights'.

    Args:
        config: A checked configuration.
        path: The weights, for messages; None: there are none.
        meta: Their ``__meta__``, or None.

    Returns:
        One name per class, or None.

    Raises:
        ConfigError: ``class_names_file`` cannot be used.
        WeightsError: The weights of a classifier have these names in another order.
    """
    names, file = shared_value(config, "class_names"), shared_value(config, "class_names_file")
    is_classifier = prediction_of(config) == "class"
    if names is not None:
        check_class_names(path, meta, names, refuses_other_order=is_classifier)
        return names
    # A classifier's folders are named only in its weights.
    known = (meta or {}).get("classes") if is_classifier else None
    if file is None:
        return known
    if known is None:
        raise ConfigError(
            f"class_names_file: {file} names folders, but the weights do not say which ones; give class_names"
        )
    return _renamed(known, file, config)


def _renamed(known: list[str], file: str, config: Config) -> list[str]:
    """The names of a file for the folders of weights; weights trained with the file already have its names."""
    roots = (config.section(section).get("dataset_root") for section in DATASET_SECTIONS)
    root = next((root for root in roots if isinstance(root, (str, os.PathLike))), "")
    names = names_in_file(known, file, root)
    return [names.get(folder, folder) for folder in known]
