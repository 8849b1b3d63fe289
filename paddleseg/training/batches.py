# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The samples of each step of a run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

from paddleseg.datasets.loader import Batch, train_batches
from paddleseg.datasets.pictures import PictureDataset
from paddleseg.datasets.sampler import EpochBatchSampler
from paddleseg.training.run_folder import READER
from paddleseg.training.run_settings import RunSettings
from paddleseg.utils import distributed as dist
from paddleseg.utils.image_io import READER_VERSION


class TrainingBatches:
    """The batches of this process, from any step of a run on.

    Args:
        dataset: The training data.
        settings: The run's; ``seed`` is chosen, ``iters`` may still be open.
        shuffle: Whether each epoch has its own order.

    Attributes:
        per_epoch: Batches of one process that go through the data once (``repeats`` times).

    Raises:
        DataError: A batch of all processes is larger than the data.
    """

    def __init__(self, dataset: PictureDataset, settings: RunSettings, *, shuffle: bool = True) -> None:
        self.dataset = dataset
        self._settings, self._shuffle = settings, shuffle
        self.per_epoch = self.sampler(0, 0).steps_per_epoch

    def from_step(self, step: int, total_steps: int) -> Iterator[Batch]:
        """``grad_accum_steps`` batches for each optimiser step after ``step``, up to ``total_steps``."""
        sampler = self.sampler(step, total_steps)
        return train_batches(self.dataset, sampler, seed=self._settings.seed, num_workers=self._settings.workers)

    def identity(self) -> dict[str, Any]:
        """What determines the samples of a step; a checkpoint with other values is not resumed."""
        options = self.dataset.read_options
        return {
            "seed": self._settings.seed,
            "batch_size": self._settings.batch_size,
            "number of processes": dist.world_size(),
            "grad_accum_steps": self._settings.grad_accum_steps,
            "number of training pictures": len(self.dataset),
            "order of training pictures (checksum)": _order_of(self.dataset),
            "repeats": self._settings.repeats,
            "shuffle": self._shuffle,
            "apply_exif": options.apply_exif,
            "value_range": None if options.value_range is None else list(options.value_range),
            READER: READER_VERSION,
        }

    def describe(self) -> str:
        """One line for the log."""
        settings = self._settings
        return (
            f"{len(self.dataset)} pictures, batch {settings.batch_size} x {dist.world_size()} processes x "
            f"{settings.grad_accum_steps} accumulated, {self.per_epoch} batches per epoch, {settings.workers} workers"
        )

    def sampler(self, start_step: int, total_steps: int) -> EpochBatchSampler:
        """The data set positions of each batch from one optimiser step to another."""
        settings = self._settings
        return EpochBatchSampler(
            len(self.dataset),
            settings.batch_size,
            settings.seed,
            shuffle=self._shuffle,
            rank=dist.rank(),
            world_size=dist.world_size(),
            start_step=start_step * settings.grad_accum_steps,
            total_steps=total_steps * settings.grad_accum_steps,
            repeats=settings.repeats,
        )


def _order_of(dataset: PictureDataset) -> str:
    """Changes with the names of the pictures and their order in the list, not with the folders they are in."""
    names = [os.path.basename(str(files[0])) for files in dataset.file_list]
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:12]
