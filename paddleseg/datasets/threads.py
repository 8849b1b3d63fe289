# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Processing many samples of a data set in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from paddleseg.datasets.segmentation import SegmentationDataset

T = TypeVar("T")


def map_samples(
    look_at: Callable[[SegmentationDataset, int], T],
    dataset: SegmentationDataset,
    indices: Sequence[int],
    num_threads: int,
) -> Iterator[T]:
    """The results of ``look_at(dataset, index)`` for each index, in order.

    Args:
        look_at: Reads the sample or its label.
        dataset: The data set. One with a ``read`` of its own, which may not be thread-safe, is read in this one.
        indices: Positions of the samples.
        num_threads: Threads that read; below 2 this one does.
    """
    if num_threads < 2 or dataset.has_own_read:
        yield from (look_at(dataset, index) for index in indices)
        return
    with ThreadPoolExecutor(num_threads) as pool:  # decoders release the interpreter's lock
        yield from pool.map(lambda index: look_at(dataset, index), indices)
