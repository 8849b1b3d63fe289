# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a checked configuration to objects.

Constructors take plain arguments and never see a configuration; numbers that several of them need
(``num_classes``, ``in_channels``, ``ignore_index``) are written once in YAML and passed on here.
"""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from paddleseg.config.components import import_components
from paddleseg.config.counted_weights import count_weights
from paddleseg.config.custom_imports import describe_error
from paddleseg.config.distillation import OF_A_TERM
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems, place_of
from paddleseg.config.shared_values import DATASET_NAMES, shared_value
from paddleseg.config.task_sections import task_of_model, wraps
from paddleseg.inference.views import ViewOptions
from paddleseg.losses.class_weights import takes_class_weights
from paddleseg.models.facts import ModelFacts
from paddleseg.registry import (
    BACKBONES,
    DATASETS,
    DISTILLATION_LOSSES,
    HOOKS,
    LOSSES,
    LR_SCHEDULERS,
    MODELS,
    OPTIMIZERS,
    TASKS,
    TRANSFORMS,
    is_built_in,
)
from paddleseg.tasks import Distance, DistillationTask
from paddleseg.utils.errors import ArgumentError, ConfigError, UserError


def build_model(
    config: Config,
    *,
    use_pretrained: bool = True,
    use_auxiliary_head: bool = True,
    data_format: Literal["NCHW", "NHWC"] | None = None,
    default_data_format: Literal["NCHW", "NHWC"] | None = None,
    class_names: Sequence[str] | None = None,
) -> Any:
    """Build the network.

    Args:
        config: A checked configuration.
        use_pretrained: Whether ``model.pretrained``, or that of a backbone, is loaded. Pass False to load trained
            weights afterwards; then neither the file nor the internet is needed.
        use_auxiliary_head: Whether to build the head that only training uses, if ``model`` enables it. Without it,
            weights trained with or without one fit.
        data_format: Replaces a stated ``model.data_format``; None: the stated one.
        default_data_format: Of the toolkit's networks if it is not stated; None: the network's own default.
        class_names: Those of the training data, for a network that takes them if ``model`` does not state them; None:
            there are none.

    Returns:
        The ``paddle.nn.Layer``.
    """
    arguments = dict(config.section("model"))
    if not use_pretrained:
        arguments.pop("pretrained", None)
    if data_format is not None and "data_format" in arguments:
        arguments["data_format"] = data_format
    shared = {name: shared_value(config, name) for name in ("num_classes", "in_channels")}
    shared["class_names"] = class_names
    if default_data_format is not None and is_built_in(MODELS[arguments["type"]]):
        shared["data_format"] = default_data_format
    if not use_auxiliary_head:
        arguments.pop("enable_auxiliary_loss", None)
        shared["enable_auxiliary_loss"] = False
    if isinstance(arguments.get("backbone"), dict):
        backbone = dict(arguments["backbone"])
        if not use_pretrained:
            backbone.pop("pretrained", None)
        arguments["backbone"] = _construct(config, "model.backbone", BACKBONES, backbone, shared)
    model = _construct(config, "model", MODELS, arguments, shared)
    # The commands read it; a user's network need not have it.
    described = {
        "num_classes": shared["num_classes"],
        "in_channels": shared["in_channels"] or 3,
        "arch": arguments["type"],
    }
    for name, value in described.items():
        if not hasattr(model, name):
            setattr(model, name, value)
    return model


def build_dataset(config: Config, mode: Literal["train", "val"]) -> Any:
    """Build ``train_dataset`` or ``val_dataset`` with its transforms.

    The section decides the use of the samples: ``train_dataset`` is trained on, ``val_dataset`` evaluated. ``mode`` in
    YAML selects the part of the data; by default it is the section's own.
    """
    section = f"{mode}_dataset"
    arguments = dict(config.section(section))
    arguments.pop("shuffle", None)  # read by shuffles_training_set
    arguments["transforms"] = build_transforms(config, section)
    shared = {here: shared_value(config, name) for name, here in DATASET_NAMES.items()}
    for name, other in (("class_names", "class_names_file"), ("class_names_file", "class_names")):
        if arguments.get(name) is not None:  # the other section's would contradict it
            shared.pop(other)
    dataset = _construct(config, section, DATASETS, arguments, {"mode": mode, **shared})
    with errors_with_place(config, section):
        dataset.use_for(mode)
    return dataset


def build_transforms(config: Config, section: str) -> list[Callable[..., Any]]:
    """Build the list ``transforms`` of a data set or of ``export``; empty when there is none."""
    items = config.section(section).get("transforms") or []
    shared = {"ignore_index": shared_value(config, "ignore_index")}
    return [
        _construct(config, f"{section}.transforms.{index}", TRANSFORMS, item, shared)
        for index, item in enumerate(items)
    ]


def section_with_transforms(config: Config) -> str:
    """The section whose transforms prediction and export use: ``export`` if it has some, else ``val_dataset``.

    Raises:
        ConfigError: Neither has ``transforms``; pictures would reach the network untransformed, in 0..255.
    """
    for section in ("export", "val_dataset"):
        if config.section(section).get("transforms") is not None:
            return section
    raise ConfigError(
        f"{config.path}: neither export.transforms nor val_dataset.transforms is there; give one, so that pictures "
        "are prepared as in training, e.g. export: {transforms: [{type: Normalize}]}"
    )


def shuffles_training_set(config: Config) -> bool:
    """Whether each epoch has its own order of the pictures (``train_dataset.shuffle``, default True)."""
    return config.section("train_dataset").get("shuffle", True)


def build_losses(config: Config, train_dataset: Any = None) -> list[tuple[Callable[..., Any], float]]:
    """Build the loss of each output of the model with its weight; one loss may serve several outputs.

    Args:
        config: A checked configuration.
        train_dataset: The data in which ``loss.class_weights`` counts the classes; needed only for that.
    """
    types, coef = config.section("loss")["types"], config.section("loss")["coef"]
    shared = {name: shared_value(config, name) for name in ("ignore_index", "num_classes")}
    kind = config.section("loss").get("class_weights")
    if kind is not None:
        shared["weight"] = count_weights(train_dataset, kind)
    losses = _build_loss_list(config, types, "loss.types", shared)
    if len(losses) == 1:
        losses *= len(coef)
    return [(loss, float(weight)) for loss, weight in zip(losses, coef)]


def build_task(config: Config, train_dataset: Any = None, val_dataset: Any = None) -> Any:
    """Build the task: the network's own, or the one under ``task``, which may wrap it.

    Args:
        config: A checked configuration.
        train_dataset: The training data; without it, no losses are built.
        val_dataset: The evaluation data, or None.
    """
    supplied = {
        "losses": build_losses(config, train_dataset) if config.section("loss") and train_dataset is not None else None,
        "train_dataset": train_dataset,
        "val_dataset": val_dataset,
        "views": ViewOptions.from_test_config(config.section("test_config")),
        "output_names": ModelFacts.of(MODELS[config.section("model")["type"]]).outputs,
    }
    section = config.section("task")
    if not section or wraps(section["type"]):
        key = "task" if section else "model"
        supplied["task"] = _construct(config, key, TASKS, {"type": task_of_model(config)}, supplied)
    return _construct(config, "task", TASKS, section, supplied) if section else supplied["task"]


def build_distillation(config: Config, task: Any, student: Any, teacher: Any) -> Any:
    """Wrap a task so that the student also learns from a teacher, as ``distillation.losses`` says.

    Args:
        config: A checked configuration with the section ``distillation``.
        task: The student's own task.
        student: The network in training.
        teacher: The trained network.

    Raises:
        ConfigError: The maps to compare do not exist, or cannot be compared.
    """
    distances = []
    for index, section in enumerate(config.section("distillation")["losses"]):
        arguments = {name: value for name, value in section.items() if name not in OF_A_TERM}
        loss = _construct(config, f"distillation.losses.{index}", DISTILLATION_LOSSES, arguments, {})
        distances.append(Distance(loss, **{name: section[name] for name in OF_A_TERM if name in section}))
    with errors_with_place(config, "distillation"):
        return DistillationTask(task, student, teacher, distances)


def build_hooks(config: Config) -> list[Any]:
    """Build the hooks of the list ``hooks``, a user's own."""
    return [
        _construct(config, f"hooks.{index}", HOOKS, section, {})
        for index, section in enumerate(config.data.get("hooks", []))
    ]


