# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of reading training data goes, whether training waits for it, and what to change."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle

from paddleseg.datasets.loader import collate_one_size, finish_batch
from paddleseg.datasets.pictures import PictureDataset
from paddleseg.utils.progress import tracked
from paddleseg.utils.seeding import sample_rng

_NO_WAIT = 0.05
"""Share of the time below which waiting is not worth a change."""


@dataclass(frozen=True)
class DataProfile:
    """Milliseconds per picture in one process, means over the measured pictures.

    Attributes:
        decode: Reading and decoding picture and label, or finding them in the cache.
        augmentation: All transforms.
        transforms: Each transform by its name, those that are fused under one name.
        collate: Putting a batch together.
        transfer: Turning it into tensors on the device; the training process does this itself.
        batch_size: Pictures in a batch.
        num_pictures: Measured pictures.
    """

    decode: float
    augmentation: float
    transforms: dict[str, float]
    collate: float
    transfer: float
    batch_size: int
    num_pictures: int

    @property
    def in_workers(self) -> float:
        """The work of the workers, in milliseconds per picture."""
        return self.decode + self.augmentation + self.collate


def profile_data(dataset: PictureDataset, batch_size: int, num_batches: int, seed: int = 0) -> DataProfile:
    """Read batches in this process and time each part.

    Without a cache each picture may come from the disk or from the system's memory, as in training. An enabled cache is
    first filled with the pictures that are needed.

    Raises:
        UserError: A sample cannot be read, or samples of one batch differ in size.
    """
    dataset.open_cache()
    order = np.random.default_rng(seed).permutation(len(dataset))
    indices = [int(order[position % len(dataset)]) for position in range(batch_size * num_batches)]
    if dataset.cache_kind != "none":
        for index in set(indices):
            dataset.read_through_cache(index)
    names, steps = _named(dataset.pipeline.steps)
    seconds = {part: 0.0 for part in ("decode", "collate", "transfer", *names)}

    def timed(part: str, function: Callable[..., Any], *arguments: Any) -> Any:
        begin = time.perf_counter()
        result = function(*arguments)
        seconds[part] += time.perf_counter() - begin
        return result

    for start in tracked(range(0, len(indices), batch_size), "reading", "batch"):
        samples = []
        for position, index in enumerate(indices[start : start + batch_size], start):
            sample = timed("decode", dataset.read_through_cache, index)
            # As ``dataset.sample`` does it: the class of a whole picture is not a map that can be cropped.
            unmoved = {} if dataset.labels_move or "label" not in sample else {"label": sample.pop("label")}
            rng = sample_rng(seed, 0, position)
            for name, step in zip(names, steps):
                sample = timed(name, step, sample, rng)
            samples.append({**sample, **unmoved, "index": index})
        [batch] = timed("collate", collate_one_size, samples)
        timed("transfer", _to_device, batch)
    milliseconds = {part: 1000 * value / len(indices) for part, value in seconds.items()}
    transforms = {name: milliseconds[name] for name in names}
    return DataProfile(
        decode=milliseconds["decode"],
        augmentation=sum(transforms.values()),
        transforms=transforms,
        collate=milliseconds["collate"],
        transfer=milliseconds["transfer"],
        batch_size=batch_size,
        num_pictures=len(indices),
    )


def measure_step(step: Callable[[], Any], repeats: int = 3) -> float:
    """Median seconds of a training step, after one that is not counted."""
    seconds = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        step()
        _wait_for_device()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds[1:])


def waiting_share(profile: DataProfile, step_seconds: float, num_workers: int) -> float:
    """Share of the training's time in which it waits for data.

    Workers read while the training computes, and share the work; without them the two alternate. Competition for cores
    between workers and training is not accounted for.

    Args:
        profile: What reading costs.
        step_seconds: Time of a step whose batch is ready.
        num_workers: Processes that read.
    """
    transfer = profile.transfer * profile.batch_size / 1000
    reading = profile.in_workers * profile.batch_size / 1000
    if num_workers == 0:
        return (reading + transfer) / (reading + transfer + step_seconds)
    total = max(step_seconds + transfer, reading / num_workers)
    return (total - step_seconds) / total


def advise(
    profile: DataProfile, step_seconds: float, num_workers: int, cores: int, cache_kind: str | None = "none"
) -> list[str]:
    """What to change, the most helpful first; one line each. ``cache_kind`` is None where no cache is possible."""
    share = waiting_share(profile, step_seconds, num_workers)
    if share < _NO_WAIT:
        return ["nothing: reading keeps up with the training"]
    lines = []
    if cache_kind == "none" and profile.decode > 0.3 * profile.in_workers:
        lines.append(
            f"decoding takes {profile.decode / profile.in_workers:.0%} of the reading: keep the decoded pictures with "
            "train_dataset.cache: disk (or ram)"
        )
    enough = math.ceil(profile.in_workers * profile.batch_size / 1000 / step_seconds)
    most = max(cores, 1)
    if enough > num_workers and num_workers < most:
        limit = "" if enough <= most else f", all cores of this machine; {enough} would be needed to keep up"
        lines.append(f"read with more processes: --num_workers {min(enough, most)}{limit}")
    if profile.transforms and profile.augmentation > 0.3 * profile.in_workers:
        name, cost = max(profile.transforms.items(), key=lambda item: item[1])
        lines.append(
            f"of the transforms {name} takes most, {cost:.1f} of {profile.in_workers:.1f} ms per picture: do without "
            "it, or lower its probabilities"
        )
    if profile.transfer * profile.batch_size / 1000 > _NO_WAIT * step_seconds:
        lines.append(
            f"moving a batch takes {profile.transfer * profile.batch_size:.1f} ms of the training's own time: keep "
            "pictures in 8 bits (Normalize last), and crop smaller"
        )
    return lines or ["nothing in the configuration: the machine has too few or too slow cores for this network"]


def _named(steps: Sequence[Callable[..., Any]]) -> tuple[list[str], list[Callable[..., Any]]]:
    """Steps with a name each; the second of equal names gets the number 2, and so on."""
    names: list[str] = []
    for step in steps:
        name = getattr(step, "name", type(step).__name__)
        count = sum(known.split(" #")[0] == name for known in names)
        names.append(name if count == 0 else f"{name} #{count + 1}")
    return names, list(steps)


def _to_device(batch: dict[str, Any]) -> None:
    finish_batch(batch)
    _wait_for_device()


def _wait_for_device() -> None:
    if paddle.device.get_device() != "cpu":
        paddle.device.synchronize()
