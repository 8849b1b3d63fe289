# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Training samples per second, from files to arrays, against PaddleSeg's plain order of work.

    python benchmark/data.py --json data.json

* data_png: PNG pictures of 2048x1024 pixels and about 3 MB, to samples of 1024x1024 with all colours changed at random
* data_cached: the same with the pictures in the decoded cache on disk
* data_camvid_cached: CamVid's pictures (or drawn ones of the same size), to 360x360, cached

Both sides read the same files with the same random numbers. Ours ends with 8-bit arrays, as the device does the rest;
its time on the CPU is part of the training step's benchmark.
"""

from __future__ import annotations

import io
import itertools
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import numpy as np

from benchmark import common

_SCALES = {"min_scale_factor": 0.5, "max_scale_factor": 2.0, "scale_step_size": 0.25}
_STREET_WH, _STREET_CROP = (2048, 1024), (1024, 1024)
_CAMVID_WH, _CAMVID_CROP = (480, 360), (360, 360)
# Pictures of each kind; few, so that drawing them takes seconds.
_NUM_STREETS, _NUM_CAMVID = 4, 32


def write_pictures(folder: Path, count: int, size_wh: tuple[int, int]) -> None:
    """Draw street scenes and write them as PNG files with a list, ``train.txt``."""
    from PIL import Image

    from paddleseg.datasets import RoadScenes

    scenes = RoadScenes([], num_samples=count, size=size_wh)
    lines = []
    for index in range(count):
        sample = scenes.read(index)
        names = f"picture{index}.png", f"label{index}.png"
        for name, array in zip(names, (sample["img"], sample["label"])):
            buffer = io.BytesIO()
            Image.fromarray(array).save(buffer, "PNG")
            (folder / name).write_bytes(buffer.getvalue())
        lines.append(" ".join(names))
    (folder / "train.txt").write_text("\n".join(lines) + "\n")


def make_dataset(folder: Path, crop_wh: tuple[int, int], num_classes: int, cache_dir: Path | None):
    """A data set of the folder's pictures with the usual training transforms, cached if a folder is given."""
    from paddleseg import transforms as T
    from paddleseg.datasets import Dataset

    transforms = [
        T.ResizeStepScaling(**_SCALES),
        T.RandomPaddingCrop(crop_wh),
        T.RandomHorizontalFlip(),
        T.RandomDistort(),
        T.Normalize(),
    ]
    cache = {} if cache_dir is None else {"cache": "disk", "cache_dir": str(cache_dir)}
    return Dataset("train", str(folder), transforms, num_classes, train_path="train.txt", **cache)


def samplers(dataset, crop_wh: tuple[int, int], samples: int) -> dict[str, Callable[[], None]]:
    """Our way and the plain one, each as a function that makes the next ``samples`` samples."""
    from benchmark.reference_data import plain_sample

    steps = np.arange(_SCALES["min_scale_factor"], _SCALES["max_scale_factor"] + 0.01, _SCALES["scale_step_size"])

    def ours(seed: int) -> None:
        sample = dataset.sample(seed % len(dataset), np.random.default_rng(seed))
        np.stack([sample["img"]]), np.stack([sample["label"]])

    def plain(seed: int) -> None:
        paths = dataset.file_list[seed % len(dataset)]
        image, label = plain_sample(*paths, np.random.default_rng(seed), steps.tolist(), crop_wh)
        np.stack([image]), np.stack([label])

    def repeated(make: Callable[[int], None]) -> Callable[[], None]:
        seeds = itertools.count()
        return lambda: [make(next(seeds)) for _ in range(samples)]

    return {"ours": repeated(ours), "plain": repeated(plain)}


def measure(name: str, dataset, crop_wh: tuple[int, int], samples: int, rounds: int) -> common.Measurement:
    """Samples per second of both ways; the first round, which fills the cache, is not timed."""
    for index in range(len(dataset)):
        dataset.sample(index, np.random.default_rng(index))
    seconds = common.median_seconds(samplers(dataset, crop_wh, samples), rounds)
    return common.compare(
        name, "images/s", samples / seconds["ours"], samples / seconds["plain"], higher_is_better=True
    )


def camvid_folder(temporary: Path) -> Path:
    """CamVid's own folder, or drawn pictures of its size."""
    from paddleseg.datasets.camvid import find_root
    from paddleseg.utils.errors import DataError

    try:
        return Path(find_root())
    except DataError:
        folder = temporary / "camvid"
        folder.mkdir()
        write_pictures(folder, _NUM_CAMVID, _CAMVID_WH)
        return folder


def main() -> None:
    """Measure all three and report."""
    arguments = common.start(__doc__)
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        streets = temporary / "streets"
        streets.mkdir()
        write_pictures(streets, _NUM_STREETS, _STREET_WH)
        camvid = camvid_folder(temporary)
        decoded = make_dataset(streets, _STREET_CROP, 19, None)
        cached = make_dataset(streets, _STREET_CROP, 19, temporary / "cache")
        small = make_dataset(camvid, _CAMVID_CROP, 19, temporary / "cache")
        # Each round makes samples at many scales with many colour changes: their times differ by a factor of 5.
        rounds = arguments.repeats or 5
        measurements = [
            measure("data_png", decoded, _STREET_CROP, 16, rounds),
            measure("data_cached", cached, _STREET_CROP, 16, rounds),
            measure("data_camvid_cached", small, _CAMVID_CROP, 64, rounds),
        ]
        common.report(measurements, arguments)


if __name__ == "__main__":
    main()
