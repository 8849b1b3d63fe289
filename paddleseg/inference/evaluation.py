# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of a network on a labelled data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import paddle

from paddleseg.datasets.loader import Batch, eval_batches
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.inference.label_maps import predict_label_maps, refuse_random_transforms
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.metrics.confusion import ConfusionMatrix, sum_over_ranks
from paddleseg.metrics.result import EvaluationResult, report_lines
from paddleseg.utils import distributed
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.label_map import ignored_class_of
from paddleseg.utils.logging import get_logger
from paddleseg.utils.precision import MixedPrecisionNetwork
from paddleseg.utils.progress import Progress

Observer = Callable[[int, str, np.ndarray, np.ndarray], None]
"""Gets of each picture its place in the data set, its path, and prediction and label, (H, W) uint8."""


class EvaluationStopped(Exception):
    """The evaluation was asked to stop before its end."""


def evaluate(
    model: paddle.nn.Layer,
    dataset: SegmentationDataset,
    options: ViewOptions = WHOLE_PICTURE,
    *,
    batch_size: int = 1,
    num_workers: int = 0,
    precision: str = "fp32",
    amp_level: str = "O1",
    progress: bool = True,
    should_stop: Callable[[], bool] | None = None,
    observe: Observer | None = None,
) -> EvaluationResult:
    """Compare the label maps of a network with the original labels of a data set.

    In a distributed run each process takes its part of the pictures, and all get the result of the whole.

    Args:
        model: A network; its mode (training or evaluation) is restored.
        dataset: A data set with labels. Its transforms may change the size of the picture; the prediction is
            mapped back to the label's size. If its ``ignore_index`` is a class, it is never predicted.
        options: The views of each picture.
        batch_size: Most pictures in a batch, and most windows of a picture in one pass of the network; only
            neighbours of one size share a batch.
        num_workers: Processes that read pictures; 0 reads them in this one.
        precision: ``fp32``, ``fp16`` or ``bf16``, for the network's computation.
        amp_level: ``O1``, or ``O2`` for a network whose weights are in half precision; ignored with ``fp32``.
        progress: Whether to show a progress bar where the output is a terminal.
        should_stop: Called after each batch; all processes must get the same answer.
        observe: Called with each picture of this process.

    Returns:
        The counts over all pictures.

    Raises:
        EvaluationStopped: ``should_stop`` returned true.
        ConfigError: A transform is random, or the predictions do not fit the labels in size or number of classes.
        DataError: A picture or label is missing, damaged or out of range, or no pixel at all is labelled.
    """
    refuse_random_transforms(dataset.pipeline)
    rank, world_size = distributed.rank(), distributed.world_size()
    batches = eval_batches(dataset, batch_size, num_workers, rank, world_size)
    confusion = ConfusionMatrix(dataset.num_classes, dataset.ignore_index)
    num_images = 0
    with (
        for_evaluation(model, precision, amp_level) as network,
        Progress("evaluating", len(dataset), shown=progress) as bar,
    ):
        for batch in batches:
            _count_batch(confusion, network, dataset, batch, options, batch_size, observe)
            num_images += len(batch["paths"])
            bar.update(len(batch["paths"]) * world_size)
            if should_stop is not None and should_stop():
                raise EvaluationStopped
    confusion.reduce()
    num_images = int(sum_over_ranks(np.array([num_images], np.int64))[0])
    if not confusion.matrix.any():
        raise DataError(
            f"{num_images} pictures evaluated, but every pixel of their labels is {dataset.ignore_index} "
            "(ignored); check the labels and ignore_index"
        )
    ignored_class = ignored_class_of(dataset.num_classes, dataset.ignore_index)
    return EvaluationResult(confusion.matrix, num_images, dataset.class_names, ignored_class)


def rehearse(
    model: paddle.nn.Layer,
    dataset: SegmentationDataset,
    options: ViewOptions = WHOLE_PICTURE,
    *,
    precision: str = "fp32",
    amp_level: str = "O1",
) -> None:
    """Evaluate the first picture and forget the result, so that an error in it shows now.

    Takes the arguments of ``evaluate`` and raises the same errors. Nothing is exchanged with other processes, and
    the model is left as it was.
    """
    refuse_random_transforms(dataset.pipeline)
    confusion = ConfusionMatrix(dataset.num_classes, dataset.ignore_index)
    batch = next(eval_batches(dataset))
    with for_evaluation(model, precision, amp_level) as network:
        _count_batch(confusion, network, dataset, batch, options, 1)


@contextmanager
def for_evaluation(
    model: paddle.nn.Layer, precision: str, amp_level: str
) -> Iterator[paddle.nn.Layer | MixedPrecisionNetwork]:
    """The network in evaluation mode and the given precision; its mode is restored."""
    with evaluation_mode(model):
        yield model if precision == "fp32" else MixedPrecisionNetwork(model, precision, amp_level)


def _count_batch(
    confusion: ConfusionMatrix,
    network: paddle.nn.Layer | MixedPrecisionNetwork,
    dataset: SegmentationDataset,
    batch: Batch,
    options: ViewOptions,
    window_batch_size: int,
    observe: Observer | None = None,
) -> None:
    if "label" not in batch:
        raise DataError(f"{batch['paths'][0]}: has no label; evaluation needs one for each picture")
    predictions = predict_label_maps(
        network,
        batch,
        dataset.pipeline.normalize,
        options,
        window_batch_size=window_batch_size,
        ignored_class=ignored_class_of(dataset.num_classes, dataset.ignore_index),
    )
    pictures = zip(batch["index"], batch["paths"], predictions, np.asarray(batch["label"]))
    for index, path, prediction, label in pictures:
        _count(confusion, prediction, label, path)
        if observe is not None:
            observe(index, path, prediction, label)


def _count(confusion: ConfusionMatrix, prediction: np.ndarray, label: np.ndarray, path: str) -> None:
    try:
        confusion.update(prediction, label, path=path)
    except DataError:
        raise
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; network, transforms and data set do not match") from None


def log_result(result: EvaluationResult) -> None:
    """Log PaddleSeg's lines and the table; in a distributed run only in the first process."""
    for line in report_lines(result):
        get_logger().info(line)
