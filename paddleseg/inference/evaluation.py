# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of a network on a labelled data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
import paddle
from tqdm import tqdm

from paddleseg.datasets.base import SegmentationDataset
from paddleseg.datasets.loader import Batch, eval_batches
from paddleseg.inference.label_maps import predict_label_maps, refuse_random_transforms
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.metrics import scores
from paddleseg.metrics.confusion import ConfusionMatrix, sum_over_ranks
from paddleseg.utils import distributed
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.logging import get_logger
from paddleseg.utils.precision import MixedPrecisionNetwork
from paddleseg.utils.visualize import class_name


@dataclass(frozen=True)
class EvaluationResult:
    """The confusion matrix of a data set and what follows from it.

    Attributes:
        matrix: (K, K) int64; rows are labels, columns predictions, ignored pixels left out.
        num_images: Number of pictures counted.
        class_names: Names by class id, where the data set gives them.

    The scores of classes are (K,) float64, NaN for a class that occurs neither in labels nor in predictions.
    """

    matrix: np.ndarray
    num_images: int
    class_names: Sequence[str] | None = None

    @property
    def mean_iou(self) -> float:
        return scores.mean_iou(self.matrix)

    @property
    def pixel_accuracy(self) -> float:
        return scores.pixel_accuracy(self.matrix)

    @property
    def kappa(self) -> float:
        return scores.kappa(self.matrix)

    @property
    def mean_dice(self) -> float:
        return scores.mean_dice(self.matrix)

    @property
    def class_iou(self) -> np.ndarray:
        return scores.class_iou(self.matrix)

    @property
    def class_precision(self) -> np.ndarray:
        return scores.class_precision(self.matrix)

    @property
    def class_recall(self) -> np.ndarray:
        return scores.class_recall(self.matrix)

    @property
    def class_dice(self) -> np.ndarray:
        return scores.class_dice(self.matrix)

    @property
    def names(self) -> list[str]:
        """Name of each class, "class 3" where the data set gives none."""
        return [class_name(class_id, self.class_names) for class_id in range(len(self.matrix))]

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain numbers for JSON; undefined ones, as those of an absent class, are None."""
        per_class = {
            "iou": self.class_iou,
            "precision": self.class_precision,
            "recall": self.class_recall,
            "dice": self.class_dice,
        }
        return {
            "num_images": self.num_images,
            "mean_iou": _number_or_none(self.mean_iou),
            "pixel_accuracy": _number_or_none(self.pixel_accuracy),
            "kappa": _number_or_none(self.kappa),
            "mean_dice": _number_or_none(self.mean_dice),
            "classes": [
                {
                    "id": class_id,
                    "name": name,
                    **{score: _number_or_none(values[class_id]) for score, values in per_class.items()},
                    "label_pixels": int(self.matrix[class_id].sum()),
                    "predicted_pixels": int(self.matrix[:, class_id].sum()),
                }
                for class_id, name in enumerate(self.names)
            ],
            "confusion_matrix": self.matrix.tolist(),
        }


class EvaluationStopped(Exception):
    """Somebody asked for the end of the evaluation before it was there."""


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
) -> EvaluationResult:
    """Compare the label maps of a network with the untouched labels of a data set.

    In a distributed run each process takes its part of the pictures, and all get the result of the whole.

    Args:
        model: A network; it leaves in the mode (training or evaluation) it came in.
        dataset: A data set with labels. Its transforms may change the size of the picture; the prediction is
            mapped back to the label's size.
        options: How the network looks at each picture.
        batch_size: Most pictures in a batch, and most windows of a picture in one pass of the network; only
            neighbours of one size share a batch.
        num_workers: Processes that read pictures; 0 reads them in this one.
        precision: ``fp32``, ``fp16`` or ``bf16``, in which the network computes.
        amp_level: ``O1``, or ``O2`` for a network whose weights are in half precision; nothing with ``fp32``.
        progress: Whether to show a progress bar where the output is a terminal.
        should_stop: Asked after each batch; all processes must get the same answer.

    Returns:
        The counts over all pictures.

    Raises:
        EvaluationStopped: ``should_stop`` said so.
        ConfigError: A transform is random, or the predictions do not fit the labels in size or number of classes.
        DataError: A picture or label is missing, damaged or out of range, or no pixel at all is labelled.
    """
    refuse_random_transforms(dataset.pipeline)
    rank, world_size = distributed.rank(), distributed.world_size()
    batches = eval_batches(dataset, batch_size, num_workers, rank, world_size)
    confusion = ConfusionMatrix(dataset.num_classes, dataset.ignore_index)
    num_images = 0
    with (
        _for_evaluation(model, precision, amp_level) as network,
        _progress_bar(len(dataset), shown=progress and rank == 0) as bar,
    ):
        for batch in batches:
            _count_batch(confusion, network, dataset, batch, options, batch_size)
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
    return EvaluationResult(confusion.matrix, num_images, dataset.class_names)


def rehearse(
    model: paddle.nn.Layer,
    dataset: SegmentationDataset,
    options: ViewOptions = WHOLE_PICTURE,
    *,
    precision: str = "fp32",
    amp_level: str = "O1",
) -> None:
    """Evaluate the first picture and forget the result, so that what would end an evaluation ends it now.

    Takes the arguments of ``evaluate`` and raises the same errors. Nothing is exchanged with other processes, and
    the model is left as it was.
    """
    refuse_random_transforms(dataset.pipeline)
    confusion = ConfusionMatrix(dataset.num_classes, dataset.ignore_index)
    batch = next(eval_batches(dataset))
    with _for_evaluation(model, precision, amp_level) as network:
        _count_batch(confusion, network, dataset, batch, options, 1)


@contextmanager
def _for_evaluation(
    model: paddle.nn.Layer, precision: str, amp_level: str
) -> Iterator[paddle.nn.Layer | MixedPrecisionNetwork]:
    """The network in evaluation mode and as ``precision`` says; it leaves in the mode it came in."""
    with evaluation_mode(model):
        yield model if precision == "fp32" else MixedPrecisionNetwork(model, precision, amp_level)


def _count_batch(
    confusion: ConfusionMatrix,
    network: paddle.nn.Layer | MixedPrecisionNetwork,
    dataset: SegmentationDataset,
    batch: Batch,
    options: ViewOptions,
    window_batch_size: int,
) -> None:
    if "label" not in batch:
        raise DataError(f"{batch['paths'][0]}: has no label; evaluation needs one for each picture")
    predictions = predict_label_maps(
        network, batch, dataset.pipeline.normalize, options, window_batch_size=window_batch_size
    )
    for prediction, label, path in zip(predictions, np.asarray(batch["label"]), batch["paths"]):
        _count(confusion, prediction, label, path)


def _count(confusion: ConfusionMatrix, prediction: np.ndarray, label: np.ndarray, path: str) -> None:
    try:
        confusion.update(prediction, label, path=path)
    except DataError:
        raise
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; network, transforms and data set do not go together") from None


def format_eval_line(result: EvaluationResult) -> str:
    """PaddleSeg's line of the means, which scripts parse."""
    return (
        f"[EVAL] #Images: {result.num_images} mIoU: {result.mean_iou:.4f} Acc: {result.pixel_accuracy:.4f} "
        f"Kappa: {result.kappa:.4f} Dice: {result.mean_dice:.4f}"
    )


