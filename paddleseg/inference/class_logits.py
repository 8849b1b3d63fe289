# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a batch of pictures to the logits of a classifier, and the evaluation on a data set of classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import paddle

from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.loader import Batch, eval_batches
from paddleseg.inference.evaluation import EvaluationStopped, for_evaluation
from paddleseg.inference.label_maps import refuse_no_numbers, refuse_random_transforms
from paddleseg.inference.preprocess import to_network_input
from paddleseg.metrics.classes import TOP, ClassificationResult, is_in_top
from paddleseg.metrics.confusion import ConfusionMatrix, sum_over_ranks
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils import distributed
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.progress import Progress


@paddle.no_grad()
def class_logits(
    network: Any,
    images: np.ndarray | paddle.Tensor,
    normalize: Normalize | None,
    paths: Sequence[str],
    num_classes: int | None = None,
) -> np.ndarray:
    """Logits of a batch.

    Args:
        network: Returns logits (N, K) for (N, C, H, W) float32 pictures.
        images: (N, H, W, C) pictures as they are stored.
        normalize: The normalisation; None changes the type only.
        paths: The pictures' names, for messages.
        num_classes: K, if any other number should be refused.

    Returns:
        (N, K) float32.

    Raises:
        ConfigError: The network returns something else.
        DataError: Some logits are NaN or infinite, so that no class can be determined.
    """
    logits = network(to_network_input(images, normalize))
    check_class_logits(logits, len(paths), num_classes)
    logits = logits.astype("float32").numpy()
    # If any is NaN, so is the largest; a class that is never predicted may have -inf.
    refuse_no_numbers(~np.isfinite(logits.max(axis=1)), paths)
    return logits


def check_class_logits(logits: Any, num_pictures: int, num_classes: int | None = None) -> None:
    """Refuse anything but the output of a classifier.

    Args:
        logits: A network's output.
        num_pictures: N, the number of pictures.
        num_classes: K, those of the data set; None: any number.

    Raises:
        ConfigError: It has another form than (N, K).
    """
    if not isinstance(logits, paddle.Tensor) or logits.ndim != 2 or logits.shape[0] != num_pictures:
        found = list(logits.shape) if isinstance(logits, paddle.Tensor) else type(logits).__name__
        raise ConfigError(f"the network gives {found}, but a classifier gives logits (N, K); take another network")
    if num_classes is not None and logits.shape[1] != num_classes:
        raise ConfigError(
            f"num_classes: the network has {logits.shape[1]} classes and the data set {num_classes}; make them equal"
        )


def evaluate_classes(
    model: paddle.nn.Layer,
    dataset: ClassDataset,
    *,
    batch_size: int = 1,
    num_workers: int = 0,
    precision: str = "fp32",
    should_stop: Callable[[], bool] | None = None,
) -> ClassificationResult:
    """Compare a network's predicted classes with those of a data set.

    In a distributed run each process takes its part of the pictures, and all get the result of the whole.

    Args:
        model: A classifier; its mode (training or evaluation) is restored.
        dataset: The data to evaluate; none of its transforms may be random.
        batch_size: Most pictures in a batch; only neighbours of one size share a batch.
        num_workers: Processes that read pictures; 0 reads them in this one.
        precision: That of the network's computation; not ``fp32`` if its weights are in half precision.
        should_stop: Called after each batch; all processes must get the same answer.

    Raises:
        EvaluationStopped: ``should_stop`` returned true.
        ConfigError: A transform is random, or the network does not return as many logits as there are classes.
        DataError: A picture is missing or damaged, its class out of range, or its logits are not finite.
    """
    refuse_random_transforms(dataset.pipeline)
    rank, world_size = distributed.rank(), distributed.world_size()
    confusion, counts = ConfusionMatrix(dataset.num_classes, ignore_index=-1), np.zeros(2, np.int64)
    with for_evaluation(model, precision, "O2") as network, Progress("evaluating", len(dataset)) as bar:
        for batch in eval_batches(dataset, batch_size, num_workers, rank, world_size):
            counts += _count_batch(confusion, network, dataset, batch)
            bar.update(len(batch["paths"]) * world_size)
            if should_stop is not None and should_stop():
                raise EvaluationStopped
    confusion.reduce()
    counts = sum_over_ranks(counts)
    return ClassificationResult(confusion.matrix, int(counts[0]), int(counts[1]), dataset.class_names)


def rehearse_classes(model: paddle.nn.Layer, dataset: ClassDataset, *, precision: str = "fp32") -> None:
    """Evaluate the first picture and forget the result, so that an error in it shows now.

    Takes the arguments of ``evaluate_classes`` and raises the same errors. Nothing is exchanged with other processes,
    and the model is left as it was.
    """
    refuse_random_transforms(dataset.pipeline)
    batch = next(eval_batches(dataset))
    with for_evaluation(model, precision, "O2") as network:
        _count_batch(ConfusionMatrix(dataset.num_classes, ignore_index=-1), network, dataset, batch)


def _count_batch(confusion: ConfusionMatrix, network: Any, dataset: ClassDataset, batch: Batch) -> np.ndarray:
    """Add a batch to the confusions; return how many pictures are right, and have their class among the ``TOP``."""
    logits = class_logits(network, batch["img"], dataset.pipeline.normalize, batch["paths"], dataset.num_classes)
    classes = np.asarray(batch["label"])
    confusion.update(logits.argmax(axis=1), classes)
    return np.array([is_in_top(logits, classes, count).sum() for count in (1, TOP)])
