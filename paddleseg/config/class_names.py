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
from paddleseg.datasets.image_folder import (
    ImageFolder,
    folder_of_classes,
    folders_in,
    folders_in_file,
    names_from_file,
    names_in_file,
)
from paddleseg.models.class_rows import key_of
from paddleseg.models.weight_classes import check_class_names
from paddleseg.registry import DATASETS, MODELS, is_built_in
from paddleseg.utils.errors import ConfigError, count_of
from paddleseg.utils.logging import get_logger

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
    """The names of the classes to use: the configuration's, else the weights', else those of the class folders.

    Weights of other kits have no names. Without the folders, a ``class_names_file`` with a line for each class will do.

    Args:
        config: A checked configuration.
        path: The weights, for messages; None: there are none.
        meta: Their ``__meta__``, or None.

    Returns:
        One name per class, or None.

    Raises:
        ConfigError: ``class_names_file`` cannot be used.
        DataError: The data set's folder cannot be read.
        WeightsError: The weights of a classifier have these names in another order.
    """
    names, file = shared_value(config, "class_names"), shared_value(config, "class_names_file")
    is_classifier = prediction_of(config) == "class"
    if names is not None:
        check_class_names(path, meta, names, refuses_other_order=is_classifier)
        return names
    known = (meta or {}).get("classes") if is_classifier else None
    if known is None:
        return _names_of_folders(config, file)
    return known if file is None else _renamed(known, file, config)


def _renamed(known: list[str], file: str, config: Config) -> list[str]:
    """The names of a file for the folders of weights; weights trained with the file already have its names."""
    names = names_in_file(known, file, _root(config))
    return [names.get(folder, folder) for folder in known]


def _names_of_folders(config: Config, file: str | None) -> list[str] | None:
    """The names of the data set's class folders, as ``ImageFolder`` orders them; None if they are not known."""
    num_classes, place = shared_value(config, "num_classes"), _folder_of_classes(config)
    folders = [] if place is None else folders_in(place)
    if place is not None and len(folders) != num_classes:
        found = count_of(len(folders), "class folder")
        get_logger().warning("%s: has %s for %s classes, so the classes are not named by it", place, found, num_classes)
        folders = []
    if file is None:
        return folders or None
    if not folders:
        folders = folders_in_file(file, _root(config))
        if len(folders) != num_classes:
            raise ConfigError(
                f"class_names_file: {file} has lines of {count_of(len(folders), 'folder')} for {num_classes} classes, "
                "and neither weights nor class folders say which ones; give class_names"
            )
    return names_from_file(folders, file, _root(config))


def _folder_of_classes(config: Config) -> str | None:
    """The first folder of class folders that exists of the data sets, none of which is built."""
    for section in DATASET_SECTIONS:
        arguments = config.section(section)
        kind, root = arguments.get("type"), arguments.get("dataset_root")
        if kind in DATASETS and DATASETS[kind] is ImageFolder and isinstance(root, (str, os.PathLike)):
            place = folder_of_classes(root, "val")
            if place is not None:
                return place
    return None


def _root(config: Config) -> str | os.PathLike[str]:
    """The folder that a ``class_names_file`` may be in."""
    roots = (config.section(section).get("dataset_root") for section in DATASET_SECTIONS)
    return next((root for root in roots if isinstance(root, (str, os.PathLike))), "")
