# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The decoded cache on disk: full, damaged, read-only and shared folders."""

import multiprocessing
import os
import signal
import time

import numpy as np
import pytest

from paddleseg.datasets import RoadScenes, decoded_cache
from paddleseg.datasets.loader import train_batches
from paddleseg.datasets.sampler import EpochBatchSampler
from tests.conftest import without_rights_of_root
from tests.datasets.cached import (
    ON_LINUX,
    SIZES,
    assert_equal_samples,
    count_reads,
    die,
    in_processes,
    make,
    samples,
)
from tests.needs import needs_posix_rights


def test_a_cache_on_disk_serves_other_runs_and_the_validation_set(root, monkeypatch, tmp_path):
    samples(make(root, "disk"))
    others = make(root, "disk"), make(root, "disk", mode="val")
    expected = samples(make(root, "none")), samples(make(root, "none", mode="val"))
    for other in others:
        other.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    for other, wanted in zip(others, expected):
        assert_equal_samples(samples(other), wanted)
    assert reads() == []


@pytest.mark.parametrize("damage", ["truncated", "empty", "other version", "header", "dtype", "shape", "list"])
def test_a_damaged_entry_is_made_anew(root, damage, monkeypatch, tmp_path):
    samples(make(root, "disk"))
    for entry in (root / ".decoded_cache").glob("*.decoded"):
        data = entry.read_bytes()
        spoilt = {
            "truncated": data[:-1],
            "empty": b"",
            "other version": data[:5] + b"?" + data[6:],
            "header": data.replace(b"{", b"[", 1),
            "dtype": data.replace(b'"|u1"', b'"|q1"', 1),
            "shape": data.replace(b'"image": ["|u1", [', b'"image": ["|u1", [-', 1),
            "list": data[:17] + b"[1, 2]".ljust(4096 - 17) + data[4096:],
        }
        entry.write_bytes(spoilt[damage])
    dataset, expected = make(root, "disk"), samples(make(root, "none"))
    assert_equal_samples(samples(dataset), expected)
    reads = count_reads(monkeypatch, tmp_path)
    assert_equal_samples(samples(dataset), expected)
    # What does not begin as an entry could be the user's own file: it stays, and does not count as an entry.
    assert reads() == ([0, 1, 2, 3, 4] if damage in ("empty", "other version") else [])


@ON_LINUX
def test_a_fill_on_disk_that_is_killed_leaves_right_samples_and_no_litter(root, monkeypatch):
    dataset = make(root, "disk")
    dataset.open_cache()
    with monkeypatch.context() as patch:
        patch.setattr(decoded_cache.os, "fsync", lambda file: die())
        assert in_processes(lambda: samples(dataset)) == [-signal.SIGKILL]
    (left_over,) = (root / ".decoded_cache").glob(".*.tmp")
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))
    hours_ago = time.time() - 7200
    os.utime(left_over, (hours_ago, hours_ago))
    make(root, "disk").open_cache()
    assert not left_over.exists()


def test_a_left_over_that_vanishes_meanwhile_is_no_failure(root, monkeypatch, tmp_path):
    (root / ".decoded_cache").mkdir()
    (root / ".decoded_cache/.x.decoded.y.tmp").symlink_to("vanished")
    dataset = make(root, "disk")
    samples(dataset)
    reads = count_reads(monkeypatch, tmp_path)
    samples(dataset)
    assert reads() == []


@ON_LINUX
def test_a_full_disk_is_one_warning_for_all_workers_and_samples_stay_right(root, capfd):
    import resource

    def train():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # a header fits, a picture does not
        dataset = make(root, "disk")
        sampler = EpochBatchSampler(5, 1, 0, total_steps=20)
        batches = list(train_batches(dataset, sampler, seed=1, num_workers=2))
        plain = list(train_batches(make(root, "none"), sampler, seed=1, num_workers=0))
        for one, other in zip(batches, plain):
            np.testing.assert_array_equal(one["img"].numpy(), other["img"].numpy())

    assert in_processes(train) == [0]
    output = capfd.readouterr().out
    assert output.count("nothing more is written to") == 1
    assert "File too large" in output and "read from its files" in output
    assert not list((root / ".decoded_cache").iterdir())


