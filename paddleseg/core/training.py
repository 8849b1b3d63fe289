# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a checked configuration to a finished run folder."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle
from paddle.optimizer.lr import LRScheduler

from paddleseg.config import build
from paddleseg.config.inference_options import InferenceOptions
from paddleseg.config.load import Config
from paddleseg.config.schema import check_config
from paddleseg.core import checkpoint
from paddleseg.core import distributed as dist
from paddleseg.core.ema import ExponentialMovingAverage
from paddleseg.core.evaluation import EvaluationResult, evaluate, log_result
from paddleseg.core.hooks import CheckpointHook, EmaHook, EvaluateHook, Hook, LogHook, PlateauHook, ScalarWriter
from paddleseg.core.profiler import ProfilerHook, ProfilerOptions
from paddleseg.core.trainer import Batch, Trainer
from paddleseg.datasets.loader import train_batches
from paddleseg.datasets.sampler import EpochBatchSampler
from paddleseg.optimizers import ReduceOnPlateau
from paddleseg.utils.cpus import usable_cpus
from paddleseg.utils.device import check_precision, select_device
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger


@dataclass
class TrainOptions:
    """What the command line says beside the configuration; names and defaults are PaddleSeg's flags.

    Where PaddleSeg's default hurts, ours is None: ``device`` (first card, else CPU), ``num_workers`` (from the
    machine) and ``seed`` (drawn and logged).
    """

    save_dir: str = "./output"
    device: str | None = None
    num_workers: int | None = None
    do_eval: bool = False
    use_vdl: bool = False
    use_ema: bool = False
    resume_model: str | None = None
    save_interval: int = 1000
    log_iters: int = 10
    keep_checkpoint_max: int = 5
    early_stop_intervals: int | None = None
    seed: int | None = None
    precision: str = "fp32"
    amp_level: str = "O1"
    to_static_training: bool = False
    repeats: int = 1
    profiler_options: ProfilerOptions | None = None


def train(config: Config, options: TrainOptions) -> None:
    """Train, evaluate and save as the configuration and the options say.

    Everything that can be wrong is looked at before the first step.

    Args:
        config: A loaded configuration.
        options: The rest of the command line.

    Raises:
        UserError: Something is wrong with the configuration, the data, the weights or the device.
    """
    check_config(config, command="train", do_eval=options.do_eval)
    _check_options(config, options)
    select_device(options.device)
    check_precision(options.precision)
    dist.init()
    start = _find_start(options)
    config.data["seed"] = seed = _choose_seed(config, options, start)
    get_logger().info("seed: %d", seed)
    train_dataset = build.build_dataset(config, "train")
    val_dataset = build.build_dataset(config, "val") if options.do_eval else None
    trainer = _build_trainer(config, options, seed, train_dataset, val_dataset)
    if start is not None:
        trainer.restore(start)
        get_logger().info("resumed from %s at iter %d", start, trainer.step)
        if trainer.step >= trainer.total_steps:
            get_logger().warning("nothing to do: %d steps are asked for; give more with --iters", trainer.total_steps)
    if options.profiler_options is not None:
        options.profiler_options.check_length(trainer.total_steps - trainer.step)
    if dist.rank() == 0:
        _prepare_folder(config, options.save_dir, start, trainer.step)
    dist.barrier()
    trainer.train()


def _build_trainer(
    config: Config, options: TrainOptions, seed: int, train_dataset: Any, val_dataset: Any | None
) -> Trainer:
    logger = get_logger()
    paddle.seed(seed)  # the initial weights
    model = dist.synchronize_batch_norm(build.build_model(config))
    accumulation = config.data["grad_accum_steps"]
    num_workers = default_num_workers() if options.num_workers is None else options.num_workers
    batch_size = config.data["batch_size"]

    def make_sampler(start_step: int, total_steps: int) -> EpochBatchSampler:
        return EpochBatchSampler(
            len(train_dataset),
            batch_size,
            seed,
            shuffle=build.shuffles_training_set(config),
            rank=dist.rank(),
            world_size=dist.world_size(),
            start_step=start_step * accumulation,
            total_steps=total_steps * accumulation,
            repeats=options.repeats,
        )

    def batches_from(step: int) -> Iterator[Batch]:
        sampler = make_sampler(step, total_steps)
        return train_batches(train_dataset, sampler, seed=seed, num_workers=num_workers)

    batches_per_epoch = make_sampler(0, 0).steps_per_epoch
    total_steps = build.total_iters(config, batches_per_epoch)
    schedule = build.build_lr_schedule(config, total_steps)
    optimizer = build.build_optimizer(config, model, schedule)
    logger.info("optimizer: %s", build.describe_optimizer(config))
    logger.info(
        "data: %d pictures, batch %d x %d processes x %d accumulated, %d batches per epoch, %d workers",
        len(train_dataset), batch_size, dist.world_size(), accumulation, batches_per_epoch, num_workers,
    )  # fmt: skip
    ema = ExponentialMovingAverage(model, config.data["ema_decay"]) if options.use_ema else None
    return Trainer(
        model,
        build.build_losses(config),
        optimizer,
        schedule,
        batches_from,
        normalize=train_dataset.pipeline.normalize,
        total_steps=total_steps,
        batches_per_epoch=batches_per_epoch,
        samples_per_step=batch_size * accumulation,
        grad_accum_steps=accumulation,
        precision=options.precision,
        amp_level=options.amp_level,
        to_static=options.to_static_training or config.data.get("to_static_training", False),
        ema=ema,
        run={
            "seed": seed,
            "batch_size": batch_size,
            "number of processes": dist.world_size(),
            "grad_accum_steps": accumulation,
            "number of training pictures": len(train_dataset),
            "repeats": options.repeats,
            "optimizer.type": type(optimizer).__name__,
            "precision": options.precision,
        },
        hooks=_build_hooks(config, options, val_dataset, num_workers, schedule),
        config_text=config.to_text(),
        classes=train_dataset.class_names,
    )


