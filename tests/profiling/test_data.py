# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The profile of reading: the timed parts, the share of waiting by hand-worked numbers, and the advice."""

import pytest

from paddleseg import transforms as T
from paddleseg.datasets import Dataset, SegmentationDataset
from paddleseg.profiling.data import DataProfile, advise, measure_step, profile_data, waiting_share
from paddleseg.utils.errors import DataError
from tests.messages import assert_names, naming


class Clock:
    """Stands for the module ``time``: a look at it takes a microsecond, and a busy machine does not change that."""

    now = 0.0

    def perf_counter(self):
        self.now += 1e-6
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Slow:
    """A transform that takes its time."""

    def __init__(self, clock, seconds):
        self.clock, self.seconds = clock, seconds

    def __call__(self, sample, rng):
        self.clock.sleep(self.seconds)
        return sample


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("paddleseg.profiling.data.time", clock)
    return clock


def make(root, transforms, **options):
    return Dataset("train", str(root), [*transforms, T.Normalize()], 4, train_path="train.txt", **options)


def profile(decode=30.0, augmentation=8.0, collate=2.0, transfer=1.0, batch_size=10, transforms=None):
    transforms = {"RandomDistort": augmentation} if transforms is None else transforms
    return DataProfile(decode, augmentation, transforms, collate, transfer, batch_size, 80)


def test_each_part_is_timed_under_its_own_name(tiny_dataset, clock):
    crop = [T.ResizeStepScaling(), T.RandomPaddingCrop([16, 16]), T.RandomHorizontalFlip()]
    found = profile_data(
        make(tiny_dataset, [*crop, Slow(clock, 0.01), Slow(clock, 0.002)]), batch_size=2, num_batches=3
    )
    assert found.num_pictures == 6 and found.batch_size == 2
    assert list(found.transforms) == ["ResizeStepScaling + RandomPaddingCrop + RandomHorizontalFlip", "Slow", "Slow #2"]
    assert found.transforms["Slow"] == pytest.approx(10, abs=0.01)
    assert found.transforms["Slow #2"] == pytest.approx(2, abs=0.01)
    assert found.augmentation == pytest.approx(sum(found.transforms.values()))
    assert found.in_workers == pytest.approx(found.decode + found.augmentation + found.collate)
    assert min(found.decode, found.collate, found.transfer) > 0


def test_decoding_is_timed_and_a_cache_is_filled_before(tiny_dataset, monkeypatch, clock):
    read = SegmentationDataset.read
    monkeypatch.setattr(SegmentationDataset, "read", lambda self, index: clock.sleep(0.01) or read(self, index))
    crop = [T.RandomPaddingCrop([16, 16])]
    assert profile_data(make(tiny_dataset, crop), 2, 2).decode == pytest.approx(10, abs=0.01)
    assert profile_data(make(tiny_dataset, crop, cache="disk"), 2, 2).decode < 0.01


def test_pictures_of_different_sizes_in_a_batch_are_named_with_the_cure(tiny_dataset):
    resize = [T.ResizeStepScaling(0.5, 2.0)]
    with pytest.raises(DataError, match=naming("a batch takes one kind", "fixed size")):
        profile_data(make(tiny_dataset, resize), batch_size=4, num_batches=4)


def test_the_share_of_waiting_is_the_hand_worked_one():
    # A batch: 10 x (30 + 8 + 2) ms = 400 ms to read, 10 ms to move.
    assert waiting_share(profile(), 0.59, num_workers=0) == pytest.approx(410 / 1000)
    assert waiting_share(profile(), 0.1, num_workers=1) == pytest.approx(300 / 400)
    assert waiting_share(profile(), 0.1, num_workers=2) == pytest.approx(100 / 200)
    # Fast enough: only the move is left, which the training does itself.
    assert waiting_share(profile(), 0.19, num_workers=4) == pytest.approx(10 / 200)


def test_a_training_that_does_not_wait_needs_no_change():
    assert advise(profile(), 1.0, num_workers=2, cores=8) == ["nothing: reading keeps up with the training"]


def test_advice_names_what_helps_most_first():
    cached, more = advise(profile(transfer=0.3), 0.1, num_workers=2, cores=8)
    assert "decoding takes 75% of the reading" in cached and "train_dataset.cache: disk" in cached
    assert more == "read with more processes: --num_workers 4"
    (only,) = advise(profile(transfer=0.3), 0.1, num_workers=2, cores=3, cache_kind="ram")
    assert_names(only, "--num_workers 3", 4)


def test_advice_names_the_slowest_transform_and_a_slow_transfer():
    slow = profile(decode=1, augmentation=40, transforms={"RandomBlur": 35.0, "RandomDistort": 5.0}, transfer=3.0)
    lines = advise(slow, 0.1, num_workers=4, cores=4)
    assert_names(lines[0], "RandomBlur", "35.0", "43.0")
    assert_names(lines[1], "moving a batch", "30.0 ms")


def test_when_nothing_helps_it_is_said():
    slow_collate = profile(decode=1, augmentation=1, collate=40, transfer=0)
    (line,) = advise(slow_collate, 0.1, num_workers=2, cores=2)
    assert "too few or too slow cores" in line


def test_a_step_is_timed_after_one_that_does_not_count(clock):
    waits = iter([0.2, 0.01, 0.02, 0.1])
    assert measure_step(lambda: clock.sleep(next(waits))) == pytest.approx(0.02, abs=1e-5)
