# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A run: from built objects to a finished run folder. Both the commands and the library's ``train`` go through here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import paddle
from paddle.optimizer.lr import LRScheduler

from paddleseg.onednn import CpuSettings, entered
from paddleseg.optimizers import ReduceOnPlateau, schedule_of
from paddleseg.tasks.base import Scores, Task
from paddleseg.tasks.distillation import TEACHER
from paddleseg.training import checkpoint
from paddleseg.training.batches import TrainingBatches
from paddleseg.training.capsule import CapsuleWriter
from paddleseg.training.cpu import CPU, cpu_facts, shared_facts
from paddleseg.training.hooks import Hook
from paddleseg.training.hooks.batch_norm import BatchNormHook
from paddleseg.training.hooks.checkpoint import CheckpointHook
from paddleseg.training.hooks.ema import EmaHook
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.training.hooks.log import LogHook
from paddleseg.training.hooks.loss import PlateauHook, SpikeHook
from paddleseg.training.hooks.loss_record import LossRecordHook
from paddleseg.training.hooks.memory import MemoryHook
from paddleseg.training.hooks.order import in_order
from paddleseg.training.hooks.profiler import ProfilerHook
from paddleseg.training.hooks.progress import ProgressHook
from paddleseg.training.hooks.run_pictures import RunPicturesHook
from paddleseg.training.hooks.stop import StopHook, StopSignals
from paddleseg.training.hooks.trackers import MetricsHook, TensorBoardHook, VisualDLHook
from paddleseg.training.profiler_options import parse_profiler_options
from paddleseg.training.run_facts import facts_of_start, note_start, weights_checksum
from paddleseg.training.run_folder import goes_on_in, log_changed_settings, prepare_folder
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.trainer import Trainer
from paddleseg.training.trainer_state import RunRecord
from paddleseg.utils import distributed as dist
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.frozen_layers import describe_parts
from paddleseg.utils.logging import get_logger, is_quiet, log_outcome


def run_training(
    model: paddle.nn.Layer,
    task: Task,
    optimizer: paddle.optimizer.Optimizer,
    batches: TrainingBatches,
    settings: RunSettings,
    *,
    cpu: CpuSettings | None,
    start: checkpoint.Checkpoint | None = None,
    hooks: Sequence[Hook] = (),
    config_text: str | None = None,
) -> None:
    """Train, evaluate and save as the settings say; SIGTERM and SIGINT end it after the step, with a checkpoint.

    Args:
        model: The network.
        task: The network's task.
        optimizer: Has the model's parameters.
        batches: The training data.
        settings: Checked by ``run_start.start_run``, with ``iters`` and ``seed`` chosen.
        cpu: How it computes on the CPU, from ``choose_cpu``.
        start: The checkpoint to go on from, from ``start_run``.
        hooks: A user's own; ``hooks.order`` defines when they run.
        config_text: The resolved configuration, kept in the run's folder, or None.

    Raises:
        UserError: The data, the checkpoint or the folder is wrong.
        KeyboardInterrupt: SIGINT was received; the run is saved.
        SystemExit: SIGTERM was received; the run is saved, the status is 143.
    """
    _check_task(task, settings)
    _check_extra_layers(task, optimizer)
    signals = StopSignals()
    stop_hook = StopHook(signals)
    progress_hook = ProgressHook()
    own_hooks = [progress_hook, *_build_hooks(task, optimizer, settings, stop_hook)]
    dist.in_first_process(lambda: task.check_data(settings.check_labels, settings.workers))
    get_logger().info("data: %s", batches.describe())
    identity = {
        TEACHER: "none",
        **_identity(batches, optimizer, settings),
        **task.identity(),
        CPU: cpu_facts(cpu, model),
    }
    record = RunRecord(identity, config_text)
    all_hooks = in_order([*own_hooks, *hooks])
    trainer = Trainer(
        model, task, optimizer, batches, settings, hooks=all_hooks, record=record, capsules=CapsuleWriter(settings)
    )
    trainer.check_savable()
    if start is not None:
        _resume(trainer, start)
    # A machine without the others' files has other pictures, or lacks the checkpoint.
    steps = {"first step": trainer.step, "last step": trainer.total_steps}
    dist.check_equal({**steps, **identity, CPU: shared_facts(identity[CPU])})
    if settings.profiler_options is not None:
        parse_profiler_options(settings.profiler_options).check_length(trainer.total_steps - trainer.step)
    with entered(cpu):
        if settings.do_eval and trainer.step < trainer.total_steps:
            task.rehearse(trainer.model, precision=_eval_precision(settings))
        _begin_folder(trainer, batches, start)
        with signals, closing(progress_hook):
            trainer.train()
    if is_quiet():  # others have seen it all
        log_outcome("%s", _describe_outcome(trainer))
    stop_hook.leave()


def _begin_folder(trainer: Trainer, batches: TrainingBatches, start: checkpoint.Checkpoint | None) -> None:
    """Make the run's folder, with the facts needed to repeat the run, for which some of the data is read."""
    weights = weights_checksum(trainer.model) if dist.rank() == 0 else ""
    settings, record = trainer.settings, trainer.record

    def begin() -> None:
        prepare_folder(settings.save_dir, start, record.config_text)
        facts = facts_of_start(settings, record.identity, weights, batches.dataset.file_list, record.config_text)
        note_start(settings.save_dir, facts, trainer.step, goes_on_in(settings.save_dir, start))

    dist.in_first_process(begin)


