# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A run: from built objects to a finished run folder. Both the commands and the library's ``train`` go through here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import paddle
from paddle.optimizer.lr import LRScheduler

from paddleseg.datasets import data_report
from paddleseg.datasets.base import SegmentationDataset
from paddleseg.datasets.data_check import CheckLevel, examine
from paddleseg.datasets.loader import train_batches
from paddleseg.datasets.sampler import EpochBatchSampler
from paddleseg.inference.evaluation import EvaluationResult, evaluate, log_result, rehearse
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.optimizers import ReduceOnPlateau
from paddleseg.training import checkpoint
from paddleseg.training.ema import ExponentialMovingAverage
from paddleseg.training.hooks.base import CheckpointHook, EmaHook, Hook, LogHook, ScalarWriter
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.training.hooks.loss import PlateauHook, SpikeHook
from paddleseg.training.hooks.memory import MemoryHook
from paddleseg.training.hooks.profiler import ProfilerHook
from paddleseg.training.hooks.stop import StopHook, StopSignals
from paddleseg.training.run_folder import log_changed_settings, prepare_folder
from paddleseg.training.run_settings import TrainOptions, default_num_workers
from paddleseg.training.trainer import Batch, Trainer
from paddleseg.utils import distributed as dist
from paddleseg.utils.logging import get_logger


@dataclass(frozen=True)
class Sampling:
    """Which pictures each step sees.

    Attributes:
        num_samples: Size of the training set.
        batch_size: Pictures per process and batch.
        seed: Seed of order and augmentations.
        grad_accum_steps: Batches per optimiser step.
        shuffle: Whether each epoch has its own order.
        repeats: How often an epoch goes through the data.
    """

    num_samples: int
    batch_size: int
    seed: int
    grad_accum_steps: int = 1
    shuffle: bool = True
    repeats: int = 1

    def sampler(self, start_step: int, total_steps: int) -> EpochBatchSampler:
        """The batches of this process from one optimiser step to another."""
        return EpochBatchSampler(
            self.num_samples,
            self.batch_size,
            self.seed,
            shuffle=self.shuffle,
            rank=dist.rank(),
            world_size=dist.world_size(),
            start_step=start_step * self.grad_accum_steps,
            total_steps=total_steps * self.grad_accum_steps,
            repeats=self.repeats,
        )

    @property
    def batches_per_epoch(self) -> int:
        return self.sampler(0, 0).steps_per_epoch


@dataclass
class TrainingTask:
    """What is trained, on what, and for how long.

    Attributes:
        model: Gives a list of logits (N, K, H, W).
        losses: The loss of each output with its weight.
        optimizer: Holds the model's parameters.
        lr_schedule: The optimiser's schedule.
        train_dataset: What is trained on.
        val_dataset: What is evaluated, or None.
        sampling: Which pictures each step sees.
        total_steps: Optimiser steps in all.
        ema_decay: Decay of the moving average of the weights, where the options ask for one.
        inference: How ``val_dataset`` is looked at.
        config_text: The resolved configuration, kept in the run's folder, or None.
        check_labels: How much of the data is looked at before the first step.
        max_skipped_steps: How many steps that are not finite are left out.
    """

    model: paddle.nn.Layer
    losses: Sequence[tuple[Callable[..., Any], float]]
    optimizer: paddle.optimizer.Optimizer
    lr_schedule: LRScheduler
    train_dataset: SegmentationDataset
    val_dataset: SegmentationDataset | None
    sampling: Sampling
    total_steps: int
    ema_decay: float = 0.999
    inference: ViewOptions = WHOLE_PICTURE
    config_text: str | None = None
    check_labels: CheckLevel = "sample"
    max_skipped_steps: int = 0


def run_training(task: TrainingTask, options: TrainOptions, start: Path | None) -> None:
    """Train, evaluate and save as the options say; SIGTERM and SIGINT end it after the step, with a checkpoint.

    Args:
        task: What is trained.
        options: Options that ``run_start.start_run`` has checked.
        start: What it gave.

    Raises:
        UserError: The data, the checkpoint or the folder is wrong.
        KeyboardInterrupt: SIGINT was received; the run is saved.
        SystemExit: SIGTERM was received; the run is saved, the status is 143.
    """
    dist.in_first_process(lambda: _check_data(task, options))
    signals = StopSignals()
    stop_hook = StopHook(signals)
    trainer = _build_trainer(task, options, stop_hook)
    if start is not None:
        trainer.restore(start)
        get_logger().info("resumed from %s at iter %d", start, trainer.step)
        if task.config_text is not None and dist.rank() == 0:
            log_changed_settings(start, task.config_text)
        if trainer.step >= trainer.total_steps:
            get_logger().warning("nothing to do: %d steps are asked for; give more with --iters", trainer.total_steps)
    # A machine that does not see the others' files has other pictures, or no checkpoint where they have one.
    dist.check_equal({"first step": trainer.step, "last step": trainer.total_steps, **trainer.run})
    if options.profiler_options is not None:
        options.profiler_options.check_length(trainer.total_steps - trainer.step)
    if task.val_dataset is not None and trainer.step < trainer.total_steps:
        rehearse(trainer.model, task.val_dataset, task.inference, precision=_eval_precision(options), amp_level="O2")
        get_logger().info("one picture of val_dataset evaluated: evaluation works")
    if dist.rank() == 0:
        prepare_folder(options.save_dir, start, trainer.step, task.config_text)
    dist.barrier()
    with signals:
        trainer.train()
    stop_hook.leave()