@ON_LINUX
def test_a_folder_that_cannot_be_written_is_one_warning(root, capfd):
    dataset = make(root, "disk", cache_dir="/proc/nowhere")
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))
    output = capfd.readouterr().out
    assert output.count("nothing more is written to /proc/nowhere") == 1


@needs_posix_rights
def test_a_filled_folder_that_is_read_only_is_used(open_folder, pairs, monkeypatch, tmp_path, capfd):
    pairs(open_folder, SIZES)
    expected = samples(make(open_folder, "disk"))
    (open_folder / ".decoded_cache").chmod(0o555)
    with without_rights_of_root():
        dataset = make(open_folder, "disk")
        dataset.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    with without_rights_of_root():
        found = samples(dataset)
    assert_equal_samples(found, expected)
    assert reads() == []
    assert capfd.readouterr().out.count("nothing more is written") == 1


@ON_LINUX
def test_processes_that_fail_at_the_same_moment_warn_once(root, capfd):
    dataset = make(root, "disk")
    dataset.open_cache()
    meet = multiprocessing.get_context("fork").Barrier(2)

    def fail(*arguments):
        meet.wait(10)  # both are past the question whether the cache has stopped
        raise OSError(28, "No space left on device")

    dataset._cache._store = fail
    assert in_processes(lambda: dataset.sample(0, np.random.default_rng(0)), lambda: samples(dataset)) == [0, 0]
    assert capfd.readouterr().out.count("No space left on device") == 1


def test_a_users_file_is_never_overwritten(root, capfd):
    samples(make(root, "disk"))
    entries = sorted((root / ".decoded_cache").glob("*.decoded"))
    other = root / ".decoded_cache/notes.txt"
    for path in (*entries, other):
        path.write_text("mine")
    dataset = make(root, "disk")
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))
    assert all(path.read_text() == "mine" for path in (*entries, other))
    assert capfd.readouterr().out.count("is not a cache file and is left alone") == 1


def test_the_size_is_logged_before_anything_is_written(root, capfd, monkeypatch):
    dataset = make(root, "disk")
    monkeypatch.setattr(decoded_cache.DiskCache, "_store", lambda *arguments: pytest.fail("written"))
    dataset.open_cache()
    dataset.open_cache()
    output = capfd.readouterr().out
    assert output.count("cache: 0.00 GB for 5 decoded pictures in ") == 1 and "GB are free" in output
    assert not list((root / ".decoded_cache").iterdir())


def test_scenes_of_another_size_are_other_entries(tmp_path):
    for size in ((64, 32), (128, 64), (64, 32)):
        scenes = RoadScenes([], num_samples=1, size=size, cache="disk", cache_dir=str(tmp_path))
        assert samples(scenes)[0]["img"].shape == (size[1], size[0], 3)


@ON_LINUX
def test_samples_that_are_held_do_not_use_up_the_files_that_a_process_may_have_open(tmp_path):
    cache = decoded_cache.DiskCache(tmp_path)
    keys = [decoded_cache.CacheKey(index, f"picture {index}", "as it is") for index in range(300)]
    for key in keys:
        cache.store(key, np.full((4, 6, 3), key.index % 256, np.uint8), np.full((4, 6), 1, np.uint8))
    before = len(os.listdir("/proc/self/fd"))
    held = [cache.load(key) for key in keys]
    assert len(os.listdir("/proc/self/fd")) - before <= 128
    for key, sample in zip(keys, held):
        assert (sample.image == key.index % 256).all() and (sample.label == 1).all()
        sample.image[:] = 0  # writing to it changes this copy alone, mapped or not
    assert all((cache.load(key).image == key.index % 256).all() for key in keys)
    del held, sample
    assert len(os.listdir("/proc/self/fd")) == before
