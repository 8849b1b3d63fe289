# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Regions whose label is probably wrong, according to a network that confidently disagrees.

A region is a connected set of pixels with the same label and the same other class as the network's prediction. It is
rated as a whole, as by Rottmann and Reese (Automated Detection of Label Errors in Semantic Segmentation Datasets via
Deep Learning and Uncertainty Quantification, WACV 2023, arXiv 2207.06104), without their second network that learns to
tell the network's mistakes from the annotators'. How confident is enough depends on the class: a network that finds
poles with a mean probability of 0.4 is sure of one at 0.6, but not of a road. So probabilities are compared with
their means over the pixels that have the class as label, the thresholds of confident learning (Northcutt, Jiang,
Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 70, 2021, arXiv 1911.00068).
``benchmark/label_errors.py`` compares the ways to rank.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import paddle
from paddle.nn import functional as F

from paddleseg.datasets.loader import eval_batches
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.inference.label_maps import predict_logits, refuse_no_numbers, refuse_random_transforms
from paddleseg.inference.preprocess import to_network_input
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.label_map import ignored_class_of
from paddleseg.utils.progress import Progress
from paddleseg.utils.visualize import encode_image
from paddleseg.utils.way_back import TransInfo, way_back

Ranking = Literal["unusual", "confident", "mean", "sum"]
_BINS = 64
# For a class that a network never predicts, anything below counts.
_LEAST = 1e-3
_RAREST = 1e-4
"""Share below which all confusions are equally rare: a few regions of a data set decide about less."""
# Memory: a large picture has thousands of regions, nearly all of a few pixels, and a data set thousands of pictures.
_MOST_PER_PICTURE = 200


@dataclass(frozen=True, slots=True)
class Region:
    """A region where network and label disagree.

    Attributes:
        index: Position of the picture in the data set.
        label: The label's class.
        predicted: The network's class.
        box: (left, top, width, height) in pixels of the picture.
        pixels: How many pixels it has.
        core: How many of them have all eight neighbours in it; a thin strip along a border, where no annotator is
            exact, has none.
        margin: Mean over the core of the probability of ``predicted`` minus that of ``label``.
        log_ratio: Mean over the core of the logarithm of their ratio, each at least 0.001.
        histogram: (64,) int32, of the core's pixels by the probability of ``predicted``.
        rejected: Share of the label's connected area containing the region in which the network disagrees: 1 if it
            rejects an object as a whole.
        unsupported: Share of the connected area of the network's class containing the region in which the label
            disagrees: 1 if an object is missing from the label.
    """

    index: int
    label: int
    predicted: int
    box: tuple[int, int, int, int]
    pixels: int
    core: int
    margin: float
    log_ratio: float
    histogram: np.ndarray
    rejected: float
    unsupported: float


@dataclass(frozen=True)
class LabelErrors:
    """The probable label errors of a data set.

    Attributes:
        regions: Those with a core, in the order of the pictures; of each at most the 200 with the largest cores.
        thresholds: (K,) float64, mean probability of each class over the pixels labelled as it; 1 if there are none.
        confusion: (K, K) int64, pixels by label (rows) and predicted class (columns).
        predictions: The network's label map of each picture as a PNG file, since there are as many as pictures.
    """

    regions: list[Region]
    thresholds: np.ndarray
    confusion: np.ndarray
    predictions: list[bytes]

    @property
    def num_pictures(self) -> int:
        """Number of pictures examined."""
        return len(self.predictions)

    def prediction(self, index: int) -> np.ndarray:
        """(H, W) uint8: the network's label map of a picture."""
        return cv2.imdecode(np.frombuffer(self.predictions[index], np.uint8), cv2.IMREAD_GRAYSCALE)

    def ranked(self, by: Ranking = "unusual") -> list[tuple[float, Region]]:
        """The regions with their scores, the most suspicious first.

        Args:
            by: How to rate a region.

                * ``"sum"``: the sum of the margin over the core.
                * ``"mean"``: its mean.
                * ``"confident"``: the number of core pixels whose predicted class is at least as probable as on average
                  where it is the label, times the margin.
                * ``"unusual"``: the root of the number of these pixels, times the log ratio, times the fourth power of
                  the larger of ``rejected`` and ``unsupported``, times how unusual the confusion is: the negative
                  logarithm of the share of the label's pixels for which the network predicts this class. Frequent
                  confusions, and edges of objects that the network otherwise finds, are its own mistakes.
        """
        scores = {"unusual": self._unusual, "confident": self._confident, "mean": _margin, "sum": _sum}
        rated = [(float(scores[by](region)), region) for region in self.regions]
        return sorted(rated, key=lambda pair: (-pair[0], pair[1].index, pair[1].box))

    def _confident(self, region: Region) -> float:
        return self._num_confident(region) * region.margin

    def _unusual(self, region: Region) -> float:
        labelled = max(int(self.confusion[region.label].sum()), 1)
        share = self.confusion[region.label, region.predicted] / labelled
        isolated = max(region.rejected, region.unsupported) ** 4
        return math.sqrt(self._num_confident(region)) * region.log_ratio * isolated * -math.log(share + _RAREST)

    def _num_confident(self, region: Region) -> int:
        first = math.ceil(self.thresholds[region.predicted] * _BINS)
        return int(region.histogram[first:].sum())


