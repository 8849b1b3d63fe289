# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Values on which model, losses and data sets must agree: written once in YAML, passed on to the rest.

``num_classes`` and ``in_channels`` (a data set's ``img_channels``) are stated by a data set or by the model,
``ignore_index`` by a data set or by a loss, ``class_names`` and ``palette`` by a data set. A data set states
them by its arguments, their defaults or, when it can have only one value, by an attribute of its class.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Callable

from paddleseg.config.load import Config
from paddleseg.config.registry import DATASETS, import_components

DATASET_SECTIONS = ("train_dataset", "val_dataset")
# What a data set calls each shared value.
DATASET_NAMES = {
    "num_classes": "num_classes",
    "in_channels": "img_channels",
    "ignore_index": "ignore_index",
    "class_names": "class_names",
    "palette": "palette",
}
SHARED_NUMBERS = ("num_classes", "in_channels", "ignore_index")


def shared_value(config: Config, name: str) -> Any:
    """The value called ``name``, or None when nothing in the configuration states it.

    Works without the data: no data set is built for it.
    """
    return next((value for _, value in statements(config, name)), None)


def statements(config: Config, name: str) -> Iterator[tuple[str, Any]]:
    """Every place that states the shared value, as (dotted key, value); mistyped ones are left out."""
    import_components()
    if name in ("num_classes", "in_channels"):
        yield from _given(config.section("model"), name, f"model.{name}")
    elif name == "ignore_index":
        types = config.section("loss").get("types")
        for index, loss in enumerate(types if isinstance(types, list) else ()):
            if isinstance(loss, dict):
                yield from _given(loss, name, f"loss.types.{index}.{name}")
    for section in DATASET_SECTIONS:
        arguments = config.section(section)
        if arguments.get("type") in DATASETS:
            own_name = DATASET_NAMES[name]
            stated = _stated_by_dataset(DATASETS[arguments["type"]], arguments, own_name)
            yield from _given({name: stated}, name, f"{section}.{own_name}")


def _stated_by_dataset(dataset: Callable[..., Any], arguments: Mapping[str, Any], name: str) -> Any:
    if arguments.get(name) is not None:
        return arguments[name]
    parameter = inspect.signature(dataset).parameters.get(name)
    return getattr(dataset, name, None) if parameter is None else parameter.default


def _given(values: Mapping[str, Any], name: str, key: str) -> Iterator[tuple[str, Any]]:
    value = values.get(name)
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if is_integer if name in SHARED_NUMBERS else isinstance(value, (list, tuple)):
        yield key, value