def _build_loss_list(config: Config, sections: list[Any], key: str, shared: dict[str, Any]) -> list[Any]:
    """Build the losses of a list at the dotted ``key``, nested losses first."""
    losses = []
    for index, section in enumerate(sections):
        arguments, own_key = dict(section), f"{key}.{index}"
        if "losses" in arguments:
            arguments["losses"] = _build_loss_list(config, arguments["losses"], f"{own_key}.losses", shared)
        weighs = takes_class_weights(LOSSES[section["type"]])
        supplied = {name: value for name, value in shared.items() if name != "weight" or weighs}
        losses.append(_construct(config, own_key, LOSSES, arguments, supplied))
    return losses


def build_lr_schedule(config: Config, total_steps: int) -> Any:
    """Build the learning-rate schedule of a training of ``total_steps`` optimiser steps."""
    return _construct(
        config, "lr_scheduler", LR_SCHEDULERS, config.section("lr_scheduler"), {"total_steps": total_steps}
    )


def build_optimizer(config: Config, model: Any, lr: Any) -> Any:
    """Build the optimiser of the model's parameters; ``lr`` is a number or a schedule."""
    shared = {"parameters": model, "learning_rate": lr}
    return _construct(config, "optimizer", OPTIMIZERS, config.section("optimizer"), shared)


