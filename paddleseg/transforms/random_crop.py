# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cuts for training classifiers: a random part of the picture, and erased rectangles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import functional
from paddleseg.transforms.center_crop import SmoothInterpolation
from paddleseg.transforms.limits import SideRatio, order_faults
from paddleseg.transforms.sample import Sample, change_both, resize_smoothly
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.type_hints import Probability, Share, Size

_ATTEMPTS = 10
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's


@TRANSFORMS.add_component
class RandomResizedCrop:
    """Cut out a random part of random area and shape, and resize it (Szegedy et al. 2015, section 6).

    The part is cut out first, so nothing outside it has an influence. After ``10`` parts that do not fit into the
    picture, the largest central one of an allowed shape is taken.

    Args:
        size: [width, height] of the result.
        scale: Smallest and largest area of the part, as shares of the picture's.
        ratio: Smallest and largest width / height of the part; its logarithm is drawn.
        interp: CUBIC or LINEAR, antialiased where pictures get smaller, as Pillow's ``Image.resize`` does it.
    """

    is_random = True

    @checks_arguments
    def __init__(
        self,
        size: Size = (224, 224),
        scale: tuple[Share, Share] = (0.08, 1.0),
        ratio: tuple[SideRatio, SideRatio] = (3 / 4, 4 / 3),
        interp: SmoothInterpolation = "CUBIC",
    ) -> None:
        self.size = tuple(map(int, size))
        self.scale, self.ratio = tuple(map(float, scale)), tuple(map(float, ratio))
        self.interp = interp

    @staticmethod
    def faults(scale: Sequence[float], ratio: Sequence[float], **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        return _order(scale=scale, ratio=ratio)

    def draw_window(self, size_hw: Sequence[int], rng: np.random.Generator) -> tuple[int, int, int, int]:
        """Draw the part of a picture of ``size_hw``: (top, left, height, width)."""
        height, width = size_hw
        for _ in range(_ATTEMPTS):
            shape = _draw_shape(height * width, self.scale, self.ratio, rng)
            if 0 < shape[0] <= height and 0 < shape[1] <= width:
                return int(rng.integers(height - shape[0] + 1)), int(rng.integers(width - shape[1] + 1)), *shape
        ratio = min(max(width / height, self.ratio[0]), self.ratio[1])
        shape = min(height, max(round(width / ratio), 1)), min(width, max(round(height * ratio), 1))
        return (height - shape[0]) // 2, (width - shape[1]) // 2, *shape

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        top, left, height, width = self.draw_window(sample["img"].shape[:2], rng)
        change_both(sample, lambda array: functional.crop(array, (top, left), (width, height)))
        return resize_smoothly(sample, self.size, self.interp)


@TRANSFORMS.add_component
class RandomErasing:
    """Fill a random rectangle with noise (Zhong et al. 2020, arXiv 1708.04896); label maps stay as they are.

    The noise is normal about ``mean``, independent for each pixel, so that it is standard noise after a ``Normalize``
    with the same numbers; in 8 bits values beyond black and white are clipped.

    Args:
        prob: Probability of erasing a part of a picture.
        area: Smallest and largest area, as shares of the picture's.
        ratio: Smallest and largest height / width; its logarithm is drawn.
        mean: Mean of the noise in units of 255, one number or one per channel; ImageNet's by default.
        std: Standard deviation of the noise, likewise.
    """

    is_random = True

    @checks_arguments
    def __init__(
        self,
        prob: Probability = 0.25,
        area: tuple[Share, Share] = (0.02, 1 / 3),
        ratio: tuple[SideRatio, SideRatio] = (0.3, 1 / 0.3),
        mean: Sequence[Probability] = _MEAN,
        std: Sequence[Share] = _STD,
    ) -> None:
        self.prob = prob
        self.area, self.ratio = tuple(map(float, area)), tuple(map(float, ratio))
        self.mean, self.std = (np.asarray(values, np.float32) * 255 for values in (mean, std))

    @staticmethod
    def faults(
        area: Sequence[float], ratio: Sequence[float], mean: Sequence[float], std: Sequence[float], **_: Any
    ) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        yield from _order(area=area, ratio=ratio)
        if not mean or len(mean) != len(std):
            yield "std", f"mean has {len(mean)} values and std {len(std)}; give as many to both, at least one"

    def check_channels(self, channels: int) -> None:
        """Raise ConfigError if there is neither one value for all channels nor one for each."""
        if len(self.mean) not in (1, channels):
            raise ConfigError(
                f"RandomErasing: {len(self.mean)} values of mean and std for pictures of {channels} channels; give "
                "one, or one per channel"
            )

    def draw_window(self, size_hw: Sequence[int], rng: np.random.Generator) -> tuple[int, int, int, int] | None:
        """Draw the rectangle in a picture of ``size_hw``: (top, left, height, width); None: nothing is erased."""
        if rng.random() >= self.prob:
            return None
        height, width = size_hw
        for _ in range(_ATTEMPTS):
            across, down = _draw_shape(height * width, self.area, self.ratio, rng)
            if 0 < down < height and 0 < across < width:
                return int(rng.integers(height - down + 1)), int(rng.integers(width - across + 1)), down, across
        return None

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        image = sample["img"]
        self.check_channels(image.shape[2])
        window = self.draw_window(image.shape[:2], rng)
        if window is not None:
            top, left, height, width = window
            noise = rng.standard_normal((height, width, image.shape[2]), np.float32) * self.std + self.mean
            image = image.copy()  # a cached picture is not ours to write to
            image[top : top + height, left : left + width] = functional.in_range(noise, image.dtype)
            sample["img"] = image
        return sample


def _draw_shape(
    pixels: int, areas: Sequence[float], ratios: Sequence[float], rng: np.random.Generator
) -> tuple[int, int]:
    """Two sides with an area between two shares of ``pixels`` and a ratio, second / first, within ``ratios``."""
    area = pixels * rng.uniform(*areas)
    ratio = math.exp(rng.uniform(math.log(ratios[0]), math.log(ratios[1])))
    return round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))


def _order(**ranges: Sequence[float]) -> Iterator[Fault]:
    for name, (low, high) in ranges.items():
        for _, fault in order_faults(lower=low, upper=high):
            yield name, fault