def _describe_outcome(trainer: Trainer) -> str:
    words = f"trained to iter {trainer.step} of {trainer.total_steps}, in {trainer.settings.save_dir}"
    for hook in trainer.hooks:
        if isinstance(hook, EvaluateHook) and hook.best_figure is not None:
            folder = os.path.join(trainer.settings.save_dir, checkpoint.BEST_MODEL)
            words += f"; best {trainer.task.primary} {hook.best_figure:.4f} at iter {hook.best_step}, in {folder}"
    return words


def _check_task(task: Task, settings: RunSettings) -> None:
    name = type(task).__name__
    if not isinstance(getattr(task, "primary", None), str):
        raise ConfigError(f"{name}.primary: not given; name the figure that models are compared by")
    if settings.do_eval and not task.can_evaluate:
        raise ConfigError(f"--do_eval: the task {name} has nothing to evaluate; leave it out")
    task.check_batch_size(settings.batch_size)


def _check_extra_layers(task: Task, optimizer: paddle.optimizer.Optimizer) -> None:
    """Refuse an optimiser of the network alone, which would leave the task's own layers untrained."""
    if task.extra_layers is None:
        return
    stepped = {id(parameter) for group in optimizer._param_groups for parameter in _members(group)}
    left = [name for name, parameter in task.extra_layers.named_parameters() if id(parameter) not in stepped]
    if left:
        raise ConfigError(
            f"optimizer: it has no {', '.join(left)}, which {type(task).__name__} trains beside the network; build it "
            "with parameters=[*model.parameters(), *task.extra_layers.parameters()]"
        )


def _members(group: Any) -> list[paddle.Tensor]:
    """The parameters of a group of Paddle's optimisers; without groups each parameter is one."""
    return list(group["params"]) if isinstance(group, dict) else [group]


def _resume(trainer: Trainer, start: checkpoint.Checkpoint) -> None:
    trainer.restore(start)
    get_logger().info("resumed from %s at iter %d", start.folder, trainer.step)
    if trainer.record.config_text is not None and dist.rank() == 0:
        log_changed_settings(start.folder, trainer.record.config_text)
    if trainer.step >= trainer.total_steps:
        get_logger().warning("nothing to do: %d steps are asked for; give more with --iters", trainer.total_steps)


def _identity(batches: TrainingBatches, optimizer: paddle.optimizer.Optimizer, settings: RunSettings) -> dict:
    """What identifies a run; see ``RunRecord``."""
    return {
        **batches.identity(),
        "optimizer.type": type(optimizer).__name__,
        "freeze": describe_parts(settings.freeze),
        "precision": settings.precision,
        "amp_level": None if settings.precision == "fp32" else settings.amp_level,
    }


def _build_hooks(
    task: Task, optimizer: paddle.optimizer.Optimizer, settings: RunSettings, stop_hook: StopHook
) -> list[Hook]:
    """The hooks that the settings ask for; ``hooks.order`` puts them in order."""
    hooks: list[Hook] = [stop_hook, LogHook(settings.log_iters), SpikeHook(settings.log_iters)]
    hooks += [MemoryHook(), BatchNormHook(), MetricsHook(settings.save_dir)]
    hooks.append(LossRecordHook(settings.save_dir, (settings.log_iters, settings.save_interval)))
    if settings.use_vdl:
        hooks.append(VisualDLHook(settings.save_dir))
    if settings.use_tensorboard:
        hooks.append(TensorBoardHook(settings.save_dir))
    if settings.use_ema:
        hooks.append(EmaHook())
    schedule = schedule_of(optimizer)
    follows = followed_figure(schedule, task, settings)
    if follows == "loss":
        hooks.append(PlateauHook(schedule.observe))
    if settings.profiler_options is not None:
        options = parse_profiler_options(settings.profiler_options)
        path = options.profile_path or os.path.join(settings.save_dir, "profile.json")
        hooks.append(ProfilerHook(options, path))
    if settings.do_eval:

        def evaluate_model(model: paddle.nn.Layer) -> Scores:
            return task.evaluate(
                model, num_workers=settings.workers, precision=_eval_precision(settings),
                should_stop=stop_hook.ends_evaluations,
            )  # fmt: skip

        hooks.append(
            EvaluateHook(
                evaluate_model,
                interval=settings.save_interval,
                folder=os.path.join(settings.save_dir, checkpoint.BEST_MODEL),
                early_stop_intervals=settings.early_stop_intervals,
                draw_samples=lambda model: task.sample_predictions(model, precision=_eval_precision(settings)),
                observe=schedule.observe if follows == task.primary else None,
            )
        )
        hooks.append(RunPicturesHook(settings.save_dir))
    hooks.append(CheckpointHook(settings.save_interval, settings.save_dir, settings.keep_checkpoint_max))
    return hooks


def followed_figure(schedule: LRScheduler, task: Task, settings: RunSettings) -> str | None:
    """The name of the figure that a schedule follows; None if it follows none.

    Raises:
        ConfigError: The run does not have that figure.
    """
    if not isinstance(schedule, ReduceOnPlateau):
        return None
    known = ["loss", task.primary] if settings.do_eval else ["loss"]
    if schedule.metric not in known:
        raise ConfigError(f"metric: found {schedule.metric!r}; this run knows {' and '.join(known)}")
    return schedule.metric


def _eval_precision(settings: RunSettings) -> str:
    """O2 weights are in half precision and run only in it. All others are evaluated as by val.py."""
    return settings.precision if settings.amp_level == "O2" else "fp32"
