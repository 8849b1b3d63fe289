# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking pictures and labels before a training, so that it does not fail, or learn nothing, hours later.

Samples are read by the data set itself: the faults reported here, all at once, are those that the training would meet.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from paddleseg.datasets.segmentation import LabelValuesError, SegmentationDataset
from paddleseg.datasets.shared_pictures import find_shared_pictures
from paddleseg.datasets.threads import map_samples
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_headers import StoredFormat
from paddleseg.utils.image_io import read_header
from paddleseg.utils.progress import tracked
from paddleseg.utils.spread import spread
from paddleseg.utils.value_range import stored_values

SAMPLE_SIZE = 64
"""Pictures of a data set that ``sample`` looks at: two seconds of decoding at 2048x1024, and enough to show labels
that were made in a wrong way, which are wrong in most files."""


@dataclass
class DataStatistics:
    """The findings about one data set.

    Attributes:
        section: ``"train_dataset"`` or ``"val_dataset"``.
        dataset: The data set.
        num_checked: Number of checked pictures.
        pixels: (256,) int64, pixels of each label value.
        labels: (256,) int64, labels in which each value occurs.
        sizes: Number of pictures by (width, height).
        bad_labels: Files with values that are not allowed, and the first of them for each value.
        unusable: What is wrong with each file that is unusable for another reason.
        turned: Pictures whose EXIF data demands rotation.
        formats: Number of pictures by (dtype, channels) of their files.
        values: Smallest and largest value in the pictures, in the units of their files, by dtype.
        limits: Limits stated by the files, see ``StoredFormat.limits``.
    """

    section: str
    dataset: SegmentationDataset
    num_checked: int
    pixels: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    bad_labels: list[str] = field(default_factory=list)
    first_with: dict[int, str] = field(default_factory=dict)
    unusable: list[str] = field(default_factory=list)
    turned: list[str] = field(default_factory=list)
    formats: Counter[tuple[str, int]] = field(default_factory=Counter)
    values: dict[str, tuple[float, float]] = field(default_factory=dict)
    limits: dict[str, tuple[int, int] | None] = field(default_factory=dict)

    @property
    def class_pixels(self) -> np.ndarray:
        """(K,) int64, pixels of each class."""
        counts = self.pixels[: self.dataset.num_classes].copy()
        if self.dataset.ignore_index < len(counts):
            counts[self.dataset.ignore_index] = 0
        return counts

    @property
    def ignored_share(self) -> float:
        """Share of the pixels that are ignored, from 0 to 1."""
        return float(self.pixels[self.dataset.ignore_index]) / max(int(self.pixels.sum()), 1)

    @property
    def bad_values(self) -> list[int]:
        """Label values that are neither a class nor ignored."""
        return [value for value in np.flatnonzero(self.pixels).tolist() if not self.dataset.allows_value(value)]

    def add(self, finding: _Finding) -> None:
        """Count the findings of one sample."""
        if finding.turned is not None:
            self.turned.append(finding.turned)
        if finding.stored is not None:
            self._add_format(finding.stored, finding.extremes)
        if finding.fault is not None:
            self.unusable.append(finding.fault)
            return
        self.sizes[finding.size_wh] += 1
        self.pixels += finding.pixels
        values = np.flatnonzero(finding.pixels)
        self.labels[values] += 1
        bad = [value for value in values.tolist() if not self.dataset.allows_value(value)]
        if bad:
            self.bad_labels.append(finding.path)
        for value in bad:
            self.first_with.setdefault(value, finding.path)

    def _add_format(self, stored: StoredFormat, extremes: tuple[float, float] | None) -> None:
        self.formats[stored.numbers, stored.bands] += 1
        if extremes is not None:
            low, high = stored_values(extremes, self.dataset.read_options.value_range, stored)
            lowest, highest = self.values.get(stored.numbers, (low, high))
            self.values[stored.numbers] = min(low, lowest), max(high, highest)
            self.limits[stored.numbers] = stored.limits


