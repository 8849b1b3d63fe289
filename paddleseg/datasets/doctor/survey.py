# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""One pass over the files of a data set that keeps the facts of each pair that the label doctor compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from paddleseg.datasets.data_check import fault_of_label
from paddleseg.datasets.doctor import alignment
from paddleseg.datasets.doctor.raw_labels import RawLabel, ValueCounts, count_values, pack, read_raw_label
from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.datasets.threads import map_samples
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image
from paddleseg.utils.progress import tracked
from paddleseg.utils.spread import spread

THUMBNAIL = 64
"""Side of the grey thumbnails, whatever the shape of the picture."""
MOST_WRONG_PAIRS = 128
"""Pairs whose edges are kept to measure what chance gives: 40 MB, and 1 % of the heights lies above the highest."""
_COLOUR_STEP = 4


@dataclass(frozen=True)
class PairFacts:
    """The kept facts of a picture and its label.

    Attributes:
        index: Position in the data set.
        size_wh: Width and height of the picture; (0, 0) if it was not read.
        counts: The arrangement of the label's values; None if it cannot be read.
        is_coloured: Whether these values are packed colours.
        is_compressed: Whether the label's file format changes values.
        thumbnail: (64, 64) uint8 grey; None if the picture was not read.
        picture_is_label: Whether the picture looks like a label.
        fit: The label's alignment with the picture; None if that is not informative.
    """

    index: int
    size_wh: tuple[int, int] = (0, 0)
    counts: ValueCounts | None = None
    is_coloured: bool = False
    is_compressed: bool = False
    thumbnail: np.ndarray | None = None
    picture_is_label: bool = False
    fit: alignment.Fit | None = None


@dataclass(frozen=True)
class Survey:
    """The facts about a data set after the pass.

    Attributes:
        section: ``"train_dataset"`` or ``"val_dataset"``.
        dataset: The data set.
        facts: Of each pair, in the data set's order.
        chance: The heights that labels reach on pictures they do not belong to.
        scale: Pixels of a picture per pixel of the reduced size for alignment, in the median.
    """

    section: str
    dataset: SegmentationDataset
    facts: list[PairFacts]
    chance: alignment.Chance = alignment.Chance.measure(())
    scale: float = 1.0

    @property
    def has_files(self) -> bool:
        """Whether the samples are read from the files of the list, so that files can be checked and named."""
        return not self.dataset.has_own_read

    def picture(self, fact: PairFacts) -> str:
        """The picture's name."""
        return self.dataset.picture_name(fact.index)

    def label(self, fact: PairFacts) -> str:
        """The label's name; the picture's if labels are not files."""
        return self.dataset.file_list[fact.index][1] if self.has_files else self.picture(fact)


def take_survey(
    dataset: SegmentationDataset, section: str, *, with_pictures: bool = True, num_workers: int = 0
) -> Survey:
    """Read all pairs of a data set; unreadable ones are left out, as the check of the data reports them.

    Args:
        dataset: A data set with labels.
        section: Its section of the configuration.
        with_pictures: Whether to read pictures too, which takes most of the time.
        num_workers: Threads that read; 0 and 1 read in one, as do data sets with a ``read`` of their own.
    """
    kept_for_chance = set(spread(len(dataset), MOST_WRONG_PAIRS)) if with_pictures else set()
    facts, edges = [], []
    rows = map_samples(partial(_look_at, with_pictures=with_pictures), dataset, range(len(dataset)), num_workers)
    for fact, found in tracked(rows, f"label doctor, {section}", "pair", total=len(dataset)):
        facts.append(fact)
        if found is not None and fact.index in kept_for_chance:
            edges.append(found)
    scale = float(np.median([found.scale for found in edges])) if edges else 1.0
    return Survey(section, dataset, facts, alignment.Chance.measure(edges), scale)


def read_pair(dataset: SegmentationDataset, index: int) -> tuple[np.ndarray | None, RawLabel | None]:
    """A picture (H, W, C) as read, and its label as stored; None for what cannot be read."""
    if dataset.has_own_read:
        try:
            sample = dataset.read(index)
        except DataError:
            return None, None
        label = sample.get("label")
        if label is None or fault_of_label(label, sample["img"]) is not None:
            return sample["img"], None
        return sample["img"], RawLabel(label.astype(np.int32), False)
    picture_path, label_path = dataset.file_list[index]
    picture = label = None
    try:
        picture = read_image(picture_path, dataset.img_channels, dataset.read_options)
    except DataError:
        pass
    return picture, label if label_path is None else _label_or_none(dataset, label_path)


def find_edges(dataset: SegmentationDataset, index: int) -> alignment.Edges | None:
    """The edges of a pair for ``alignment``; None if there is nothing to compare."""
    picture, label = read_pair(dataset, index)
    return None if picture is None or label is None else _edges(to_grey(picture), label)


def to_grey(picture: np.ndarray) -> np.ndarray:
    """(H, W) uint8: the mean of the channels of (H, W, C) uint8, or of float32 in units of 255."""
    if picture.dtype == np.uint8 and picture.shape[2] == 3:
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    mean = picture.astype(np.float32).mean(axis=2)
    return np.rint(np.clip(mean, 0, 255)).astype(np.uint8)


def _label_or_none(dataset: SegmentationDataset, path: str) -> RawLabel | None:
    """The label as stored, or the class ids of a data set with its own reading."""
    try:
        if dataset.labels_are_pictures:
            return read_raw_label(path)
        return RawLabel(dataset.label_of_file(path).astype(np.int32), False)
    except DataError:
        return None


def _edges(grey: np.ndarray, label: RawLabel) -> alignment.Edges | None:
    return alignment.find_edges(grey, label.values) if grey.shape == label.values.shape else None


def _look_at(dataset: SegmentationDataset, index: int, with_pictures: bool) -> tuple[PairFacts, alignment.Edges | None]:
    if with_pictures or dataset.has_own_read:
        picture, label = read_pair(dataset, index)
    else:
        path = dataset.file_list[index][1]
        picture, label = None, None if path is None else _label_or_none(dataset, path)
    facts, edges = {"index": index}, None
    if label is not None:
        facts |= {
            "counts": count_values(label.values),
            "is_coloured": label.is_coloured,
            "is_compressed": label.is_compressed,
        }
    if picture is not None and with_pictures:
        grey = to_grey(picture)
        facts |= {
            "size_wh": grey.shape[::-1],
            "thumbnail": cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA),
            "picture_is_label": _is_like_label(picture),
        }
        edges = None if label is None else _edges(grey, label)
        if edges is not None:
            facts["fit"] = alignment.fit(edges, edges)
    return PairFacts(**facts), edges


def _is_like_label(picture: np.ndarray) -> bool:
    """Whether a picture has few colours, and these in areas."""
    if picture.dtype != np.uint8 or picture.shape[2] not in (1, 3):
        return False
    numbers = pack(np.broadcast_to(picture, (*picture.shape[:2], 3)))
    coarse = np.ascontiguousarray(numbers[::_COLOUR_STEP, ::_COLOUR_STEP])
    if len(np.unique(coarse)) > 64:  # spares most pictures the closer check
        return False
    return count_values(numbers).is_like_label


def iterate_counts(survey: Survey) -> Iterator[tuple[PairFacts, ValueCounts]]:
    """The pairs whose labels could be read, with their counts."""
    for fact in survey.facts:
        if fact.counts is not None:
            yield fact, fact.counts
