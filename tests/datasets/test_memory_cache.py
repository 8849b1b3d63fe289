# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The decoded cache in memory: shared by processes, full, and without Linux's features."""

import os
import signal

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import memory_cache
from tests.datasets.cached import (
    ON_LINUX,
    assert_equal_samples,
    count_reads,
    die,
    in_processes,
    make,
    samples,
)


@ON_LINUX
def test_forked_processes_share_the_cache_in_memory(root, monkeypatch, tmp_path):
    dataset = make(root, "ram")
    dataset.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    assert in_processes(lambda: samples(dataset)) == [0]
    samples(dataset)
    assert reads() == [0, 1, 2, 3, 4]


@ON_LINUX
@pytest.mark.parametrize("writes_before", [0, 1, 2, 3])
def test_a_fill_in_memory_that_is_killed_leaves_right_samples(root, monkeypatch, writes_before):
    dataset = make(root, "ram")
    dataset.open_cache()
    writes = []

    def write_some(*arguments, pwrite=os.pwrite):
        if len(writes) == writes_before:
            die()
        writes.append(1)
        return pwrite(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(memory_cache.os, "pwrite", write_some)
        assert in_processes(lambda: samples(dataset)) == [-signal.SIGKILL]
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))


@ON_LINUX
def test_a_sample_in_use_stays_as_it_is_when_its_picture_changes(root):
    dataset = make(root, "ram", mode="val")
    samples(dataset)
    in_use = dataset.sample(1, np.random.default_rng(0))
    expected = make(root, "none", mode="val").read(1)
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(root / "images/1.png")
    assert not dataset.sample(1, np.random.default_rng(0))["img"].any()
    assert_equal_samples([in_use], [expected])


def test_without_workers_to_share_with_the_memory_of_the_process_serves(root, monkeypatch, tmp_path):
    monkeypatch.setattr("paddleseg.datasets.pictures.make_memory_cache", lambda _: memory_cache.ProcessMemoryCache())
    dataset = make(root, "ram", mode="val")
    dataset.open_cache()
    reads = count_reads(monkeypatch, tmp_path)
    for _ in range(2):
        for sample in samples(dataset):
            sample["img"][...] = 0
    assert reads() == [0, 1, 2, 3, 4]
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(root / "images/1.png")
    assert_equal_samples(samples(dataset), samples(make(root, "none", mode="val")))


@ON_LINUX
def test_full_memory_is_one_warning(root, monkeypatch, capfd):
    monkeypatch.setattr(memory_cache, "memory_bytes", lambda: (10**6, 10**8))
    dataset = make(root, "ram")
    assert_equal_samples(samples(dataset, 2), samples(make(root, "none"), 2))
    assert capfd.readouterr().out.count("nothing more is kept in memory") == 1


def test_available_memory_is_that_of_the_container_if_it_has_a_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(memory_cache, "_CONTAINER", tmp_path)
    free, total = memory_cache.memory_bytes()
    assert 0 < free <= total
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_cache.memory_bytes()[1] == total
    (tmp_path / "memory.max").write_text("50000000\n")
    (tmp_path / "memory.stat").write_text("anon 10000000\nfile 30000000\nshmem 5000000\n")
    assert memory_cache.memory_bytes() == (35000000, 50000000)


@ON_LINUX
def test_a_python_without_memfd_create_uses_that_of_the_c_library(root, monkeypatch, tmp_path):
    monkeypatch.delattr(os, "memfd_create")
    dataset, expected = make(root, "ram"), samples(make(root, "none"))
    assert_equal_samples(samples(dataset), expected)
    reads = count_reads(monkeypatch, tmp_path)
    assert in_processes(lambda: assert_equal_samples(samples(dataset), expected)) == [0]
    assert reads() == []


@ON_LINUX
def test_where_no_more_can_be_mapped_files_are_read_with_one_warning(root, monkeypatch, capfd):
    dataset, expected = make(root, "ram"), samples(make(root, "none"))
    samples(dataset)

    def full(*arguments, **options):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(memory_cache.mmap, "mmap", full)
    assert_equal_samples(samples(dataset), expected)
    assert capfd.readouterr().out.count("nothing more is kept in memory (Cannot allocate memory)") == 1
