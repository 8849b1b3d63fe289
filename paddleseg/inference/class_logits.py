# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a batch of pictures to the logits of a classifier, and the evaluation on a data set of classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle
from tqdm import tqdm

from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.loader import eval_batches
from paddleseg.inference.evaluation import EvaluationStopped
from paddleseg.inference.label_maps import refuse_random_transforms
from paddleseg.inference.preprocess import to_network_input
from paddleseg.metrics.classes import TOP, ClassificationResult, is_in_top
from paddleseg.metrics.confusion import ConfusionMatrix, sum_over_ranks
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils import distributed
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.precision import MixedPrecisionNetwork


@paddle.no_grad()
def class_logits(network: Any, images: np.ndarray | paddle.Tensor, normalize: Normalize | None) -> np.ndarray:
    """Logits of a batch.

    Args:
        network: Gives logits (N, K) for (N, C, H, W) float32 pictures.
        images: (N, H, W, C) pictures as they are stored.
        normalize: The normalisation; None changes the type only.

    Returns:
        (N, K) float32.

    Raises:
        ConfigError: The network gives something else.
    """
    logits = network(to_network_input(images, normalize))
    if not isinstance(logits, paddle.Tensor) or logits.ndim != 2 or logits.shape[0] != images.shape[0]:
        found = list(logits.shape) if isinstance(logits, paddle.Tensor) else type(logits).__name__
        raise ConfigError(f"the network gives {found}, but a classifier gives logits (N, K); take another network")
    return logits.astype("float32").numpy()


def evaluate_classes(
    model: paddle.nn.Layer,
    dataset: ClassDataset,
    *,
    batch_size: int = 1,
    num_workers: int = 0,
    precision: str = "fp32",
    should_stop: Callable[[], bool] | None = None,
) -> ClassificationResult:
    """Compare the classes that a network finds with those of a data set.

    In a distributed run each process takes its part of the pictures, and all get the result of the whole.

    Args:
        model: A classifier; it leaves in the mode (training or evaluation) it came in.
        dataset: What is evaluated; none of its transforms may be random.
        batch_size: Most pictures in a batch; only neighbours of one size share a batch.
        num_workers: Processes that read pictures; 0 reads them in this one.
        precision: In which the network computes; other than ``fp32`` where its weights are in half precision.
        should_stop: Asked after each batch; all processes must get the same answer.

    Raises:
        EvaluationStopped: ``should_stop`` said so.
        ConfigError: A transform is random, or the network does not give as many logits as there are classes.
        DataError: A picture is missing or damaged.
    """
    refuse_random_transforms(dataset.pipeline)
    rank, world_size = distributed.rank(), distributed.world_size()
    confusion, counts = ConfusionMatrix(dataset.num_classes, ignore_index=-1), np.zeros(2, np.int64)
    # disable=None: only where the output is a terminal.
    shown = {"unit": "picture", "disable": None if rank == 0 else True, "leave": False}
    with evaluation_mode(model), tqdm(total=len(dataset), desc="evaluating", **shown) as bar:
        network = model if precision == "fp32" else MixedPrecisionNetwork(model, precision, "O2")
        for batch in eval_batches(dataset, batch_size, num_workers, rank, world_size):
            logits = class_logits(network, batch["img"], dataset.pipeline.normalize)
            classes = np.asarray(batch["label"])
            if logits.shape[1] != dataset.num_classes:
                raise ConfigError(
                    f"num_classes: the network has {logits.shape[1]} classes and the data set {dataset.num_classes}; "
                    "make them equal"
                )
            confusion.update(logits.argmax(axis=1), classes)
            counts += [is_in_top(logits, classes, count).sum() for count in (1, TOP)]
            bar.update(len(classes) * world_size)
            if should_stop is not None and should_stop():
                raise EvaluationStopped
    confusion.reduce()
    counts = sum_over_ranks(counts)
    return ClassificationResult(confusion.matrix, int(counts[0]), int(counts[1]), dataset.class_names)
