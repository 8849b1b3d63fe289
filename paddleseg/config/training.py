# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a configuration to a finished run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import paddle
from paddle.optimizer.lr import LRScheduler

from paddleseg.config import build
from paddleseg.config.class_names import check_names_of_model
from paddleseg.config.files import check_pretrained_exists
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.config.resumed import keep_settings, record_padding_mode
from paddleseg.config.schema import check_config
from paddleseg.config.teacher import Teacher, find_teacher, load_teacher
from paddleseg.models.weights import describe_model
from paddleseg.onednn import CpuSettings, entered
from paddleseg.tasks.base import Task
from paddleseg.tasks.feature_taps import layer_fault
from paddleseg.training.batches import TrainingBatches
from paddleseg.training.checkpoint import Checkpoint
from paddleseg.training.cpu import choose_cpu, data_format_of
from paddleseg.training.hooks import Hook
from paddleseg.training.run import followed_figure, run_training
from paddleseg.training.run_settings import RunSettings, knobs
from paddleseg.training.run_start import choose_seed, start_run
from paddleseg.training.trained_layers import trained_layers, warn_of_initial_tensors
from paddleseg.utils import distributed as dist
from paddleseg.utils.allocator import keep_freed_memory
from paddleseg.utils.frozen_layers import describe_parts, freeze, freeze_faults
from paddleseg.utils.logging import get_logger


def train_from_config(config: Config, *, more_hooks: Sequence[Hook] = (), **flags: object) -> None:
    """Train, evaluate and save as the configuration and the flags say.

    Everything that can be wrong is checked before the first step.

    Args:
        config: A loaded configuration, which already includes the flags with a YAML key.
        more_hooks: Called like those of the section ``hooks``, and after them.
        flags: The other settings of the run, see ``RunSettings``.

    Raises:
        UserError: Something is wrong with the configuration, the flags, the data, the weights or the device.
    """
    may_resume = flags.get("resume_model") is not None
    check_config(config, command="train", do_eval=bool(flags.get("do_eval")), check_pretrained=not may_resume)
    in_yaml = {knob.name for knob in knobs() if knob.in_yaml} & config.data.keys()
    settings = RunSettings(**flags, **{name: config.data[name] for name in in_yaml})
    settings.check("--{}".format)
    teacher = find_teacher(config, settings.save_dir)
    start = start_run(settings, {key: value for key, value in config.data.items() if key not in in_yaml})
    cpu = choose_cpu(settings, start)
    if cpu is not None:
        keep_freed_memory()
    settings = settings.with_values(seed=choose_seed(settings.seed, start))
    config.data["seed"] = settings.seed
    if start is not None:
        keep_settings(config, start)
    elif may_resume:
        problems = Problems(config.path, config.sources)
        check_pretrained_exists(config, problems)
        problems.raise_if_any()
    _build_and_run(config, settings, start, cpu, teacher, more_hooks)


def _build_and_run(
    config: Config,
    settings: RunSettings,
    start: Checkpoint | None,
    cpu: CpuSettings | None,
    teacher: Teacher | None,
    more_hooks: Sequence[Hook],
) -> None:
    _check_layers(config, settings.freeze, teacher)
    if settings.freeze and start is None:
        _warn_of_initial_parts(config, settings.freeze)
    train_dataset = build.build_dataset(config, "train")
    check_names_of_model(config, train_dataset)
    val_dataset = build.build_dataset(config, "val") if settings.do_eval else None
    batches = TrainingBatches(train_dataset, settings, shuffle=build.shuffles_training_set(config))
    settings = settings.with_values(iters=build.total_iters(config, batches.per_epoch))
    if start is not None and config.section("model").get("pretrained") is not None:
        get_logger().info("model.pretrained is not read: the run continues with the weights of %s", start.folder)
    built = build_trained(config, settings, start, cpu, teacher, train_dataset, val_dataset)
    get_logger().info("optimizer: %s", build.describe_optimizer(config))
    with build.errors_with_place(config, "lr_scheduler"):
        followed_figure(built.schedule, built.task, settings)
    run_training(
        built.model,
        built.task,
        built.optimizer,
        batches,
        settings,
        cpu=cpu,
        start=start,
        hooks=[*build.build_hooks(config), *more_hooks],
        config_text=config.to_text(),
    )


