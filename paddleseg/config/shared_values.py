# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Values on which model, losses and data sets must agree: written once in YAML, passed on to the rest.

``num_classes`` and ``in_channels`` (a data set's ``img_channels``) are stated by a data set or by the model,
``ignore_index`` by a data set or by a loss, ``apply_exif``, ``value_range``, ``class_names``, ``class_names_file``,
``palette`` and the renumbering of label files by a data set. A data set states them by its arguments, their defaults
or, if only one value is possible, by a class attribute.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paddleseg.config.components import import_components
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.registry import DATASETS
from paddleseg.utils.image_io import ReadOptions
from paddleseg.utils.type_hints import CHANNELS, POSITIVE, Bound, matches

DATASET_SECTIONS = ("train_dataset", "val_dataset")
# The data sets' names of the shared values.
DATASET_NAMES = {
    "num_classes": "num_classes",
    "in_channels": "img_channels",
    "ignore_index": "ignore_index",
    "apply_exif": "apply_exif",
    "value_range": "value_range",
    "class_names": "class_names",
    "class_names_file": "class_names_file",
    "palette": "palette",
    "label_map": "label_map",
    "reduce_zero_label": "reduce_zero_label",
}
# Bounds of shared numbers, wherever they are stated and whatever the task.
_BOUNDS = {"in_channels": CHANNELS, "learning_rate": POSITIVE}
_HINTS = {
    "num_classes": int,
    "in_channels": int,
    "ignore_index": int,
    "apply_exif": bool,
    "class_names_file": str,
    "learning_rate": float,
    "label_map": dict,
    "reduce_zero_label": bool,
}
MUST_AGREE = ("num_classes", "in_channels", "ignore_index", "apply_exif", "value_range")


def shared_value(config: Config, name: str) -> Any:
    """The value called ``name``, or None if nothing in the configuration states it.

    Works without the data: no data set is built.
    """
    return next((value for _, value in statements(config, name)), None)


def read_options(config: Config) -> ReadOptions:
    """How pictures are read, as stated by the data sets."""
    return ReadOptions.checked(shared_value(config, "apply_exif") is not False, shared_value(config, "value_range"))


def list_separator(config: Config) -> str:
    """The separator of columns in lists: the first that a data set names, the validation set's before others."""
    given = (config.section(section).get("separator") for section in reversed(DATASET_SECTIONS))
    return next((separator for separator in given if isinstance(separator, str) and separator), " ")


def known_values(config: Config, *names: str) -> dict[str, Any]:
    """The shared values of these names that something in the configuration states."""
    return {name: value for name in names if (value := shared_value(config, name)) is not None}


def check_bounds(config: Config, problems: Problems, bounds: Mapping[str, Bound]) -> None:
    """Note shared numbers out of their bounds, in the toolkit's own parts and in users'.

    Args:
        config: The whole configuration.
        problems: Collects the faults of keys without other faults.
        bounds: The bounds of the configuration's task, in addition to the general ones.
    """
    for name, bound in {**_BOUNDS, **bounds}.items():
        for key, value in statements(config, name):
            if not (bound.holds(value) or problems.is_noted(key)):
                problems.add(key, f"found {value!r}; it must be {bound.words}")


def statements(config: Config, name: str) -> Iterator[tuple[str, Any]]:
    """Every place that states the shared value, as (dotted key, value); mistyped ones are left out."""
    import_components()
    if name in ("num_classes", "in_channels"):
        yield from _given(config.section("model"), name, f"model.{name}")
    elif name == "ignore_index":
        for key, loss in loss_sections(config.section("loss").get("types"), "loss.types"):
            yield from _given(loss, name, f"{key}.{name}")
    elif name == "learning_rate":
        yield from _given(config.section("lr_scheduler"), name, f"lr_scheduler.{name}")
    for section in DATASET_SECTIONS:
        arguments = config.section(section)
        if name in DATASET_NAMES and arguments.get("type") in DATASETS:
            own_name = DATASET_NAMES[name]
            stated = _stated_by_dataset(DATASETS[arguments["type"]], arguments, own_name)
            yield from _given({name: stated}, name, f"{section}.{own_name}")


def loss_sections(losses: Any, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The losses of a list at the dotted ``key`` and those inside them, as (dotted key, section); mappings only."""
    for index, loss in enumerate(losses if isinstance(losses, list) else ()):
        if isinstance(loss, dict):
            yield f"{key}.{index}", loss
            yield from loss_sections(loss.get("losses"), f"{key}.{index}.losses")


def check_one_per_class(config: Config, values: Any, key: str, problems: Problems) -> None:
    """Note a list at the dotted ``key`` whose length is not the number of classes."""
    num_classes = shared_value(config, "num_classes")
    if isinstance(values, list) and num_classes is not None and len(values) != num_classes:
        problems.add(key, f"{len(values)} entries for {num_classes} classes; give one per class")


def _stated_by_dataset(dataset: Callable[..., Any], arguments: Mapping[str, Any], name: str) -> Any:
    if arguments.get(name) is not None:
        return arguments[name]
    parameter = inspect.signature(dataset).parameters.get(name)
    return getattr(dataset, name, None) if parameter is None else parameter.default


def _given(values: Mapping[str, Any], name: str, key: str) -> Iterator[tuple[str, Any]]:
    value = values.get(name)
    if matches(value, _HINTS.get(name, list)):
        yield key, value