def _margin(region: Region) -> float:
    return region.margin


def _sum(region: Region) -> float:
    return region.core * region.margin


def find_label_errors(
    model: paddle.nn.Layer,
    dataset: SegmentationDataset,
    options: ViewOptions = WHOLE_PICTURE,
    *,
    num_workers: int = 0,
) -> LabelErrors:
    """Compare the labels of a data set with a network that was not trained on them.

    A network that has memorised wrong labels agrees with them: finding errors in training data requires a network
    trained on other pictures, such as one trained on each half to check the other.

    Args:
        model: A network; its mode (training or evaluation) is restored.
        dataset: A data set with labels; none of its transforms may be random.
        options: The views of each picture.
        num_workers: Processes that read pictures; 0 reads them in this one.

    Raises:
        ConfigError: A transform is random, or network and data set have different numbers of classes.
        DataError: A picture or label is missing or damaged, or all pixels are ignored.
    """
    refuse_random_transforms(dataset.pipeline)
    sums, counts = np.zeros(dataset.num_classes), np.zeros(dataset.num_classes, np.int64)
    confusion = ConfusionMatrix(dataset.num_classes, dataset.ignore_index)
    regions: list[Region] = []
    predictions: list[bytes] = []
    with (
        evaluation_mode(model),
        Progress("looking for label errors", len(dataset)) as bar,
    ):
        for index, batch in enumerate(eval_batches(dataset, 1, num_workers)):
            path = batch["paths"][0]
            if "label" not in batch:
                raise DataError(f"{path}: has no label; there is nothing to compare the network with")
            label = np.asarray(batch["label"])[0]
            probabilities = _probabilities(model, batch, dataset, options)
            if probabilities.shape != (dataset.num_classes, *label.shape):
                raise ConfigError(
                    f"{path}: the network gives {list(probabilities.shape)}, and the label is {list(label.shape)} of "
                    f"{dataset.num_classes} classes; network, transforms and data set do not match"
                )
            for class_id in np.unique(label[label < dataset.num_classes]).tolist():
                has_class = label == class_id
                sums[class_id] += probabilities[class_id][has_class].sum(dtype=np.float64)
                counts[class_id] += int(has_class.sum())
            predicted = probabilities.argmax(axis=0).astype(np.uint8)
            found = find_regions(index, label, predicted, probabilities, dataset.ignore_index)
            regions += heapq.nlargest(_MOST_PER_PICTURE, found, key=lambda region: region.core)
            confusion.update(predicted, label, path=path)
            predictions.append(encode_image(predicted))
            bar.update()
    if not counts.any():
        raise DataError(f"every pixel of the {len(dataset)} labels is {dataset.ignore_index} (ignored)")
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
    return LabelErrors(regions, thresholds, confusion.matrix, predictions)


