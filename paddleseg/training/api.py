# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's library functions, for programs that build networks and data sets themselves.

``from paddleseg.core import train, evaluate, predict``. Names and order of the arguments are PaddleSeg's, and their
defaults where nothing else is said; what their values mean is what the same flags of the commands mean. One data set
may serve training and evaluation.
"""

from __future__ import annotations

import os
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import paddle

from paddleseg.datasets.base import SegmentationDataset
from paddleseg.datasets.data_check import CheckLevel
from paddleseg.inference import evaluation, prediction
from paddleseg.inference.views import ViewOptions
from paddleseg.models.weights import load_weights
from paddleseg.training.api_arguments import check_at_least, pair_losses, prepare_datasets, schedule_of
from paddleseg.training.hooks.profiler import parse_profiler_options
from paddleseg.training.run import Sampling, TrainingTask, run_training
from paddleseg.training.run_settings import TrainOptions, default_num_workers
from paddleseg.training.run_start import choose_seed, start_run
from paddleseg.transforms.pipeline import Pipeline, Transform
from paddleseg.utils import distributed
from paddleseg.utils.device import check_precision
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.image_io import list_images
from paddleseg.utils.precision import check_names
from paddleseg.utils.visualize import make_palette


def train(
    model: paddle.nn.Layer,
    train_dataset: SegmentationDataset,
    val_dataset: SegmentationDataset | None = None,
    optimizer: paddle.optimizer.Optimizer | None = None,
    save_dir: str | os.PathLike[str] = "output",
    iters: int = 10000,
    batch_size: int = 2,
    early_stop_intervals: int | None = None,
    resume_model: str | None = None,
    save_interval: int = 1000,
    log_iters: int = 10,
    num_workers: int | None = None,
    use_vdl: bool = False,
    use_ema: bool = False,
    losses: Mapping[str, Sequence[Any]] | None = None,
    keep_checkpoint_max: int = 5,
    test_config: Mapping[str, Any] | None = None,
    precision: str = "fp32",
    amp_level: str = "O1",
    profiler_options: str | None = None,
    to_static_training: bool = False,
    *,
    shuffle: bool = True,
    seed: int | None = None,
    grad_accum_steps: int = 1,
    ema_decay: float = 0.999,
    check_labels: CheckLevel = "sample",
    max_skipped_steps: int = 0,
) -> None:
    """Train a network on the current device; with ``val_dataset``, evaluate it every ``save_interval`` steps.

    Args:
        model: Gives a list of logits (N, K, H, W).
        train_dataset: What to train on.
        val_dataset: What to evaluate on; the best model is kept in ``save_dir``/best_model.
        optimizer: Needed. Holds the model's parameters; its schedule, if it has one, is stepped once per step.
        losses: Needed: ``{"types": [loss, ...], "coef": [weight, ...]}``, one weight for each output, one loss for
            all of them or one for each.
        test_config: The keys of ``test_config`` in YAML: how ``val_dataset`` is looked at.
        save_dir: Folder of the run.
        iters: Optimiser steps.
        batch_size: Pictures per process and batch.
        early_stop_intervals: Evaluations without a better one after which training stops.
        resume_model: Checkpoint folder to go on from, or ``auto``.
        save_interval: Steps between checkpoints, and between evaluations.
        log_iters: Steps between log lines.
        num_workers: Processes that read data; None: chosen from the machine.
        use_vdl: Whether to write VisualDL records.
        use_ema: Whether to keep a moving average of the weights.
        keep_checkpoint_max: Checkpoints kept; 0 keeps all.
        precision: ``fp32``, ``fp16`` or ``bf16``.
        amp_level: ``O1`` or ``O2``.
        profiler_options: As the flag of train.py.
        to_static_training: Whether to train on the static graph.
        shuffle: Whether each epoch has its own order.
        seed: Of order and augmentations (the weights are there already); None: drawn and logged.
        grad_accum_steps: Batches whose gradients are averaged for one step.
        ema_decay: Decay of the moving average.
        check_labels: How much of the data is looked at before the first step: ``full``, ``sample`` or ``off``.
        max_skipped_steps: How many steps that are not finite are left out; one more ends the training.

    Raises:
        UserError: An argument or the data is wrong.
        KeyboardInterrupt: Ctrl-C (SIGINT) was received; the step was finished and saved.
        SystemExit: SIGTERM was received; the step was finished and saved.
    """
    if optimizer is None or losses is None:
        raise ConfigError("train() needs an optimizer and losses={'types': [...], 'coef': [...]}")
    check_at_least(1, iters=iters, batch_size=batch_size, grad_accum_steps=grad_accum_steps)
    check_at_least(0, max_skipped_steps=max_skipped_steps)
    if not 0 <= ema_decay < 1:
        raise ConfigError(f"ema_decay is {ema_decay}; allowed: 0 to below 1")
    if check_labels not in typing.get_args(CheckLevel):
        raise ConfigError(f"check_labels is {check_labels!r}; allowed: {', '.join(typing.get_args(CheckLevel))}")
    options = TrainOptions(
        save_dir=os.fspath(save_dir),
        device=paddle.device.get_device(),
        num_workers=num_workers,
        do_eval=val_dataset is not None,
        use_vdl=use_vdl,
        use_ema=use_ema,
        resume_model=resume_model,
        save_interval=save_interval,
        log_iters=log_iters,
        keep_checkpoint_max=keep_checkpoint_max,
        early_stop_intervals=early_stop_intervals,
        seed=seed,
        precision=precision,
        amp_level=amp_level,
        to_static_training=to_static_training,
        profiler_options=None if profiler_options is None else parse_profiler_options(profiler_options),
    )
    inference = ViewOptions.from_test_config(test_config or {})
    weighted_losses = pair_losses(losses)
    lr_schedule = schedule_of(optimizer)
    train_dataset, val_dataset = prepare_datasets(train_dataset, val_dataset)
    numbers = {"iters": iters, "batch_size": batch_size, "grad_accum_steps": grad_accum_steps, "ema_decay": ema_decay}
    start = start_run(options, numbers)
    sampling = Sampling(
        num_samples=len(train_dataset),
        batch_size=batch_size,
        seed=choose_seed(seed, start),
        grad_accum_steps=grad_accum_steps,
        shuffle=shuffle,
    )
    task = TrainingTask(
        model=distributed.synchronize_batch_norm(model),
        losses=weighted_losses,
        optimizer=optimizer,
        lr_schedule=lr_schedule,
        train_dataset=train_dataset,
        val_dataset=val_dataset,
        sampling=sampling,
        total_steps=iters,
        ema_decay=ema_decay,
        inference=inference,
        check_labels=check_labels,
        max_skipped_steps=max_skipped_steps,
    )
    run_training(task, options, start)


def evaluate(
    model: paddle.nn.Layer,
    eval_dataset: SegmentationDataset,
    aug_eval: bool = False,
    scales: float | Sequence[float] = 1.0,
    flip_horizontal: bool = False,
    flip_vertical: bool = False,
    is_slide: bool = False,
    stride: Sequence[int] | None = None,
    crop_size: Sequence[int] | None = None,
    precision: str = "fp32",
    amp_level: str = "O1",
    num_workers: int | None = None,
    print_detail: bool = True,
    *,
    batch_size: int = 1,
) -> tuple[float, float, np.ndarray, np.ndarray, float]:
    """Evaluate a network on the current device.

    Args:
        model: A network.
        eval_dataset: Pictures with labels.
        aug_eval: Whether to sum the class probabilities over ``scales`` and flips.
        scales: One factor or several for the size of the network's input.
        flip_horizontal: Whether to look at the mirror image too.
        flip_vertical: Whether to look at the upside-down picture too.
        is_slide: Whether to average the logits over windows.
        stride: [width, height] of the steps between windows.
        crop_size: [width, height] of the windows.
        precision: ``fp32``, ``fp16`` or ``bf16``.
        amp_level: ``O1``, or ``O2`` for weights in half precision.
        num_workers: Processes that read pictures; None: chosen from the machine.
        print_detail: Whether to log the table of classes and PaddleSeg's [EVAL] lines.
        batch_size: Most pictures (or windows) in a batch.

    Returns:
        mIoU, pixel accuracy, IoU of each class, precision of each class, Kappa. The arrays are (K,) float64, NaN for
        a class that does not occur.

    Raises:
        UserError: An argument or the data is wrong.
    """
    check_at_least(1, batch_size=batch_size)
    check_at_least(0, num_workers=num_workers)
    check_names(precision, amp_level)
    check_precision(precision)
    distributed.init()
    inference = ViewOptions(
        aug_eval=aug_eval,
        scales=scales,
        flip_horizontal=flip_horizontal,
        flip_vertical=flip_vertical,
        is_slide=is_slide,
        stride=stride,
        crop_size=crop_size,
    )
    eval_dataset.use_for("val")
    result = evaluation.evaluate(
        model,
        eval_dataset,
        inference,
        batch_size=batch_size,
        num_workers=default_num_workers() if num_workers is None else num_workers,
        precision=precision,
        amp_level=amp_level,
    )
    if print_detail:
        evaluation.log_result(result)
    return result.mean_iou, result.pixel_accuracy, result.class_iou, result.class_precision, result.kappa


def predict(
    model: paddle.nn.Layer,
    model_path: str | os.PathLike[str] | None = None,
    transforms: Pipeline | Sequence[Transform] = (),
    image_list: Sequence[str] | str = (),
    image_dir: str | None = None,
    save_dir: str | os.PathLike[str] = "output",
    aug_pred: bool = False,
    scales: float | Sequence[float] = 1.0,
    flip_horizontal: bool = False,
    flip_vertical: bool = False,
    is_slide: bool = False,
    stride: Sequence[int] | None = None,
    crop_size: Sequence[int] | None = None,
    custom_color: Sequence[int] | None = None,
    *,
    class_names: Sequence[str] | None = None,
    palette: Sequence[Sequence[int]] | None = None,
) -> None:
    """Predict pictures and save class ids, colours and overlays; see ``paddleseg.inference.prediction.predict``.

    Args:
        model: A network.
        model_path: Weights to load into it first, or None.
        transforms: The transforms of evaluation.
        image_list: Picture files; or one of what predict.py takes as ``--image_path``.
        image_dir: The folder whose sub-folders are kept in ``save_dir``.
        save_dir: Where to save.
        aug_pred: Whether to sum the class probabilities over ``scales`` and flips.
        scales: One factor or several for the size of the network's input.
        flip_horizontal: Whether to look at the mirror image too; PaddleSeg's function has True here,
            its flag False.
        flip_vertical: Whether to look at the upside-down picture too.
        is_slide: Whether to average the logits over windows.
        stride: [width, height] of the steps between windows.
        crop_size: [width, height] of the windows.
        custom_color: Colours of the first classes: R, G, B, R, G, B, ...
        class_names: Names for the legend.
        palette: One [red, green, blue] per class.

    Raises:
        UserError: An argument or a picture is wrong.
    """
    inference = ViewOptions(
        aug_eval=aug_pred,
        scales=scales,
        flip_horizontal=flip_horizontal,
        flip_vertical=flip_vertical,
        is_slide=is_slide,
        stride=stride,
        crop_size=crop_size,
    )
    root = image_dir or ""
    if isinstance(image_list, str):
        image_list, found_root = list_images(image_list)
        root = image_dir or found_root
    if len(image_list) == 0:
        raise ConfigError("image_list is empty; give picture files, or what predict.py takes as --image_path")
    if model_path is not None:
        load_weights(model, os.fspath(model_path))
    prediction.predict(
        model,
        transforms if isinstance(transforms, Pipeline) else Pipeline(transforms),
        image_list,
        save_dir,
        inference,
        root=root,
        channels=getattr(model, "in_channels", 3),
        palette=make_palette(getattr(model, "num_classes", 256), palette, custom_color),
        class_names=class_names,
    )
