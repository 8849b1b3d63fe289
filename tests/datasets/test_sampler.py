# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The batch sampler: epochs, ranks, repeats, and jumping to a step."""

import pytest

from paddleseg.datasets.sampler import EpochBatchSampler
from paddleseg.utils.errors import DataError
from tests.messages import naming


def batches(num_samples=10, batch_size=3, seed=5, *, total_steps=9, **options):
    return list(EpochBatchSampler(num_samples, batch_size, seed, total_steps=total_steps, **options))


def flat(some_batches):
    return [position for batch in some_batches for _, position in batch]


def test_an_epoch_takes_each_sample_at_most_once_in_full_batches():
    sampler = EpochBatchSampler(10, 3, 5, total_steps=9)
    assert sampler.steps_per_epoch == 3 and len(sampler) == 9
    all_batches = list(sampler)
    for epoch in range(3):
        part = all_batches[3 * epoch : 3 * epoch + 3]
        assert all(len(batch) == 3 and {e for e, _ in batch} == {epoch} for batch in part)
        assert len(set(flat(part))) == 9 and set(flat(part)) <= set(range(10))


def test_epochs_and_seeds_have_orders_of_their_own():
    epochs = [flat(batches()[start : start + 3]) for start in (0, 3, 6)]
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert batches() == batches()
    assert batches(seed=6) != batches()


def test_without_shuffling_every_epoch_has_the_data_sets_order():
    assert flat(batches(shuffle=False, total_steps=6)) == [*range(9), *range(9)]


@pytest.mark.parametrize("start_step", range(10))
def test_a_resumed_run_goes_on_with_the_same_batches(start_step):
    sampler = EpochBatchSampler(10, 3, 5, total_steps=9, start_step=start_step)
    assert len(sampler) == 9 - start_step
    assert list(sampler) == batches()[start_step:]


def test_ranks_are_disjoint_and_together_make_the_order_of_one_process():
    ranks = [batches(11, 2, rank=rank, world_size=2, total_steps=4) for rank in range(2)]
    together = batches(11, 4, total_steps=4)
    for step in range(4):
        assert ranks[0][step] + ranks[1][step] == together[step]
    first_epoch = flat(ranks[0][:2]) + flat(ranks[1][:2])
    assert len(set(first_epoch)) == 8


def test_repeats_make_an_epoch_longer_with_positions_of_their_own():
    sampler = EpochBatchSampler(4, 2, 5, total_steps=6, repeats=3)
    assert sampler.steps_per_epoch == 6
    positions = flat(sampler)
    assert sorted(positions) == list(range(12))


def test_a_jump_far_ahead_is_immediate():
    start = 10**9
    sampler = EpochBatchSampler(10, 3, 5, total_steps=start + 1, start_step=start)
    (batch,) = sampler
    assert [epoch for epoch, _ in batch] == [start // 3] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 11}, naming("batch_size", 11, 10, "at most 10")),
        (
            {"batch_size": 6, "world_size": 2},
            naming("batch_size", 6, 2, "at most 5"),
        ),
    ],
)
def test_a_batch_larger_than_the_data_set_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        batches(**options)


def test_repeats_allow_larger_batches():
    assert len(batches(batch_size=20, repeats=2, total_steps=1)[0]) == 20