def _build_hooks(
    config: Config, options: TrainOptions, val_dataset: Any | None, num_workers: int, schedule: LRScheduler
) -> list[Hook]:
    writer = ScalarWriter(options.save_dir) if options.use_vdl and dist.rank() == 0 else None
    hooks: list[Hook] = [LogHook(options.log_iters, writer)]
    if options.use_ema:
        hooks.append(EmaHook())
    plateau_metric = schedule.metric if isinstance(schedule, ReduceOnPlateau) else None
    if plateau_metric == "loss":
        hooks.append(PlateauHook(schedule.observe))
    if options.profiler_options is not None:
        path = options.profiler_options.profile_path or os.path.join(options.save_dir, "profile.json")
        hooks.append(ProfilerHook(options.profiler_options, path))
    if val_dataset is not None:
        inference = InferenceOptions.from_test_config(config.section("test_config"))

        def evaluate_model(model: paddle.nn.Layer) -> EvaluationResult:
            return evaluate(model, val_dataset, inference, num_workers=num_workers)

        def report(result: EvaluationResult, title: str) -> None:
            if title:
                get_logger().info("%sweights:", title)
            log_result(result)

        hooks.append(
            EvaluateHook(
                evaluate_model,
                report,
                interval=options.save_interval,
                folder=os.path.join(options.save_dir, checkpoint.BEST_MODEL),
                early_stop_intervals=options.early_stop_intervals,
                writer=writer,
                observe=schedule.observe if plateau_metric == "mIoU" else None,
            )
        )
    hooks.append(CheckpointHook(options.save_interval, options.save_dir, options.keep_checkpoint_max))
    return hooks


def default_num_workers() -> int:
    """Processes that read data, when none are asked for: this process's share of the cores, at most 8.

    On the CPU the network needs the cores itself, and two workers feed it.
    """
    most = 2 if paddle.device.get_device() == "cpu" else 8
    # Several machines: the cores of this one are shared by the processes that were started here.
    processes_here = int(os.environ.get("PADDLE_LOCAL_SIZE", dist.world_size()))
    return max(1, min(most, usable_cpus() // processes_here))


def _check_options(config: Config, options: TrainOptions) -> None:
    if options.do_eval and "val_dataset" not in config.data:
        raise ConfigError(f"{config.path}: --do_eval needs val_dataset, which is not there")
    if options.early_stop_intervals is not None and not options.do_eval:
        raise ConfigError("--early_stop_intervals counts evaluations; give --do_eval too")
    for name in ("save_interval", "log_iters", "repeats", "early_stop_intervals"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ConfigError(f"--{name} is {value}; allowed: 1 and above")
    if options.seed is not None and not 0 <= options.seed < 2**31:
        raise ConfigError(f"--seed is {options.seed}; allowed: 0 to {2**31 - 1}")
    if Path(options.save_dir).exists() and not Path(options.save_dir).is_dir():
        raise ConfigError(f"--save_dir {options.save_dir} is a file; give a folder")
    if options.num_workers is not None and options.num_workers < 0:
        raise ConfigError(f"--num_workers is {options.num_workers}; allowed: 0 and above")


def _choose_seed(config: Config, options: TrainOptions, start: Path | None) -> int:
    """The seed of the command line, of the configuration, of the resumed run, or a new one; the same on all ranks."""
    seed = config.data.get("seed") if options.seed is None else options.seed
    if seed is None:
        seed = (
            checkpoint.read_states(start)["run"]["seed"]
            if start is not None
            else random.SystemRandom().randrange(2**31)
        )
        if dist.world_size() > 1:
            shared = paddle.to_tensor([seed], dtype="int64")
            paddle.distributed.broadcast(shared, src=0)
            seed = int(shared[0])
    return seed


def _find_start(options: TrainOptions) -> Path | None:
    """The checkpoint to go on from: the one asked for, with ``auto`` the newest, or none."""
    if dist.rank() == 0:
        checkpoint.recover(options.save_dir)
    dist.barrier()
    if options.resume_model is None:
        return None
    if options.resume_model != "auto":
        return Path(options.resume_model)
    start = checkpoint.latest_checkpoint(options.save_dir)
    if start is None:
        get_logger().info("--resume_model auto: no complete checkpoint in %s, starting from scratch", options.save_dir)
    return start


def _prepare_folder(config: Config, save_dir: str, start: Path | None, step: int) -> None:
    """Make the run's folder and write its configuration; what is there of other runs is moved aside, never lost.

    A resumed run keeps what it goes on from. Checkpoints of later steps belong to a branch that is left: kept in
    place, ``auto`` and the pruning would take them for this run's.
    """
    folder = Path(save_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if start is not None and start.resolve().parent == folder.resolve():
            other = checkpoint.newer_than(save_dir, step)
        else:
            other = checkpoint.newer_than(save_dir, -1)
            other += [path for path in [folder / checkpoint.CONFIG] if path.exists()]
        if other:
            aside = folder / time.strftime("earlier_run_%Y%m%d_%H%M%S")
            aside.mkdir()
            for path in other:
                os.rename(path, aside / path.name)
            get_logger().warning("%s held checkpoints of another run; they were moved to %s", save_dir, aside)
        config.dump(folder / checkpoint.CONFIG)
    except OSError as error:
        raise ConfigError(f"--save_dir {save_dir} cannot be written: {error.strerror}") from None