def _check_data(task: TrainingTask, options: TrainOptions) -> None:
    """Look at pictures and labels as ``check_labels`` says.

    Raises:
        DataError: Training or evaluation would stop at some of them; lists all that were found.
    """
    if task.check_labels == "off":
        return
    num_workers = default_num_workers() if options.num_workers is None else options.num_workers
    findings = examine(task.train_dataset, task.val_dataset, level=task.check_labels, num_workers=num_workers)
    logger = get_logger()
    table = data_report.format_table(findings)
    logger.info("check_labels: %s, %s\n%s", task.check_labels, data_report.describe_extent(findings), table)
    for warning in data_report.find_warnings(findings):
        logger.warning(warning)
    data_report.raise_problems(data_report.find_problems(findings))


def _build_trainer(task: TrainingTask, options: TrainOptions, stop_hook: StopHook) -> Trainer:
    sampling, dataset = task.sampling, task.train_dataset
    num_workers = default_num_workers() if options.num_workers is None else options.num_workers
    get_logger().info(
        "data: %d pictures, batch %d x %d processes x %d accumulated, %d batches per epoch, %d workers",
        sampling.num_samples, sampling.batch_size, dist.world_size(), sampling.grad_accum_steps,
        sampling.batches_per_epoch, num_workers,
    )  # fmt: skip

    def batches_from(step: int) -> Iterator[Batch]:
        sampler = sampling.sampler(step, task.total_steps)
        return train_batches(dataset, sampler, seed=sampling.seed, num_workers=num_workers)

    return Trainer(
        task.model,
        task.losses,
        task.optimizer,
        task.lr_schedule,
        batches_from,
        normalize=dataset.pipeline.normalize,
        total_steps=task.total_steps,
        batches_per_epoch=sampling.batches_per_epoch,
        samples_per_step=sampling.batch_size * sampling.grad_accum_steps,
        grad_accum_steps=sampling.grad_accum_steps,
        precision=options.precision,
        amp_level=options.amp_level,
        to_static=options.to_static_training,
        ema=ExponentialMovingAverage(task.model, task.ema_decay) if options.use_ema else None,
        run={
            "seed": sampling.seed,
            "batch_size": sampling.batch_size,
            "number of processes": dist.world_size(),
            "grad_accum_steps": sampling.grad_accum_steps,
            "number of training pictures": sampling.num_samples,
            "order of training pictures (checksum)": _order_of(dataset),
            "repeats": sampling.repeats,
            "shuffle": sampling.shuffle,
            "optimizer.type": type(task.optimizer).__name__,
            "precision": options.precision,
            "amp_level": None if options.precision == "fp32" else options.amp_level,
        },
        hooks=_build_hooks(task, options, num_workers, stop_hook),
        config_text=task.config_text,
        classes=dataset.class_names,
        max_skipped_steps=task.max_skipped_steps,
        seed=sampling.seed,
    )


def _order_of(dataset: SegmentationDataset) -> str:
    """Changes with the names of the pictures and their order in the list, not with the folders they are in."""
    names = [os.path.basename(str(image)) for image, _ in dataset.file_list]
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _build_hooks(task: TrainingTask, options: TrainOptions, num_workers: int, stop_hook: StopHook) -> list[Hook]:
    writer = ScalarWriter(options.save_dir) if options.use_vdl and dist.rank() == 0 else None
    hooks: list[Hook] = [stop_hook, LogHook(options.log_iters, writer), SpikeHook(options.log_iters), MemoryHook()]
    if options.use_ema:
        hooks.append(EmaHook())
    schedule = task.lr_schedule
    plateau_metric = schedule.metric if isinstance(schedule, ReduceOnPlateau) else None
    if plateau_metric == "loss":
        hooks.append(PlateauHook(schedule.observe))
    if options.profiler_options is not None:
        path = options.profiler_options.profile_path or os.path.join(options.save_dir, "profile.json")
        hooks.append(ProfilerHook(options.profiler_options, path))
    if task.val_dataset is not None:
        precision = _eval_precision(options)

        def evaluate_model(model: paddle.nn.Layer) -> EvaluationResult:
            return evaluate(
                model, task.val_dataset, task.inference, num_workers=num_workers, precision=precision, amp_level="O2",
                should_stop=stop_hook.ends_evaluations,
            )  # fmt: skip

        hooks.append(
            EvaluateHook(
                evaluate_model,
                _report,
                interval=options.save_interval,
                folder=os.path.join(options.save_dir, checkpoint.BEST_MODEL),
                early_stop_intervals=options.early_stop_intervals,
                writer=writer,
                observe=schedule.observe if plateau_metric == "mIoU" else None,
            )
        )
    hooks.append(CheckpointHook(options.save_interval, options.save_dir, options.keep_checkpoint_max))
    return hooks


def _eval_precision(options: TrainOptions) -> str:
    """Weights of O2 are in half precision, in which alone they run. All others are evaluated as val.py does it."""
    return options.precision if options.amp_level == "O2" else "fp32"


def _report(result: EvaluationResult, title: str) -> None:
    if title:
        get_logger().info("%sweights:", title)
    log_result(result)
