# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests of the decoded cache."""

import multiprocessing
import os
import signal
import sys

import numpy as np
import pytest

from paddleseg import transforms as T
from paddleseg.datasets import Dataset, SegmentationDataset

KINDS = pytest.mark.parametrize("kind", ["disk", "ram"])
ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="needs Linux: forks processes, as the workers that read data do there"
)
SIZES = [(32, 24), (40, 30), (20, 50), (64, 16), (32, 24)]


def make(root, cache, *, mode="train", **changes):
    transforms = [T.ResizeStepScaling(0.5, 2.0), T.RandomPaddingCrop([16, 16]), T.RandomDistort(), T.Normalize()]
    if mode == "val":
        transforms = []
    options = {"num_classes": 4, "train_path": "train.txt", "val_path": "train.txt", "cache": cache, **changes}
    return Dataset(mode, str(root), transforms, **options)


def samples(dataset, epochs=1):
    rngs = [np.random.default_rng(seed) for seed in range(epochs * len(dataset))]
    return [dataset.sample(seed % len(dataset), rng) for seed, rng in enumerate(rngs)]


def assert_equal_samples(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert one.keys() == other.keys()
        for key in ("img", "label"):
            assert one[key].dtype == other[key].dtype
            np.testing.assert_array_equal(one[key], other[key])
        assert (one["path"], one["trans_info"]) == (other["path"], other["trans_info"])


def count_reads(monkeypatch, tmp_path, kind=SegmentationDataset):
    """Note each decoding in a file, so that those of forked processes count too."""
    log, read = tmp_path / "reads", kind.read
    log.touch()

    def noted(self, index):
        with open(log, "a") as file:
            file.write(f"{index}\n")
        return read(self, index)

    monkeypatch.setattr(kind, "read", noted)
    return lambda: sorted(map(int, log.read_text().split()))


def in_processes(*functions):
    """Run functions in forked processes side by side; give their exit codes."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=function) for function in functions]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def die():
    os.kill(os.getpid(), signal.SIGKILL)
