# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of samples for training and evaluation, read in this process or in workers.

Workers live as long as the iteration: a whole training, or one evaluation, for which starting them takes some 30 ms.
Each reads up to two batches ahead, so that reading and computing overlap.

paddle's loader is used only for its workers and shared memory. Two of its habits are worked around (seen with
2.6.2 and 3.3.1): without workers it hangs when a data set raises, so then the batches are made here; with
workers it replaces the exception by a general one, so workers send errors back as values.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import cv2
import numpy as np
import paddle

from paddleseg.datasets.pictures import PictureDataset
from paddleseg.datasets.sampler import EpochBatchSampler
from paddleseg.transforms.functional import without_uint16
from paddleseg.utils import errors
from paddleseg.utils.errors import DataError, UserError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.parent_process import end_with_parent, heed_sigterm_of_parent_alone
from paddleseg.utils.seeding import sample_rng

# paddle.Tensor "img" (N, H, W, C) in the pictures' dtype, float32 for 16 bits, and "label" (N, H, W) uint8 (absent
# without labels); lists "paths", "index" and "trans_info" with one entry per sample.
Batch = dict[str, Any]
ImageKind = tuple[tuple[int, ...], str]
"""Shape (H, W, C) and name of the dtype of a picture."""

# How often the loader checks for dead workers, in seconds.
_WORKER_CHECK_SECONDS = 5

# Where workers put batches, and how many each of them has there: paddle's default of two read ahead.
_SHARED_MEMORY = "/dev/shm"
_BATCHES_PER_WORKER = 2

# paddle.io.DataLoader (2.6.2 and 3.3.1) reads in the main process there, whatever num_workers says.
_PLATFORMS_WITHOUT_WORKERS = ("darwin", "win32")


def train_batches(
    dataset: PictureDataset, sampler: EpochBatchSampler, *, seed: int, num_workers: int
) -> Iterator[Batch]:
    """Yield the training batches that the sampler names.

    A batch depends only on seed, epoch and positions, not on the number of workers.

    Args:
        dataset: The training data; all samples must have the same size after the transforms.
        sampler: Names the samples of each batch.
        seed: Seed of the run, for the samples' random transforms.
        num_workers: Processes that read ahead; 0 reads in this one.

    Yields:
        Batches, see ``Batch``; "index" is the position in the data set.

    Raises:
        DataError: A sample cannot be read or has another size than the rest of its batch.
    """
    tasks = _Samples(dataset, seed)
    for group in _load(tasks, sampler, collate_one_size, num_workers):
        yield from group


def eval_batches(
    dataset: PictureDataset,
    batch_size: int = 1,
    num_workers: int = 0,
    rank: int = 0,
    world_size: int = 1,
) -> Iterator[Batch]:
    """Yield the whole data set once, in order; over all ranks every picture occurs once.

    Args:
        dataset: The evaluation data.
        batch_size: Largest batch; only consecutive pictures of one size (after the transforms) and labels of
            one size share a batch.
        num_workers: Processes that read ahead; 0 reads in this one.
        rank: This process; it takes every ``world_size``-th picture.
        world_size: Number of processes.

    Yields:
        Batches, see ``Batch``.

    Raises:
        DataError: A sample cannot be read.
    """
    keys = [(0, index) for index in range(rank, len(dataset), world_size)]
    chunks = [keys[start : start + batch_size] for start in range(0, len(keys), batch_size)]
    for group in _load(_Samples(dataset, seed=0), chunks, _collate_by_size, num_workers):
        yield from group


class _Samples:
    """The data set in the form for paddle's loader: indexed by (epoch, position), errors returned as values."""

    def __init__(self, dataset: PictureDataset, seed: int) -> None:
        self.dataset = dataset
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: tuple[int, int]) -> dict[str, Any] | _Failure:
        epoch, position = key
        index = position % len(self.dataset)
        try:
            sample = self.dataset.sample(index, sample_rng(self.seed, epoch, position))
        except Exception as error:
            return _Failure(error)
        sample["index"] = index
        return sample


class _Failure:
    """An exception on its way from a worker to the main process, as text."""

    def __init__(self, error: Exception) -> None:
        self.is_user_error = isinstance(error, UserError)
        self.class_name = type(error).__name__
        self.message = str(error) if self.is_user_error else traceback.format_exc()

    def to_batch(self) -> Batch:
        # paddle's queue requires at least one array in a worker's message.
        fields = {"class": self.class_name if self.is_user_error else "", "message": self.message}
        return {"img": np.zeros(1, np.uint8), "error": json.dumps(fields)}


def _load(
    tasks: _Samples, key_lists: Iterable[list[tuple[int, int]]], collate: Any, num_workers: int
) -> Iterator[list[Batch]]:
    tasks.dataset.open_cache()  # before the workers, which share it
    if num_workers > 0 and sys.platform in _PLATFORMS_WITHOUT_WORKERS:
        get_logger().warning("Paddle cannot load data in processes on %s; num_workers is 0", sys.platform)
        num_workers = 0
    if num_workers == 0:
        groups = (collate([tasks[key] for key in keys]) for keys in key_lists)
    else:
        groups = _load_with_workers(tasks, key_lists, collate, num_workers)
    for group in groups:
        yield [finish_batch(batch) for batch in group]