def format_class_lines(result: EvaluationResult) -> list[str]:
    """PaddleSeg's lines of the classes' scores, which scripts parse; an absent class is ``nan``."""
    return [
        f"[EVAL] Class {name}: \n" + np.array2string(np.round(values, 4), suppress_small=True)
        for name, values in (
            ("IoU", result.class_iou),
            ("Precision", result.class_precision),
            ("Recall", result.class_recall),
        )
    ]


def format_table(result: EvaluationResult) -> str:
    """Table of the classes' scores in per cent, for people."""
    names = result.names
    width = max(len(name) for name in [*names, "class"])
    label_share = result.matrix.sum(axis=1) / max(int(result.matrix.sum()), 1)
    lines = [f"{'class':<{width}}     IoU  precision  recall    Dice   share of labels"]
    rows = zip(names, result.class_iou, result.class_precision, result.class_recall, result.class_dice, label_share)
    for name, iou, precision, recall, dice, share in rows:
        if np.isnan(iou):
            lines.append(f"{name:<{width}}  absent from labels and predictions")
        else:
            lines.append(f"{name:<{width}}  {iou:6.2%}  {precision:9.2%}  {recall:6.2%}  {dice:6.2%}  {share:16.2%}")
    num_present = int(scores.present_classes(result.matrix).sum())
    lines.append(
        f"mIoU {result.mean_iou:.2%} over {num_present} of {len(names)} classes, "
        f"pixel accuracy {result.pixel_accuracy:.2%}, {_kappa_in_words(result.kappa)}"
    )
    return "\n".join(lines)


def log_result(result: EvaluationResult) -> None:
    """Log PaddleSeg's lines and the table; in a distributed run the first process does."""
    logger = get_logger()
    for line in [format_eval_line(result), *format_class_lines(result)]:
        logger.info(line)
    logger.info("Scores of the classes:\n%s", format_table(result))


def _progress_bar(total: int, *, shown: bool) -> tqdm:
    # disable=None: only where the output is a terminal.
    return tqdm(total=total, desc="evaluating", unit="picture", disable=None if shown else True, leave=False)


def _kappa_in_words(kappa: float) -> str:
    return "Kappa undefined (labels and predictions are all of one class)" if np.isnan(kappa) else f"Kappa {kappa:.4f}"


def _number_or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
