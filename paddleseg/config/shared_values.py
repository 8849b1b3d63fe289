# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Values on which model, losses and data sets must agree: written once in YAML, passed on to the rest.

``num_classes`` and ``in_channels`` (a data set's ``img_channels``) are stated by a data set or by the model,
``ignore_index`` by a data set or by a loss, ``class_names`` and ``palette`` by a data set. A data set states
them by its arguments, their defaults or, when it can have only one value, by an attribute of its class.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paddleseg.config.components import import_components
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.models.facts import ModelFacts
from paddleseg.registry import DATASETS, MODELS, TASKS
from paddleseg.utils.label_map import LABEL_VALUES
from paddleseg.utils.type_hints import AT_LEAST_ONE, CHANNELS, POSITIVE, Bound, matches

DATASET_SECTIONS = ("train_dataset", "val_dataset")
# What a data set calls each shared value.
DATASET_NAMES = {
    "num_classes": "num_classes",
    "in_channels": "img_channels",
    "ignore_index": "ignore_index",
    "class_names": "class_names",
    "palette": "palette",
}
# What each shared number may be, whoever states it. num_classes has the task's limit.
_BOUNDS = {"in_channels": CHANNELS, "ignore_index": LABEL_VALUES, "learning_rate": POSITIVE}
_HINTS = {"num_classes": int, "in_channels": int, "ignore_index": int, "learning_rate": float}
SHARED_NUMBERS = ("num_classes", "in_channels", "ignore_index")


def shared_value(config: Config, name: str) -> Any:
    """The value called ``name``, or None when nothing in the configuration states it.

    Works without the data: no data set is built for it.
    """
    return next((value for _, value in statements(config, name)), None)


SUPPLIED_TO_TASKS = ("losses", "train_dataset", "val_dataset", "views", "task")
"""Parameters of a task that the builder fills in."""


def task_of(config: Config) -> str:
    """The task, by its name in TASKS, that a configuration is for: its own, or that of its network.

    Where either is misspelt, which is reported by itself, it is segmentation.
    """
    return next(name for name in (config.section("task").get("type"), task_of_model(config)) if name in TASKS)


def task_of_model(config: Config) -> str:
    """The task that the network of a configuration learns unless the configuration says otherwise."""
    kind = config.section("model").get("type")
    name = ModelFacts.of(MODELS[kind]).task if kind in MODELS else None
    return name if name in TASKS else ModelFacts.task


def usable_models(task: str | None = None) -> list[str]:
    """The networks for this task; None: for any task that is there."""
    tasks = TASKS if task is None else [task]
    return [name for name in MODELS if ModelFacts.of(MODELS[name]).task in tasks]


def class_numbers(config: Config) -> Bound:
    """What the task of a configuration allows as ``num_classes``."""
    return getattr(TASKS[task_of_model(config)], "class_numbers", AT_LEAST_ONE)


def known_values(config: Config, *names: str) -> dict[str, Any]:
    """The shared values of these names that something in the configuration states."""
    return {name: value for name in names if (value := shared_value(config, name)) is not None}


def check_bounds(config: Config, problems: Problems) -> None:
    """Note shared numbers out of their bounds, in the toolkit's own parts and in users' own.

    Args:
        config: The whole configuration.
        problems: Takes what is found, where nothing is known to be wrong with a key.
    """
    for name, bound in {"num_classes": class_numbers(config), **_BOUNDS}.items():
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
    """Note a list at the dotted ``key`` that has not as many entries as there are classes."""
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
