# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's ``train``, for programs that build network, data set and optimiser themselves.

``from paddleseg.core import train``. Names and order of the arguments are PaddleSeg's, and so are defaults unless
stated otherwise. The run's settings, with their meanings, bounds and defaults, are defined in ``RunSettings``, from
which the signature is made.
"""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import paddle

from paddleseg.datasets.pictures import PictureDataset
from paddleseg.inference.label_maps import refuse_random_transforms
from paddleseg.inference.views import ViewOptions
from paddleseg.models.facts import ModelFacts
from paddleseg.tasks import SegmentationTask, Task
from paddleseg.training.batches import TrainingBatches
from paddleseg.training.cpu import choose_cpu
from paddleseg.training.hooks import Hook
from paddleseg.training.run import run_training
from paddleseg.training.run_settings import RunSettings, knobs
from paddleseg.training.run_start import choose_seed, start_run
from paddleseg.training.trained_layers import warn_of_initial_tensors
from paddleseg.utils import distributed
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.frozen_layers import freeze
from paddleseg.utils.type_hints import is_number

# The arguments that are not settings of a run, with their defaults.
_OBJECTS = {
    "model": inspect.Parameter.empty,
    "train_dataset": inspect.Parameter.empty,
    "val_dataset": None,
    "optimizer": None,
    "losses": None,
    "test_config": None,
    "shuffle": True,
    "hooks": (),
    "task": None,
}
# PaddleSeg's order, for positional arguments; the rest must be named.
_ORDER = (
    "model", "train_dataset", "val_dataset", "optimizer", "save_dir", "iters", "batch_size", "early_stop_intervals",
    "resume_model", "save_interval", "log_iters", "num_workers", "use_vdl", "use_ema", "losses", "keep_checkpoint_max",
    "test_config", "precision", "amp_level", "profiler_options", "to_static_training",
)  # fmt: skip
# Where the defaults of PaddleSeg's function and command differ.
_DEFAULTS = {"save_dir": "output", "iters": 10000}


def train(*arguments: Any, **named: Any) -> None:  # noqa: D417 (the signature is made from the settings)
    """Train a network on the current device; with ``val_dataset``, evaluate it every ``save_interval`` steps.

    Args:
        model: Returns a list of logits (N, K, H, W).
        train_dataset: The data to train on.
        val_dataset: The data to evaluate on; the best model is kept in ``save_dir``/best_model. One data set may serve
            training and evaluation.
        optimizer: Required. Has the model's parameters; its schedule, if it has one, is stepped once per step.
        losses: Required without ``task``: ``{"types": [loss, ...], "coef": [weight, ...]}``, one weight for each
            output, one loss for all of them or one for each.
        test_config: The keys of ``test_config`` in YAML: how pictures of ``val_dataset`` are processed.
        shuffle: Whether each epoch has its own order.
        hooks: Hooks of your own, called around the steps; ``training.hooks.order`` defines when.
        task: What is learnt, in place of segmentation with ``losses``.
        SETTINGS
    Raises:
        UserError: An argument or the data is wrong.
        KeyboardInterrupt: Ctrl-C (SIGINT) was received; the step was finished and saved.
        SystemExit: SIGTERM was received; the step was finished and saved.
    """
    try:
        bound = _SIGNATURE.bind(*arguments, **named)
    except TypeError as error:
        raise TypeError(f"train() {error}") from None
    bound.apply_defaults()
    _train(**bound.arguments)


def _make_signature() -> inspect.Signature:
    settings = {knob.name: (_DEFAULTS.get(knob.name, knob.default), knob.hint) for knob in knobs() if knob.is_argument}
    known = {**{name: (default, Any) for name, default in _OBJECTS.items()}, **settings}
    keyword_only = [name for name in known if name not in _ORDER]
    kinds = {
        **dict.fromkeys(_ORDER, inspect.Parameter.POSITIONAL_OR_KEYWORD),
        **dict.fromkeys(keyword_only, inspect.Parameter.KEYWORD_ONLY),
    }
    return inspect.Signature(
        [
            inspect.Parameter(name, kind, default=known[name][0], annotation=known[name][1])
            for name, kind in kinds.items()
        ]
    )


_SIGNATURE = _make_signature()
train.__signature__ = _SIGNATURE
_LINES = [f"    {knob.name}: {knob.words}.\n" for knob in knobs() if knob.is_argument]
# Python removes the indentation of docstrings itself from 3.13 on.
train.__doc__ = inspect.cleandoc(train.__doc__).replace("    SETTINGS\n", "".join(_LINES) + "\n")


def _train(
    *,
    model: paddle.nn.Layer,
    train_dataset: PictureDataset,
    val_dataset: PictureDataset | None,
    optimizer: paddle.optimizer.Optimizer | None,
    losses: Mapping[str, Sequence[Any]] | None,
    test_config: Mapping[str, Any] | None,
    shuffle: bool,
    hooks: Sequence[Hook],
    task: Task | None,
    **values: Any,
) -> None:
    if optimizer is None or (losses is None and task is None):
        raise ConfigError("train() needs an optimizer and losses={'types': [...], 'coef': [...]}")
    _check_objects(model=model, train_dataset=train_dataset, val_dataset=val_dataset, optimizer=optimizer)
    if not isinstance(test_config, (Mapping, type(None))):
        raise ConfigError(f"test_config: found {test_config!r}; give a mapping, such as {{'is_slide': True, ...}}")
    _check_own(task, hooks, {"val_dataset": val_dataset, "losses": losses, "test_config": test_config})
    do_eval = val_dataset is not None if task is None else task.can_evaluate
    settings = RunSettings(device=paddle.device.get_device(), do_eval=do_eval, **_as_plain(values))
    settings.check()
    if settings.iters is None:
        raise ConfigError("iters: found None; give the length of the training in optimiser steps")
    if task is None:
        views = ViewOptions.from_test_config(test_config or {})
        weighted_losses = _pair_losses(losses)
        train_dataset, val_dataset = _prepare_datasets(train_dataset, val_dataset)
        task = SegmentationTask(weighted_losses, train_dataset, val_dataset, views, ModelFacts.of(model).outputs)
    else:
        train_dataset.use_for("train")
    start = start_run(settings)
    cpu = choose_cpu(settings, start)
    settings = settings.with_values(seed=choose_seed(settings.seed, start))
    model = distributed.synchronize_batch_norm(model)
    freeze(model, settings.freeze)
    if start is None:
        warn_of_initial_tensors(model)
    run_training(
        model,
        task,
        optimizer,
        TrainingBatches(train_dataset, settings, shuffle=shuffle),
        settings,
        cpu=cpu,
        start=start,
        hooks=hooks,
    )


def _as_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Paths as strings, and numpy numbers as Python's."""
    return {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value.item() if hasattr(value, "item") else value
        for name, value in values.items()
    }


