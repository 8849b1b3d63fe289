# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a configuration to a finished run folder."""

from __future__ import annotations

import dataclasses

import paddle

from paddleseg.config import build
from paddleseg.config.load import Config
from paddleseg.config.schema import check_config
from paddleseg.inference.views import ViewOptions
from paddleseg.training.run import Sampling, TrainingTask, run_training
from paddleseg.training.run_settings import TrainOptions
from paddleseg.training.run_start import choose_seed, start_run
from paddleseg.utils import distributed as dist
from paddleseg.utils.allocator import keep_freed_memory
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger


def train_from_config(config: Config, options: TrainOptions) -> None:
    """Train, evaluate and save as the configuration and the options say.

    Everything that can be wrong is looked at before the first step.

    Args:
        config: A loaded configuration.
        options: The rest of the command line.

    Raises:
        UserError: Something is wrong with the configuration, the data, the weights or the device.
    """
    check_config(config, command="train", do_eval=options.do_eval)
    if options.do_eval and "val_dataset" not in config.data:
        raise ConfigError(f"{config.path}: --do_eval needs val_dataset, which is not there")
    to_static = options.to_static_training or config.data.get("to_static_training", False)
    options = dataclasses.replace(options, to_static_training=to_static)
    start = start_run(options, {"config": config.data})
    if paddle.get_device() == "cpu":
        keep_freed_memory()
    config.data["seed"] = choose_seed(config.data.get("seed") if options.seed is None else options.seed, start)
    run_training(_build_task(config, options), options, start)


def _build_task(config: Config, options: TrainOptions) -> TrainingTask:
    train_dataset = build.build_dataset(config, "train")
    val_dataset = build.build_dataset(config, "val") if options.do_eval else None
    sampling = Sampling(
        num_samples=len(train_dataset),
        batch_size=config.data["batch_size"],
        seed=config.data["seed"],
        grad_accum_steps=config.data["grad_accum_steps"],
        shuffle=build.shuffles_training_set(config),
        repeats=options.repeats,
    )
    paddle.seed(sampling.seed)  # the initial weights
    model = dist.synchronize_batch_norm(build.build_model(config))
    total_steps = build.total_iters(config, sampling.batches_per_epoch)
    schedule = build.build_lr_schedule(config, total_steps)
    optimizer = build.build_optimizer(config, model, schedule)
    get_logger().info("optimizer: %s", build.describe_optimizer(config))
    return TrainingTask(
        model=model,
        losses=build.build_losses(config),
        optimizer=optimizer,
        lr_schedule=schedule,
        train_dataset=train_dataset,
        val_dataset=val_dataset,
        sampling=sampling,
        total_steps=total_steps,
        ema_decay=config.data["ema_decay"],
        inference=ViewOptions.from_test_config(config.section("test_config")),
        config_text=config.to_text(),
        check_labels=config.data["check_labels"],
        max_skipped_steps=config.data["max_skipped_steps"],
    )
