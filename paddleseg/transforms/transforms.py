# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Normalisation and resizing, with PaddleSeg's names, arguments and defaults.

Deployment uses these and ``padding.py`` as well as training; what is random is in ``augmentation.py`` and
``random_*.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import functional
from paddleseg.transforms.checks import (
    check_length,
    check_limits,
    check_numbers,
    check_size,
)
from paddleseg.transforms.sample import Sample, resize_and_record
from paddleseg.utils.errors import ConfigError

_INTERPOLATIONS = {
    "NEAREST": cv2.INTER_NEAREST,
    "LINEAR": cv2.INTER_LINEAR,
    "CUBIC": cv2.INTER_CUBIC,
    "AREA": cv2.INTER_AREA,
    "LANCZOS4": cv2.INTER_LANCZOS4,
}


_SMALLEST_STD = 1e-6


@TRANSFORMS.add_component
class Normalize:
    """(x / 255 - mean) / std per channel, in float32.

    At the end of a pipeline it is taken out and run on the device, on the whole batch; both ways compute
    ``(x - shift) * scale`` in float32 and agree bit for bit.

    Args:
        mean: Mean of each channel in units of 255; one number serves all channels.
        std: Standard deviation of each channel in units of 255, above 0.
    """

    def __init__(self, mean: Sequence[float] = (0.5,), std: Sequence[float] = (0.5,)) -> None:
        self.mean = [float(value) for value in check_numbers("Normalize.mean", mean)]
        self.std = [float(value) for value in check_numbers("Normalize.std", std)]
        if min(self.std) < _SMALLEST_STD:
            raise ConfigError(f"Normalize.std: {self.std} has a value that is not above 0 (at least {_SMALLEST_STD:g})")
        if len(self.mean) != len(self.std) and 1 not in (len(self.mean), len(self.std)):
            raise ConfigError(
                f"Normalize: mean has {len(self.mean)} values and std {len(self.std)}; give one per channel to both"
            )
        # (C,) float32 each, or (1,) for all channels.
        self.shift = (np.asarray(self.mean) * 255.0).astype(np.float32)
        self.scale = (1.0 / (np.asarray(self.std) * 255.0)).astype(np.float32)

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Normalise an (H, W, C) picture of any dtype to float32."""
        self.check_channels(image.shape[2])
        normalized = image.astype(np.float32)
        normalized -= self.shift
        normalized *= self.scale
        return normalized

    def check_channels(self, channels: int) -> None:
        """Raise ConfigError if there is neither one value for all channels nor one for each."""
        given = max(len(self.mean), len(self.std))
        if given not in (1, channels):
            raise ConfigError(f"Normalize: {given} values of mean or std for pictures of {channels} channels")

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        sample["img"] = self.apply(sample["img"])
        return sample


@TRANSFORMS.add_component
class Resize:
    """Resize to a given size.

    Args:
        target_size: [width, height].
        keep_ratio: Keep the aspect ratio: the largest size whose long side is not above the longer number of
            ``target_size`` and whose short side is not above the shorter one.
        size_divisor: Round width and height up to multiples of this.
        interp: NEAREST, LINEAR, CUBIC, AREA, LANCZOS4, or RANDOM for one of them drawn anew each time. Labels
            are always resized by nearest neighbour.
    """

    def __init__(
        self,
        target_size: Sequence[int] = (512, 512),
        keep_ratio: bool = False,
        size_divisor: int | None = None,
        interp: str = "LINEAR",
    ) -> None:
        self.target_size = check_size("Resize.target_size", target_size)
        if interp != "RANDOM" and interp not in _INTERPOLATIONS:
            raise ConfigError(f"Resize.interp: {interp!r} is unknown; known: {', '.join(_INTERPOLATIONS)}, RANDOM")
        if size_divisor is not None:
            check_length("Resize.size_divisor", size_divisor)
        self.keep_ratio = keep_ratio
        self.size_divisor = size_divisor
        self.interp = interp
        self.is_random = interp == "RANDOM"

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        interp = self.interp
        if interp == "RANDOM":
            interp = list(_INTERPOLATIONS)[rng.integers(len(_INTERPOLATIONS))]
        size_wh = self.target_size
        if self.keep_ratio:
            sides = sample["img"].shape[:2]
            scale = min(max(size_wh) / max(sides), min(size_wh) / min(sides))
            size_wh = functional.scaled_size(sample["img"], scale)
        if self.size_divisor is not None:
            size_wh = tuple(math.ceil(side / self.size_divisor) * self.size_divisor for side in size_wh)
        return resize_and_record(sample, size_wh, _INTERPOLATIONS[interp])


@TRANSFORMS.add_component
class ResizeByLong:
    """Resize so that the long side has ``long_size`` pixels; the aspect ratio is kept."""

    def __init__(self, long_size: int) -> None:
        self.long_size = check_length("ResizeByLong.long_size", long_size)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        scale = self.long_size / max(sample["img"].shape[:2])
        return resize_and_record(sample, functional.scaled_size(sample["img"], scale))


@TRANSFORMS.add_component
class ResizeByShort:
    """Resize so that the short side has ``short_size`` pixels; the aspect ratio is kept.

    Args:
        short_size: Length of the short side; of several, one is drawn for each sample.
        max_size: The long side does not get longer than this; the short side is then smaller.
    """

    def __init__(self, short_size: int | Sequence[int], max_size: float = 1e10) -> None:
        sizes = short_size if isinstance(short_size, (list, tuple)) else [short_size]
        if not sizes:
            raise ConfigError("ResizeByShort.short_size: the list is empty; give at least one length")
        self.short_sizes = [check_length("ResizeByShort.short_size", size) for size in sizes]
        if max_size < 1:
            raise ConfigError(f"ResizeByShort.max_size: {max_size} must be at least 1")
        self.max_size = max_size
        self.is_random = len(self.short_sizes) > 1

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        short_size = self.short_sizes[0]
        if len(self.short_sizes) > 1:
            short_size = self.short_sizes[rng.integers(len(self.short_sizes))]
        short, long = sorted(sample["img"].shape[:2])
        if short_size / short * long > self.max_size:
            short_size = int(self.max_size / long * short)
        return resize_and_record(sample, functional.scaled_size(sample["img"], short_size / short))


@TRANSFORMS.add_component
class LimitLong:
    """Resize only if the long side is outside the limits; the aspect ratio is kept.

    Args:
        max_long: A longer long side is resized to this.
        min_long: A shorter long side is resized to this.
    """

    def __init__(self, max_long: int | None = None, min_long: int | None = None) -> None:
        self.max_long, self.min_long = check_limits("LimitLong", "long", max_long, min_long)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return _limit_side(sample, max(sample["img"].shape[:2]), self.max_long, self.min_long)


@TRANSFORMS.add_component
class LimitShort:
    """Resize only if the short side is outside the limits; the aspect ratio is kept.

    Args:
        max_short: A longer short side is resized to this.
        min_short: A shorter short side is resized to this.
    """

    def __init__(self, max_short: int | None = None, min_short: int | None = None) -> None:
        self.max_short, self.min_short = check_limits("LimitShort", "short", max_short, min_short)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return _limit_side(sample, min(sample["img"].shape[:2]), self.max_short, self.min_short)


def _limit_side(sample: Sample, side: int, longest: int | None, shortest: int | None) -> Sample:
    target = side
    if longest is not None and side > longest:
        target = longest
    elif shortest is not None and side < shortest:
        target = shortest
    if target == side:
        return sample
    return resize_and_record(sample, functional.scaled_size(sample["img"], target / side))