@dataclass(frozen=True)
class Built:
    """The parts of a trainer besides its batches."""

    model: paddle.nn.Layer
    task: Task
    optimizer: paddle.optimizer.Optimizer
    schedule: LRScheduler


def build_trained(
    config: Config,
    settings: RunSettings,
    start: Checkpoint | None,
    cpu: CpuSettings | None,
    teacher: Teacher | None,
    train_dataset: Any,
    val_dataset: Any = None,
) -> Built:
    """Build network, task and optimiser of a training.

    Args:
        config: A checked configuration.
        settings: The run's, with ``iters`` and ``seed`` chosen.
        start: The checkpoint that the run goes on from, or None.
        cpu: How it computes on the CPU.
        teacher: Of a distillation, or None.
        train_dataset: The training data.
        val_dataset: The evaluation data, or None.

    Raises:
        UserError: A part cannot be built as the configuration says.
    """
    paddle.seed(settings.seed)  # the initial weights
    data_format = data_format_of(cpu, start)
    model = dist.synchronize_batch_norm(
        build.build_model(
            config,
            use_pretrained=start is None,
            default_data_format=data_format,
            class_names=getattr(train_dataset, "class_names", None),
        )
    )
    freeze(model, settings.freeze)
    if start is None:
        warn_of_initial_tensors(model)
    record_padding_mode(config, model)
    task = build.build_task(config, train_dataset, val_dataset)
    if teacher is not None:
        network = load_teacher(teacher, config, train_dataset.class_names, data_format)
        with entered(cpu):
            task = build.build_distillation(config, task, model, network)
    schedule = build.build_lr_schedule(config, settings.iters)
    optimizer = build.build_optimizer(config, trained_layers(model, task.extra_layers), schedule)
    return Built(model, task, optimizer, schedule)


def _check_layers(config: Config, frozen: Sequence[str] | None, teacher: Teacher | None) -> None:
    """Refuse names that are not layers of the network or its teacher, before data is read or weights downloaded.

    Only a network knows its layers, so it is built for this, which takes a second.
    """
    terms = [] if teacher is None else list(enumerate(config.section("distillation")["losses"]))
    terms = [(index, term) for index, term in terms if term.get("features") is not None]
    if not (frozen or terms):
        return
    problems = Problems(config.path, config.sources)
    student = build.build_model(config, use_pretrained=False)
    for key, fault in freeze_faults(student, frozen) if frozen else ():
        problems.add(key, fault)
    if terms:
        taught = build.build_model(teacher.config, use_pretrained=False, use_auxiliary_head=False)
    for index, term in terms:
        in_teacher = "features" if term.get("teacher_features") is None else "teacher_features"
        for network, whose, key in ((student, "student", "features"), (taught, "teacher", in_teacher)):
            place, fault = f"distillation.losses.{index}.{key}", layer_fault(network, term[key])
            if fault is not None and not problems.is_noted(place):
                problems.add(place, f"the {whose} {describe_model(network)} has {fault}")
    problems.raise_if_any()


def _warn_of_initial_parts(config: Config, frozen: Sequence[str]) -> None:
    """Warn of frozen parts without weights in the configuration; loading reports gaps in given ones."""
    model = config.section("model")
    backbone = model.get("backbone")
    if isinstance(backbone, dict) and backbone.get("pretrained") is not None:
        frozen = [part for part in frozen if part.partition(".")[0] != "backbone"]
    if frozen and model.get("pretrained") is None:
        get_logger().warning("freeze without model.pretrained: %s keep their initial weights", describe_parts(frozen))
