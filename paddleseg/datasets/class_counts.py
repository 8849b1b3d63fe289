# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How many pixels each class has in each label of a data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.datasets.threads import map_samples
from paddleseg.utils.cpus import default_reading_threads
from paddleseg.utils.errors import DataError
from paddleseg.utils.progress import tracked


def count_class_pixels(dataset: SegmentationDataset, indices: Sequence[int] | None = None) -> np.ndarray:
    """Read labels of a data set; pictures are not read, unless the data set has a ``read`` of its own.

    Args:
        dataset: Its labels may have any size.
        indices: Positions of N samples; None: all.

    Returns:
        (N, K) int64, pixels of each class in each label as it is before the transforms; ignored pixels are not counted.

    Raises:
        DataError: A label is missing or damaged, or has values that are not allowed.
    """
    if indices is None:
        indices = range(len(dataset))
    rows = map_samples(_count, dataset, indices, default_reading_threads())
    return np.stack(list(tracked(rows, "counting labels", "label", total=len(indices))))


def _count(dataset: SegmentationDataset, index: int) -> np.ndarray:
    label = dataset.read_label(index)
    if label is None:
        raise DataError(f"{dataset.picture_name(index)}: has no label; the pixels of the classes cannot be counted")
    counts = np.bincount(label.ravel(), minlength=256)
    counts[dataset.ignore_index] = 0
    return counts[: dataset.num_classes]