def find_regions(
    index: int, label: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray, ignore_index: int
) -> Iterator[Region]:
    """The regions of one picture.

    Args:
        index: Position of the picture.
        label: (H, W) uint8.
        predicted: (H, W) uint8, the class of the highest probability.
        probabilities: (K, H, W) float32.
        ignore_index: Label value of pixels that do not count.
    """
    differs = (label != predicted) & (label != ignore_index) & (label < len(probabilities))
    rejected, unsupported = _shares(label, differs), _shares(np.where(label == ignore_index, 255, predicted), differs)
    code = np.where(differs, label.astype(np.int32) * 256 + predicted, -1)
    for pair in np.unique(code[code >= 0]).tolist():
        is_pair = (code == pair).astype(np.uint8)
        # Beyond the frame counts as the same region: a car cut off by it has a core at the frame.
        core = cv2.erode(is_pair, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
        if not core.any():
            continue
        claimed, found = pair // 256, pair % 256
        count, numbers, stats, _ = cv2.connectedComponentsWithStats(is_pair, connectivity=4)
        rows, columns = np.nonzero(core)
        of_core = numbers[rows, columns]
        probability = probabilities[found][rows, columns]
        of_label = probabilities[claimed][rows, columns]
        log_ratio = np.log(np.maximum(probability, _LEAST) / np.maximum(of_label, _LEAST))
        for number in np.unique(of_core).tolist():
            inside = of_core == number
            row, column = rows[inside][0], columns[inside][0]
            bins = np.minimum((probability[inside] * _BINS).astype(int), _BINS - 1)
            yield Region(
                index,
                claimed,
                found,
                tuple(stats[number, :4].tolist()),
                int(stats[number, cv2.CC_STAT_AREA]),
                int(inside.sum()),
                float((probability - of_label)[inside].mean()),
                float(log_ratio[inside].mean()),
                np.bincount(bins, minlength=_BINS).astype(np.int32),  # small: a data set has millions of regions
                float(rejected[row, column]),
                float(unsupported[row, column]),
            )


def _shares(classes: np.ndarray, differs: np.ndarray) -> np.ndarray:
    """(H, W) float32: for each pixel the share of the connected area of its class in which ``differs`` is true."""
    shares = np.zeros(classes.shape, np.float32)
    for class_id in np.unique(classes[differs]).tolist():
        is_class = classes == class_id
        count, numbers = cv2.connectedComponents(is_class.astype(np.uint8), connectivity=4)
        inside = numbers[is_class]
        sizes = np.bincount(inside, minlength=count)
        wrong = np.bincount(numbers[is_class & differs], minlength=count)
        shares[is_class] = (wrong / np.maximum(sizes, 1))[inside]
    return shares


def region_mask(region: Region, label: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """(H, W) bool: the pixels of a region, from the picture's label and label map."""
    is_pair = ((label == region.label) & (predicted == region.predicted)).astype(np.uint8)
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(is_pair, connectivity=4)
    same = (stats[:, :4] == region.box).all(axis=1) & (stats[:, cv2.CC_STAT_AREA] == region.pixels)
    return numbers == int(np.flatnonzero(same)[-1])


@paddle.no_grad()
def _probabilities(
    model: paddle.nn.Layer, batch: dict, dataset: SegmentationDataset, options: ViewOptions
) -> np.ndarray:
    """(K, H, W) float32 at the picture's own size, for a batch of one picture."""
    image = to_network_input(batch["img"], dataset.pipeline.normalize)
    logits = predict_logits(model, image, options)
    refuse_no_numbers(paddle.isnan(logits).any().reshape([1]).numpy(), batch["paths"])
    ignored = ignored_class_of(dataset.num_classes, dataset.ignore_index)
    if ignored is not None:
        logits[:, ignored] = -1e9
    logits = _to_picture(logits, image.shape[2:], batch["trans_info"][0])
    return F.softmax(logits, axis=1).numpy()[0]


def _to_picture(logits: paddle.Tensor, size_hw: Sequence[int], trans_info: TransInfo) -> paddle.Tensor:
    """Logits (1, K, h, w) brought to the picture's size like label maps."""

    def resized(x: paddle.Tensor, size: Sequence[int]) -> paddle.Tensor:
        size = [int(length) for length in size]
        same = list(x.shape[2:]) == size
        return x if same else F.interpolate(x, size=size, mode="bilinear", align_corners=False)

    logits = resized(logits, size_hw)
    for (height, width), corner in way_back(size_hw, trans_info):
        if corner is None:
            logits = resized(logits, (height, width))
        else:
            logits = logits[:, :, corner[0] : corner[0] + height, corner[1] : corner[1] + width]
    return logits