@dataclass
class DataFindings:
    """The findings about the data of a training.

    Attributes:
        statistics: One entry per data set, the training set first.
        shared: Identical (picture of train_dataset, picture of val_dataset).
        seconds: Duration of the check.
    """

    statistics: list[DataStatistics]
    shared: list[tuple[str, str]]
    seconds: float


@dataclass(frozen=True)
class _Finding:
    path: str = ""
    size_wh: tuple[int, int] = (0, 0)
    pixels: np.ndarray | None = None
    fault: str | None = None
    turned: str | None = None
    stored: StoredFormat | None = None
    extremes: tuple[float, float] | None = None  # smallest and largest value as read


def examine(
    train_dataset: SegmentationDataset,
    val_dataset: SegmentationDataset | None = None,
    *,
    level: Literal["full", "sample"] = "full",
    num_workers: int = 0,
) -> DataFindings:
    """Check the data of a training.

    Args:
        train_dataset: The training data.
        val_dataset: The evaluation data, or None.
        level: ``"full"`` reads every picture and label, ``"sample"`` up to ``SAMPLE_SIZE`` of each data set, spread
            evenly over it. Pictures in both sets are searched for among all in either case.
        num_workers: Threads that read; 0 and 1 read in this one. A data set with a ``read`` of its own, which may not
            be thread-safe, is always read in this one.

    Returns:
        The findings; nothing is judged or logged yet.
    """
    started = time.perf_counter()
    statistics = [_scan(train_dataset, "train_dataset", level, num_workers)]
    shared: list[tuple[str, str]] = []
    if val_dataset is not None:
        statistics.append(_scan(val_dataset, "val_dataset", level, num_workers))
        shared = find_shared_pictures(train_dataset, val_dataset)
    return DataFindings(statistics, shared, time.perf_counter() - started)


def _scan(dataset: SegmentationDataset, section: str, level: str, num_workers: int) -> DataStatistics:
    indices = spread(len(dataset), len(dataset) if level == "full" else SAMPLE_SIZE)
    statistics = DataStatistics(section, dataset, len(indices))
    findings = map_samples(_look_at, dataset, indices, num_workers)
    for finding in tracked(findings, f"checking {section}", total=len(indices)):
        statistics.add(finding)
    return statistics


def _look_at(dataset: SegmentationDataset, index: int) -> _Finding:
    finding = _look_at_sample(dataset, index)
    # How its own read uses files is not known.
    if dataset.has_own_read:
        return finding
    path = dataset.file_list[index][0]
    try:
        orientation, stored = read_header(path)
    except DataError:  # reported when reading the sample
        return finding
    return replace(finding, turned=None if orientation == 1 else path, stored=stored)


def _look_at_sample(dataset: SegmentationDataset, index: int) -> _Finding:
    try:
        sample = dataset.read(index)
    except LabelValuesError as error:
        return _Finding(error.path, error.size_wh, error.pixels)
    except DataError as error:
        return _Finding(fault=str(error))
    path, label = sample["path"], sample.get("label")
    if label is None:
        return _Finding(fault=f"{path}: has no label; training and evaluation need one for each picture")
    # A data set with its own read may not have checked its labels.
    fault = fault_of_label(label, sample["img"])
    if fault is not None:
        return _Finding(fault=f"{path}: {fault}")
    image = sample["img"]
    return _Finding(
        path,
        (label.shape[1], label.shape[0]),
        np.bincount(label.ravel(), minlength=256),
        extremes=(float(image.min()), float(image.max())),
    )


def fault_of_label(label: Any, image: np.ndarray) -> str | None:
    """Why an array cannot be the label of a picture, whatever the classes are."""
    if not isinstance(label, np.ndarray) or label.dtype.kind not in "biu":
        found = label.dtype if isinstance(label, np.ndarray) else type(label).__name__
        return f"the label is {found}; it must be an array of whole numbers (uint8)"
    if label.shape != image.shape[:2]:
        return f"the label has the shape {label.shape}, its picture {image.shape[:2]} without channels; make them equal"
    if label.size and (label.min() < 0 or label.max() > 255):
        return f"the label holds values from {label.min()} to {label.max()}; class ids are from 0 to 255"
    return None
