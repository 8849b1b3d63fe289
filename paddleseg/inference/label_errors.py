# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Regions whose label is probably wrong, by a network that says something else and is sure of it.

A region is a connected set of pixels with the same label and the same other class that the network finds best there. It
is rated as a whole, as Rottmann and Reese do (Automated Detection of Label Errors in Semantic Segmentation Datasets via
Deep Learning and Uncertainty Quantification, WACV 2023, arXiv 2207.06104), without their second network that learns to
tell the network's mistakes from the annotators'. How sure is sure enough is a matter of the class: a network that finds
poles with a probability of 0.4 in the mean is sure of one at 0.6, but not of a road. So probabilities are compared with
their means over the pixels that have the class as label, the thresholds of confident learning (Northcutt, Jiang,
Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 70, 2021, arXiv 1911.00068).
``benchmark/label_errors.py`` compares the ways to rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import paddle
from paddle.nn import functional as F
from tqdm import tqdm

from paddleseg.datasets.loader import eval_batches
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.inference.label_maps import predict_logits, refuse_no_numbers, refuse_random_transforms
from paddleseg.inference.preprocess import to_network_input
from paddleseg.inference.views import WHOLE_PICTURE, ViewOptions
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.evaluation_mode import evaluation_mode
from paddleseg.utils.label_map import ignored_class_of
from paddleseg.utils.way_back import TransInfo, way_back

Ranking = Literal["confident", "sum", "mean"]
_BINS = 64


@dataclass(frozen=True)
class Region:
    """A region where network and label disagree.

    Attributes:
        index: Position of the picture in the data set.
        label: The class that the label says.
        predicted: The class that the network says.
        box: (left, top, width, height) in pixels of the picture.
        pixels: How many pixels it has.
        core: How many of them have all eight neighbours in it: along borders, where nobody is exact, there are none.
        margin: Mean over the core of the probability of ``predicted`` less that of ``label``.
        histogram: (64,) int64, of the core's pixels by the probability of ``predicted``.
    """

    index: int
    label: int
    predicted: int
    box: tuple[int, int, int, int]
    pixels: int
    core: int
    margin: float
    histogram: np.ndarray


@dataclass(frozen=True)
class LabelErrors:
    """What was found in a data set.

    Attributes:
        regions: All regions with a core, in the order of the pictures.
        thresholds: (K,) float64, mean probability of each class over the pixels that have it as label; 1 where none
            has it.
        num_pictures: Pictures that were looked at.
    """

    regions: list[Region]
    thresholds: np.ndarray
    num_pictures: int

    def ranked(self, by: Ranking = "confident") -> list[tuple[float, Region]]:
        """The regions with their scores, the most suspicious first.

        Args:
            by: ``"confident"``: the number of core pixels whose predicted class is at least as probable as where it
                is the label, times the margin; ``"sum"``: the sum of the margin over the core; ``"mean"``: its mean.
        """
        scores = {
            "confident": lambda region: self._num_confident(region) * region.margin,
            "sum": lambda region: region.core * region.margin,
            "mean": lambda region: region.margin,
        }
        rated = [(float(scores[by](region)), region) for region in self.regions]
        return sorted(rated, key=lambda pair: (-pair[0], pair[1].index, pair[1].box))

    def _num_confident(self, region: Region) -> int:
        first = int(np.ceil(self.thresholds[region.predicted] * _BINS))
        return int(region.histogram[first:].sum())