def describe_optimizer(config: Config) -> str:
    """One line on the configuration's optimiser and schedule, defaults included.

    For example ``SGD, no momentum (plain SGD), no weight decay; learning rate 0.1, StepDecay (step_size 9)``.
    """
    import_components()
    from paddleseg.optimizers import describe, name_values, with_defaults

    schedule = config.section("lr_scheduler")
    settings = with_defaults(LR_SCHEDULERS[schedule["type"]], schedule)
    hidden = ["learning_rate", "total_steps"]
    if not schedule.get("warmup_iters"):
        hidden += [name for name in settings if name.startswith("warmup_") and name not in schedule]
    rate = name_values({"learning rate": settings.get("learning_rate")})
    values = name_values({name: value for name, value in settings.items() if name not in hidden})
    kind = f"{schedule['type']} ({values})" if values else schedule["type"]
    return f"{describe(config.section('optimizer'))}; {', '.join(filter(None, (rate, kind)))}"


def total_iters(config: Config, batches_per_epoch: int) -> int:
    """The length of the training in optimiser steps; one process reads ``batches_per_epoch`` in an epoch."""
    if "iters" in config.data:
        return config.data["iters"]
    return math.ceil(config.data["epochs"] * batches_per_epoch / config.data["grad_accum_steps"])


def _construct(config: Config, key: str, registry: Any, section: dict[str, Any], supplied: dict[str, Any]) -> Any:
    """Call the component that ``section['type']`` names.

    Args:
        config: For the place in messages.
        key: Dotted key of the section.
        registry: The registry of the type.
        section: ``type`` and arguments; they take precedence over ``supplied``.
        supplied: Values for parameters that ``section`` does not give; those without a parameter are left out, and
            None if the parameter has a default.

    Raises:
        ConfigError: The constructor refused its arguments with a ValueError, returned an object of the wrong kind, or
            is a user's own and failed; file and key are added to the message.
    """
    import_components()
    component = registry[section["type"]]
    arguments = {name: value for name, value in section.items() if name != "type"}
    known = inspect.signature(component).parameters
    for name, value in supplied.items():
        if name in known and arguments.get(name) is None:
            if value is not None or known[name].default is inspect.Parameter.empty:
                arguments[name] = value
    with errors_with_place(config, key, is_own=not is_built_in(component)):
        built = component(**arguments)
        if registry.kind is not None and not isinstance(built, registry.kind):
            wanted = f"{registry.kind.__module__}.{registry.kind.__name__}"
            raise ConfigError(f"{section['type']} returned {type(built).__name__}; it must return a {wanted}")
    return built


@contextlib.contextmanager
def errors_with_place(config: Config, key: str, *, is_own: bool = False) -> Iterator[None]:
    """Add to the ValueErrors of a constructor the file and the key of its arguments.

    For a user's own, which may raise anything, every error becomes a line that names the user's code.
    """
    place = place_of(key, config.sources, config.path)
    try:
        yield
    except Exception as error:
        # Errors about data and weights already name their file.
        if isinstance(error, UserError) and type(error) not in (ConfigError, ArgumentError):
            raise
        if is_own and not isinstance(error, ValueError):
            raise ConfigError(f"{place}: {key}: {describe_error(error)}") from error
        if not isinstance(error, ValueError):
            raise
        problems = Problems(config.path, config.sources)
        for name, message in getattr(error, "faults", ()):
            problems.add(f"{key}.{name}", message)
        problems.raise_if_any()
        raise ConfigError(f"{place}: {key}: {error}") from error
