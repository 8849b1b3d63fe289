# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Training samples of classifiers per second and core, from files to arrays, against paddle.vision's transforms.

    python benchmark/class_data.py --json class_data.json

JPEG pictures of 500x375 pixels, ImageNet's mean size, to 224x224: a random resized crop (bicubic, antialiased), flip,
colour jitter and normalisation, the operators that both have.

* class_data: jitter of brightness, contrast, saturation and hue; ours ends with 8-bit arrays, as the device does the
  rest, so it does less here than paddle.vision, which normalises and transposes
* class_data_normalized: the same, but ours also normalises and transposes here: the ratio of equal work
* class_data_no_hue: as class_data without the hue, which timm's recipes do not jitter; the reference is paddle.vision
  without it
* class_data_recipe: our RandAugment and random erasing instead of the jitter, against the reference of the first line

paddle.vision runs on its pil backend and reads like its DatasetFolder. Each draws random numbers in its own way.
"""

from __future__ import annotations

import io
import itertools
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import numpy as np

from benchmark import common

SIZE_WH, CROP = (500, 375), 224
_MEAN, _STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
_HUE = 0.1
_NUM_PICTURES, _SAMPLES = 16, 64


def write_pictures(root: Path, count: int, size_wh: tuple[int, int] = SIZE_WH) -> None:
    """Draw street scenes and write them as JPEG files of two classes."""
    from PIL import Image

    from paddleseg.datasets import RoadScenes

    scenes = RoadScenes([], num_samples=count, size=size_wh)
    for index in range(count):
        folder = root / "train" / f"class{index % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        Image.fromarray(scenes.read(index)["img"]).save(buffer, "JPEG", quality=90)
        (folder / f"{index}.jpg").write_bytes(buffer.getvalue())


def make_dataset(root: Path, crop: int = CROP, *, hue: float = _HUE, whole_recipe: bool = False):
    """The class folders with the transforms that both sides have, or with all of the recipe."""
    from paddleseg import transforms as T
    from paddleseg.datasets import ImageFolder

    jitter = T.RandomDistort(0.4, 1, 0.4, 1, 0.4, 1, hue_range=256 * hue, hue_prob=1 if hue else 0)
    transforms = [T.RandomResizedCrop([crop, crop]), T.RandomHorizontalFlip()]
    transforms += [T.RandAugment(), T.RandomErasing()] if whole_recipe else [jitter]
    return ImageFolder("train", str(root), [*transforms, T.Normalize(_MEAN, _STD)], num_classes=2)


def paddle_vision(crop: int = CROP, hue: float = _HUE) -> Callable[[str], np.ndarray]:
    """From a file to a (3, H, W) float32 array, by paddle.vision."""
    from paddle.vision import transforms as V
    from PIL import Image

    run = V.Compose(
        [
            V.RandomResizedCrop(crop, interpolation="bicubic"),
            V.RandomHorizontalFlip(),
            V.ColorJitter(0.4, 0.4, 0.4, hue),
            V.Transpose(),
            V.Normalize([value * 255 for value in _MEAN], [value * 255 for value in _STD]),
        ]
    )

    def read(path: str) -> np.ndarray:
        with open(path, "rb") as file:
            return run(Image.open(file).convert("RGB"))

    return read


def candidates(root: Path, samples: int) -> dict[str, Callable[[], None]]:
    """All candidates, each as a function that makes the next ``samples`` samples."""
    datasets = {
        "ours": make_dataset(root),
        "ours_no_hue": make_dataset(root, hue=0),
        "recipe": make_dataset(root, whole_recipe=True),
    }
    files = [datasets["ours"].picture_name(index) for index in range(len(datasets["ours"]))]

    def sample(name: str, seed: int) -> np.ndarray:
        return datasets[name].sample(seed % len(files), np.random.default_rng(seed))["img"]

    def normalized(seed: int) -> np.ndarray:
        return datasets["ours"].pipeline.normalized_planes(sample("ours", seed))

    def from_file(read: Callable[[str], np.ndarray], seed: int) -> np.ndarray:
        return read(files[seed % len(files)])

    def repeated(make: Callable[[int], np.ndarray]) -> Callable[[], None]:
        seeds = itertools.count()
        return lambda: [make(next(seeds)) for _ in range(samples)]

    ways = {name: partial(sample, name) for name in datasets}
    ways["normalized"] = normalized
    ways["plain"] = partial(from_file, paddle_vision())
    ways["plain_no_hue"] = partial(from_file, paddle_vision(hue=0))
    return {name: repeated(make) for name, make in ways.items()}


def measure(root: Path, samples: int, rounds: int) -> list[common.Measurement]:
    """Samples per second of all candidates, taking turns."""
    seconds = common.median_seconds(candidates(root, samples), rounds)
    rates = {name: samples / value for name, value in seconds.items()}
    lines = {
        "class_data": ("ours", "plain"),
        "class_data_normalized": ("normalized", "plain"),
        "class_data_no_hue": ("ours_no_hue", "plain_no_hue"),
        "class_data_recipe": ("recipe", "plain"),
    }
    return [
        common.compare(name, "images/s", rates[ours], rates[reference], higher_is_better=True)
        for name, (ours, reference) in lines.items()
    ]


def main() -> None:
    """Measure and report."""
    arguments = common.start(__doc__)
    with tempfile.TemporaryDirectory() as name:
        write_pictures(Path(name), _NUM_PICTURES)
        common.report(measure(Path(name), _SAMPLES, arguments.repeats or 7), arguments)


if __name__ == "__main__":
    main()