def _check_objects(**found: Any) -> None:
    """Refuse anything but a network, data set or optimiser."""
    needed = {
        "model": (paddle.nn.Layer,),
        "train_dataset": (PictureDataset,),
        "val_dataset": (PictureDataset, type(None)),
        "optimizer": (paddle.optimizer.Optimizer,),
    }
    for name, value in found.items():
        kinds = needed[name]
        if not isinstance(value, kinds):
            kind = f"{kinds[0].__module__}.{kinds[0].__name__}"
            raise ConfigError(f"{name}: found {type(value).__name__}; give a {kind}")


def _check_own(task: Any, hooks: Any, beside: Mapping[str, Any]) -> None:
    """Refuse invalid tasks or hooks, and arguments without effect beside the caller's own task."""
    if task is not None and not isinstance(task, Task):
        raise ConfigError(f"task: found {type(task).__name__}; give a paddleseg.tasks.Task")
    if not isinstance(hooks, (list, tuple)) or not all(isinstance(hook, Hook) for hook in hooks):
        raise ConfigError(f"hooks: found {hooks!r}; give a list of paddleseg.training.hooks.Hook objects")
    useless = [name for name, value in beside.items() if task is not None and value is not None]
    if useless:
        raise ConfigError(
            f"{', '.join(useless)}: given together with task, which has its own; leave out one or the other"
        )


def _prepare_datasets(
    train_dataset: PictureDataset, val_dataset: PictureDataset | None
) -> tuple[PictureDataset, PictureDataset | None]:
    """Tell each data set its purpose; one used for both is copied, as its labels move only in training."""
    if val_dataset is train_dataset:
        val_dataset = copy.copy(train_dataset)
    train_dataset.use_for("train")
    if val_dataset is not None:
        refuse_random_transforms(val_dataset.pipeline)
        val_dataset.use_for("val")
    return train_dataset, val_dataset


def _list_of(values: Any, key: str, fits: Callable[[Any], bool], words: str) -> list[Any]:
    if not isinstance(values, Iterable):
        raise ConfigError(f"losses: {key}: found {type(values).__name__}; give a list of {words}")
    values = list(values)
    strange = [value for value in values if not fits(value)]
    if strange:
        raise ConfigError(f"losses: {key}: found {type(strange[0]).__name__} in the list; give a list of {words}")
    return values


def _is_weight(value: Any) -> bool:
    return is_number(value.item() if hasattr(value, "item") else value)


def _pair_losses(losses: Mapping[str, Sequence[Any]]) -> list[tuple[Any, float]]:
    """The loss of each output with its weight."""
    if not isinstance(losses, Mapping) or set(losses) != {"types", "coef"}:
        found = ", ".join(losses) if isinstance(losses, Mapping) else type(losses).__name__
        raise ConfigError(f"losses must be {{'types': [loss, ...], 'coef': [weight, ...]}}, found: {found}")
    types = _list_of(losses["types"], "types", callable, "losses")
    coef = _list_of(losses["coef"], "coef", _is_weight, "numbers")
    if len(types) == 1:
        types *= len(coef)
    if len(types) != len(coef):
        raise ConfigError(f"losses: {len(types)} types for {len(coef)} weights in coef; give one loss or one for each")
    return [(loss, float(weight)) for loss, weight in zip(types, coef)]