def find_label_errors(
    model: paddle.nn.Layer,
    dataset: SegmentationDataset,
    options: ViewOptions = WHOLE_PICTURE,
    *,
    num_workers: int = 0,
    seen: Callable[[int, np.ndarray, np.ndarray], None] | None = None,
) -> LabelErrors:
    """Compare the labels of a data set with a network that was not trained on them.

    A network that has learnt the wrong labels by heart agrees with them: errors in training data want a network that
    was trained on other pictures, such as one of two halves for the other one.

    Args:
        model: A network; it leaves in the mode (training or evaluation) it came in.
        dataset: A data set with labels; none of its transforms may be random.
        options: How the network looks at each picture.
        num_workers: Processes that read pictures; 0 reads them in this one.
        seen: Called for each picture with its position, its label and the network's label map.

    Raises:
        ConfigError: A transform is random, or network and data set have other numbers of classes.
        DataError: A picture or label is missing or damaged, or all pixels are ignored.
    """
    refuse_random_transforms(dataset.pipeline)
    sums, counts = np.zeros(dataset.num_classes), np.zeros(dataset.num_classes, np.int64)
    regions: list[Region] = []
    # disable=None: only where the output is a terminal.
    with (
        evaluation_mode(model),
        tqdm(total=len(dataset), desc="looking for label errors", unit="picture", disable=None, leave=False) as bar,
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
                    f"{dataset.num_classes} classes; network, transforms and data set do not go together"
                )
            for class_id in np.unique(label[label < dataset.num_classes]).tolist():
                has_class = label == class_id
                sums[class_id] += probabilities[class_id][has_class].sum(dtype=np.float64)
                counts[class_id] += int(has_class.sum())
            predicted = probabilities.argmax(axis=0).astype(np.uint8)
            regions += find_regions(index, label, predicted, probabilities, dataset.ignore_index)
            if seen is not None:
                seen(index, label, predicted)
            bar.update()
    if not counts.any():
        raise DataError(f"every pixel of the {len(dataset)} labels is {dataset.ignore_index} (ignored)")
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
    return LabelErrors(regions, thresholds, len(dataset))


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
    code = np.where(differs, label.astype(np.int32) * 256 + predicted, -1)
    for pair in np.unique(code[code >= 0]).tolist():
        is_pair = (code == pair).astype(np.uint8)
        # What lies outside the picture is not foreign: a car that is cut by it has its core there.
        core = cv2.erode(is_pair, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
        if not core.any():
            continue
        claimed, found = pair // 256, pair % 256
        count, numbers, stats, _ = cv2.connectedComponentsWithStats(is_pair, connectivity=4)
        rows, columns = np.nonzero(core)
        of_core = numbers[rows, columns]
        probability = probabilities[found][rows, columns]
        margin = probability - probabilities[claimed][rows, columns]
        for number in np.unique(of_core).tolist():
            inside = of_core == number
            bins = np.minimum((probability[inside] * _BINS).astype(int), _BINS - 1)
            yield Region(
                index,
                claimed,
                found,
                tuple(stats[number, :4].tolist()),
                int(stats[number, cv2.CC_STAT_AREA]),
                int(inside.sum()),
                float(margin[inside].mean()),
                np.bincount(bins, minlength=_BINS),
            )


def region_mask(region: Region, label: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """(H, W) bool: the pixels of a region, of the picture's label and label map."""
    is_pair = ((label == region.label) & (predicted == region.predicted)).astype(np.uint8)
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(is_pair, connectivity=4)
    same = (stats[:, :4] == region.box).all(axis=1) & (stats[:, cv2.CC_STAT_AREA] == region.pixels)
    return numbers == int(np.flatnonzero(same)[-1])


@paddle.no_grad()
def _probabilities(
    model: paddle.nn.Layer, batch: dict, dataset: SegmentationDataset, options: ViewOptions
) -> np.ndarray:
    """(K, H, W) float32 at the picture's own size, of a batch of one picture."""
    image = to_network_input(batch["img"], dataset.pipeline.normalize)
    logits = predict_logits(model, image, options)
    refuse_no_numbers(paddle.isnan(logits).any().reshape([1]).numpy(), batch["paths"])
    ignored = ignored_class_of(dataset.num_classes, dataset.ignore_index)
    if ignored is not None:
        logits[:, ignored] = -1e9
    logits = _to_picture(logits, image.shape[2:], batch["trans_info"][0])
    return F.softmax(logits, axis=1).numpy()[0]


def _to_picture(logits: paddle.Tensor, size_hw: Sequence[int], trans_info: TransInfo) -> paddle.Tensor:
    """Logits (1, K, h, w) at the picture's size, the way that label maps go."""

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
