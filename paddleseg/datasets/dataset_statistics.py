# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of a data set: pixels and pictures of each class, sizes, mean and deviation, and weights for rare classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

import numpy as np

from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.datasets.threads import map_samples
from paddleseg.losses.class_weights import class_weights
from paddleseg.utils.choices import ClassWeights
from paddleseg.utils.errors import DataError
from paddleseg.utils.progress import tracked
from paddleseg.utils.visualize import names_of_classes

_FULL = 255.0
"""What the values of pictures are divided by before ``Normalize``."""


@dataclass(frozen=True)
class DatasetStatistics:
    """Figures of the pictures and labels as read, before any transform.

    Attributes:
        names: Class names by id.
        pixels: (N, K) int64, pixels of each class in each label, ignored ones left out.
        ignored: Ignored pixels of all labels.
        sizes: Number of pictures by (width, height).
        mean: Mean of each channel over all pixels, in units of the full range (0 to 1), as for ``Normalize``.
        std: Standard deviation of each channel, likewise.
    """

    names: list[str]
    pixels: np.ndarray
    ignored: int
    sizes: Counter[tuple[int, int]]
    mean: list[float]
    std: list[float]

    @property
    def class_pixels(self) -> np.ndarray:
        """(K,) int64, pixels of each class."""
        return self.pixels.sum(axis=0)

    @property
    def class_pictures(self) -> np.ndarray:
        """(K,) int64, pictures in which each class occurs."""
        return (self.pixels > 0).sum(axis=0)

    @property
    def shares(self) -> np.ndarray:
        """(K,) float64, share of each class among the counted pixels."""
        return self.class_pixels / max(int(self.pixels.sum()), 1)

    def weights(self) -> dict[str, list[float]]:
        """The class weights by each formula of ``loss.class_weights``."""
        return {kind: class_weights(kind, self.pixels) for kind in get_args(ClassWeights)}

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON."""
        weights = self.weights()
        return {
            "pictures": len(self.pixels),
            "ignored_pixels": self.ignored,
            "classes": [
                {
                    "id": class_id,
                    "name": name,
                    "pixels": int(self.class_pixels[class_id]),
                    "share": float(self.shares[class_id]),
                    "pictures": int(self.class_pictures[class_id]),
                    "weights": {kind: values[class_id] for kind, values in weights.items()},
                }
                for class_id, name in enumerate(self.names)
            ],
            "sizes": [{"width": w, "height": h, "pictures": count} for (w, h), count in self.sizes.most_common()],
            "mean": self.mean,
            "std": self.std,
        }


class _Figures(NamedTuple):
    size_wh: tuple[int, int]
    values: np.ndarray  # (256,) pixels of each label value
    count: int  # pixels
    sums: np.ndarray  # (C,) of the values
    squares: np.ndarray


def collect_statistics(dataset: SegmentationDataset, num_workers: int = 0) -> DatasetStatistics:
    """Read every picture and label once.

    Args:
        dataset: All its pictures have labels.
        num_workers: Threads that read; a data set with a ``read`` of its own is read in this one.

    Raises:
        DataError: A file is missing or damaged, has no label, or values that are not classes.
    """
    rows, sizes, ignored, count = [], Counter(), 0, 0
    sums = squares = np.zeros(dataset.img_channels)
    figures = map_samples(_read, dataset, range(len(dataset)), num_workers)
    for found in tracked(figures, "counting", total=len(dataset)):
        ignored += int(found.values[dataset.ignore_index])
        found.values[dataset.ignore_index] = 0
        rows.append(found.values[: dataset.num_classes])
        sizes[found.size_wh] += 1
        count, sums, squares = count + found.count, sums + found.sums, squares + found.squares
    if not rows:
        raise DataError("the data set has no pictures; there is nothing to count")
    mean = sums / count
    variance = np.maximum(squares / count - mean**2, 0)
    names = names_of_classes(dataset.num_classes, dataset.class_names)
    return DatasetStatistics(names, np.stack(rows), ignored, sizes, mean.tolist(), np.sqrt(variance).tolist())


def format_statistics(statistics: DatasetStatistics) -> str:
    """The figures as a table for people, with the configuration lines that follow from them."""
    weights = statistics.weights()
    rows = [["", "class", "pixels", "share", "pictures", *weights]]
    for class_id, name in enumerate(statistics.names):
        rows.append(
            [
                str(class_id),
                name,
                f"{statistics.class_pixels[class_id]:,}",
                f"{statistics.shares[class_id]:.3%}",
                str(statistics.class_pictures[class_id]),
                *(f"{values[class_id]:.3f}" for values in weights.values()),
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    ]
    total = int(statistics.pixels.sum()) + statistics.ignored
    lines.append(f"ignored: {statistics.ignored / max(total, 1):.2%} of the pixels")
    common = ", ".join(f"{w}x{h} ({count})" for (w, h), count in statistics.sizes.most_common(3))
    more = f" and {len(statistics.sizes) - 3} more" if len(statistics.sizes) > 3 else ""
    lines.append(f"sizes of {len(statistics.pixels)} pictures: {common}{more}")
    mean, std = (", ".join(f"{value:.4f}" for value in values) for values in (statistics.mean, statistics.std))
    lines.append(f"mean: [{mean}], std: [{std}]  (pretrained weights want those that they were trained with)")
    return "\n".join(lines)


def _read(dataset: SegmentationDataset, index: int) -> _Figures:
    sample = dataset.read(index)
    image, label = sample["img"], sample.get("label")
    if label is None:
        raise DataError(f"{sample['path']}: has no label; the pixels of the classes cannot be counted")
    flat = image.reshape(-1, image.shape[2])
    sums, squares = _moments_of_bytes(flat) if flat.dtype == np.uint8 else _moments(flat)
    height, width = label.shape
    return _Figures((width, height), np.bincount(label.ravel(), minlength=256), len(flat), sums, squares)


def _moments_of_bytes(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and sum of squares of each channel, from the histogram of the 256 values, without converting to float."""
    counts = np.stack([np.bincount(flat[:, channel], minlength=256) for channel in range(flat.shape[1])])
    values = np.arange(256) / _FULL
    return counts @ values, counts @ values**2


def _moments(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = flat.astype(np.float64) / _FULL
    return values.sum(axis=0), (values**2).sum(axis=0)