def _load_with_workers(
    tasks: _Samples, key_lists: Iterable[list[tuple[int, int]]], collate: Any, num_workers: int
) -> Iterator[list[Batch]]:
    loader = paddle.io.DataLoader(
        tasks,
        batch_sampler=key_lists,
        collate_fn=collate,
        num_workers=num_workers,
        timeout=_WORKER_CHECK_SECONDS,
        worker_init_fn=partial(_prepare_worker, parent=os.getpid()),
    )
    handler = signal.getsignal(signal.SIGCHLD)
    batches = iter(loader)
    # paddle raises from a SIGCHLD handler, wherever the main thread happens to be. Without it the loader's thread finds
    # a dead worker, and the error is raised where the next batch is requested.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, handler)
    is_first = True
    while True:
        try:
            group = next(batches)
        except StopIteration:
            return
        except (SystemError, RuntimeError) as error:
            raise DataError(
                f"one of {num_workers} data loading processes has died, probably because memory or shared memory "
                f"ran out ({_describe_shared_memory()}); use fewer with --num_workers, or 0"
            ) from error
        if is_first:
            is_first = False
            _check_shared_memory(group, num_workers)
        yield group


def _check_shared_memory(group: list[Batch], num_workers: int) -> None:
    """Warn when the batches that workers read ahead may not fit into shared memory, through which they are sent."""
    batch_bytes = sum(
        math.prod(value.shape) * value.element_size()
        for batch in group
        for value in batch.values()
        if isinstance(value, paddle.Tensor)
    )
    needed = batch_bytes * _BATCHES_PER_WORKER * num_workers
    if os.path.isdir(_SHARED_MEMORY) and shutil.disk_usage(_SHARED_MEMORY).total < needed:
        get_logger().warning(
            "%d workers may need %d MB of shared memory; %s. Enlarge it (docker run --shm-size) or use fewer with "
            "--num_workers, before one of them is killed",
            num_workers, needed // 2**20, _describe_shared_memory(),
        )  # fmt: skip


def _describe_shared_memory() -> str:
    if not os.path.isdir(_SHARED_MEMORY):
        return _SHARED_MEMORY
    usage = shutil.disk_usage(_SHARED_MEMORY)
    return f"{_SHARED_MEMORY} has {usage.total // 2**20} MB, {usage.free // 2**20} MB of them free"


def _prepare_worker(worker_id: int, *, parent: int) -> None:
    cv2.setNumThreads(0)  # the workers already share the cores
    # Ctrl-C, the launcher and schedulers signal whole groups or all processes of a job, but the main process needs its
    # workers to finish the step.
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    heed_sigterm_of_parent_alone()
    end_with_parent(parent)


def collate_one_size(samples: list[dict[str, Any] | _Failure]) -> list[Batch]:
    """Put the samples of a training batch together; errors are passed along, see ``finish_batch``."""
    failure = _first_failure(samples)
    if failure is not None:
        return [failure.to_batch()]
    first = samples[0]
    for sample in samples:
        if _size_key(sample) != _size_key(first):
            pair = ((kind_of(one["img"]), one["path"]) for one in (first, sample))
            return [_Failure(DataError(describe_difference(*pair))).to_batch()]
    return [_stack_samples(samples)]


def _collate_by_size(samples: list[dict[str, Any] | _Failure]) -> list[Batch]:
    failure = _first_failure(samples)
    if failure is not None:
        return [failure.to_batch()]
    return [_stack_samples(list(run)) for _, run in itertools.groupby(samples, key=_size_key)]


def _first_failure(samples: list[dict[str, Any] | _Failure]) -> _Failure | None:
    return next((sample for sample in samples if isinstance(sample, _Failure)), None)


def _size_key(sample: dict[str, Any]) -> tuple:
    label = sample.get("label")
    return sample["img"].shape, sample["img"].dtype.str, None if label is None else label.shape


def kind_of(image: np.ndarray) -> ImageKind:
    """The properties that pictures (H, W, C) of one batch share."""
    return image.shape, image.dtype.name


def describe_difference(first: tuple[ImageKind, str], other: tuple[ImageKind, str]) -> str:
    """Why two pictures, each as (kind, path), cannot be in one batch, and what to do."""
    ((first_shape, first_dtype), first_path), ((shape, dtype), path) = first, other
    if shape == first_shape and dtype != first_dtype:
        advice = "save all pictures with as many bits in each channel"
    else:
        advice = "end the training transforms with a fixed size (RandomPaddingCrop, RandomResizedCrop or Resize)"
    return (
        f"{path}: {_describe(shape, dtype)} after the transforms, but {first_path} is "
        f"{_describe(first_shape, first_dtype)}, and a batch takes one kind; {advice}"
    )


def _describe(shape: tuple[int, ...], dtype: str) -> str:
    height, width, channels = shape
    return f"{width}x{height} with {channels} channels of {dtype}"


def _stack_samples(samples: list[dict[str, Any]]) -> Batch:
    """Put samples of one size together, in the form that a worker sends."""
    batch: Batch = {"img": without_uint16(np.stack([sample["img"] for sample in samples]))}
    if "label" in samples[0]:
        batch["label"] = np.stack([sample["label"] for sample in samples])
    # paddle's queue takes nested lists apart and rebuilds them; one string passes as it is.
    batch["about"] = json.dumps(
        {
            "paths": [sample["path"] for sample in samples],
            "index": [sample["index"] for sample in samples],
            "trans_info": [sample["trans_info"] for sample in samples],
        }
    )
    return batch


def finish_batch(batch: Batch) -> Batch:
    """Raise the error in a batch, or unpack it and move it to the device."""
    if "error" in batch:
        error = json.loads(batch["error"])
        if error["class"]:
            raise getattr(errors, error["class"], DataError)(error["message"])
        raise RuntimeError(f"reading a sample failed:\n{error['message']}")
    about = json.loads(batch.pop("about"))
    about["trans_info"] = [[(kind, tuple(size)) for kind, size in steps] for steps in about["trans_info"]]
    for key in ("img", "label"):
        if isinstance(batch.get(key), np.ndarray):
            batch[key] = paddle.to_tensor(batch[key])
    return {**batch, **about}
