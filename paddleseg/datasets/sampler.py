# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The samples of each training batch: a pure function of the batch's number."""

from __future__ import annotations

from collections.abc import Iterator

from paddleseg.utils.errors import DataError
from paddleseg.utils.seeding import shuffle_rng


class EpochBatchSampler:
    """Yields the samples of each batch, epoch after epoch, from any step on.

    One epoch goes through a permutation of the data set that depends on seed and epoch alone. All ranks
    share it: each global batch is the next batch_size * world_size positions, and rank r takes the r-th part
    of them. Samples that do not fill a global batch are left out of the epoch: all batches are full, and all ranks have
    equally many.

    Args:
        num_samples: Size of the data set.
        batch_size: Samples per batch and rank.
        seed: Seed of the run, the same on all ranks.
        total_steps: Number of batches after which the run ends, counted from the very first.
        shuffle: False keeps the data set's order in every epoch.
        rank: This process.
        world_size: Number of processes.
        start_step: Number of batches that an interrupted run has already done; they are skipped.
        repeats: How often the data set occurs in one epoch, each time with its own random transforms.

    Attributes:
        steps_per_epoch: Batches per epoch.

    Raises:
        DataError: A global batch is larger than the (repeated) data set.
    """

    def __init__(
        self,
        num_samples: int,
        batch_size: int,
        seed: int,
        *,
        total_steps: int,
        shuffle: bool = True,
        rank: int = 0,
        world_size: int = 1,
        start_step: int = 0,
        repeats: int = 1,
    ) -> None:
        self.num_positions = num_samples * repeats
        self.batch_size = batch_size
        self.seed = seed
        self.total_steps = total_steps
        self.shuffle = shuffle
        self.rank = rank
        self.world_size = world_size
        self.start_step = start_step
        self.steps_per_epoch = self.num_positions // (batch_size * world_size)
        if self.steps_per_epoch == 0:
            processes = f" in each of {world_size} processes" if world_size > 1 else ""
            raise DataError(
                f"batch_size: {batch_size}{processes} is more than the {self.num_positions} training "
                f"pictures; give at most {self.num_positions // world_size}"
            )

    def __len__(self) -> int:
        """Number of batches from ``start_step`` on."""
        return max(self.total_steps - self.start_step, 0)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Yield one list of (epoch, position) per batch.

        Positions run to num_samples * repeats; the sample's index in the data set is position % num_samples.
        """
        order_epoch, order = -1, None
        for step in range(self.start_step, self.total_steps):
            epoch, batch = divmod(step, self.steps_per_epoch)
            if epoch != order_epoch:
                order_epoch, order = epoch, self._order(epoch)
            start = (batch * self.world_size + self.rank) * self.batch_size
            yield [(epoch, int(position)) for position in order[start : start + self.batch_size]]

    def _order(self, epoch: int):
        if not self.shuffle:
            return range(self.num_positions)
        return shuffle_rng(self.seed, epoch).permutation(self.num_positions)
