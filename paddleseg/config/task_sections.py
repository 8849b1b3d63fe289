# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The task of a configuration: that of its network, or the one under ``task``, which may wrap the other."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from paddleseg.config.arguments import check_component
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.models.facts import ModelFacts
from paddleseg.registry import HOOKS, MODELS, TASKS
from paddleseg.tasks import ClassificationTask, SegmentationTask
from paddleseg.utils.label_map import LABEL_VALUES
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.type_hints import AT_LEAST_ONE, Bound, matches

SUPPLIED = ("losses", "train_dataset", "val_dataset", "views", "output_names", "task")
"""Parameters of a task that the builder fills in."""


def task_of_model(config: Config) -> str | None:
    """The network's own task; None if the network or the task does not exist."""
    kind = config.section("model").get("type")
    name = ModelFacts.of(MODELS[kind]).task if kind in MODELS else None
    return name if name in TASKS else None


def wraps(name: str) -> bool:
    """Whether a task takes another one, that of the network."""
    return "task" in inspect.signature(TASKS[name]).parameters


def tasks_of(config: Config) -> list[str]:
    """The tasks of a configuration, the outermost first: that under ``task``, that of the network, or both.

    Misspelt names, which are reported separately, are left out.
    """
    own, outer = task_of_model(config), config.section("task").get("type")
    if outer not in TASKS:
        return [own] if own else []
    return [outer, own] if own and wraps(outer) else [outer]


def is_segmentation(config: Config) -> bool:
    """Whether labels are ultimately label maps; assumed if no task is known."""
    tasks = tasks_of(config)
    kind = TASKS[tasks[-1]] if tasks else SegmentationTask
    return inspect.isclass(kind) and issubclass(kind, SegmentationTask)


def prediction_of(config: Config) -> str | None:
    """The output of predict.py and export.py, see ``Task.predicts``; a wrapping ``task`` changes nothing."""
    own = task_of_model(config)
    return None if own is None else getattr(TASKS[own], "predicts", None)


def bounds_of_task(config: Config) -> dict[str, Bound]:
    """The task's bounds of the shared numbers."""
    if is_segmentation(config):
        return {"num_classes": SegmentationTask.class_numbers, "ignore_index": LABEL_VALUES}
    found = (getattr(TASKS[name], "class_numbers", None) for name in tasks_of(config))
    return {"num_classes": next((bound for bound in found if isinstance(bound, Bound)), AT_LEAST_ONE)}


def dataset_type(config: Config) -> type | None:
    """The class that the data sets must be of; None if the task does not say."""
    found = (getattr(TASKS[name], "dataset_type", None) for name in reversed(tasks_of(config)))
    return next((kind for kind in found if inspect.isclass(kind)), None)


def takes(config: Config, parameter: str) -> bool:
    """Whether one of the tasks has a parameter of this name."""
    return any(parameter in inspect.signature(TASKS[name]).parameters for name in tasks_of(config))


def check_task(config: Config, command: str, problems: Problems) -> None:
    """Note the faults of ``task``, and of a network whose task does not exist."""
    section, kind = config.section("task"), config.section("model").get("type")
    if section:
        for name in SUPPLIED:
            if name in section:
                problems.add(f"task.{name}", "this comes from the other sections; remove it")
        own_arguments = {name: value for name, value in section.items() if name not in SUPPLIED}
        batch_size = config.data.get("batch_size")
        known = {"batch_size": batch_size} if command == "train" and matches(batch_size, int) else {}
        check_component(own_arguments, TASKS, "task", problems, supplied=SUPPLIED, known=known)
    if kind not in MODELS:
        return
    _check_output(config, problems)
    own = ModelFacts.of(MODELS[kind]).task
    is_replaced = section.get("type") in TASKS and not wraps(section["type"])
    if command in ("predict", "export") and prediction_of(config) is None:
        usable = [name for name in MODELS if _is_predicted(ModelFacts.of(MODELS[name]).task)]
        problems.add(
            "model.type",
            f"{command}.py is for label maps and classes, and {kind} learns {own}. {suggest(kind, usable)}",
        )
    elif own not in TASKS and not is_replaced:
        usable = [name for name in MODELS if ModelFacts.of(MODELS[name]).task in TASKS]
        advice = f"register it, see docs/own_parts.md, or take another network. {suggest(kind, usable)}"
        problems.add("model.type", f"{kind} learns {own}, and there is no such task; {advice}")
    elif own in TASKS and not is_replaced and wraps(own):
        problems.add("model.type", f"{kind} learns {own}, which wraps another task; a network names one that does not")
    elif own in TASKS and not section:
        # Further required arguments must be under ``task``.
        check_component({"type": own}, TASKS, "task", problems, supplied=SUPPLIED)


def _check_output(config: Config, problems: Problems) -> None:
    """Note one of the toolkit's tasks that needs another output than the network declares."""
    outer, kind = config.section("task").get("type"), config.section("model")["type"]
    own = task_of_model(config)
    if outer not in TASKS or own is None or not hasattr(MODELS[kind], "task"):
        return
    for base in (SegmentationTask, ClassificationTask):
        if _is_kind_of(outer, base) and TASKS[own] in (SegmentationTask, ClassificationTask) and TASKS[own] is not base:
            usable = [name for name in MODELS if ModelFacts.of(MODELS[name]).task == base.__name__]
            problems.add("task.type", f"{outer} is not for {kind}, which learns {own}. {suggest(kind, usable)}")


def _is_kind_of(task: str, base: type) -> bool:
    return inspect.isclass(TASKS[task]) and issubclass(TASKS[task], base)


def _is_predicted(task: str) -> bool:
    return task in TASKS and getattr(TASKS[task], "predicts", None) is not None


def check_hooks(config: Config, problems: Problems) -> None:
    """Note what is wrong with the list ``hooks``."""
    hooks = config.data.get("hooks", [])
    for index, section in enumerate(hooks if isinstance(hooks, list) else []):
        check_component(section, HOOKS, f"hooks.{index}", problems)


def check_metric(config: Config, section: Mapping[str, Any], *, evaluates: bool, problems: Problems) -> None:
    """Note a schedule that follows an unknown figure: neither the loss nor the task's score after evaluations.

    A task that determines the name of its score when it is built is checked then, see ``training.run``.
    """
    metric = section.get("metric", "loss")
    if section.get("type") != "ReduceOnPlateau" or metric == "loss" or not isinstance(metric, str):
        return
    scores = [getattr(TASKS[name], "primary", None) for name in tasks_of(config)]
    known = [score for score in scores if isinstance(score, str)]
    if known and metric != known[0]:
        problems.add("lr_scheduler.metric", f"found {metric!r}; it must be one of loss, {known[0]}")
    elif not evaluates:
        problems.add(
            "lr_scheduler.metric", f"{metric} is known only after evaluations; give --do_eval too, or set metric: loss"
        )


def check_sections_without_effect(config: Config, problems: Problems) -> None:
    """Note sections that none of the tasks takes."""
    for key, parameter in (("loss", "losses"), ("test_config", "views")):
        if tasks_of(config) and config.section(key) and not takes(config, parameter):
            problems.add(key, f"has no effect: the task {tasks_of(config)[0]} takes no {parameter}; remove it")
