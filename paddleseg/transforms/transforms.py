# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Normalisation and resizing, with PaddleSeg's names, arguments and defaults.

Deployment uses these and ``padding.py`` as well as training; random transforms are in ``augmentation.py`` and
``random_*.py``.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import cv2
import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import functional
from paddleseg.transforms.limits import PixelNumber, at_least, order_faults
from paddleseg.transforms.sample import Sample, resize_and_record
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.type_hints import Bound, SideLength, Size


def __getattr__(name: str) -> Any:
    # PaddleSeg has all transforms in this module.
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("paddleseg.transforms"), name)


_INTERPOLATIONS = {
    "NEAREST": cv2.INTER_NEAREST,
    "LINEAR": cv2.INTER_LINEAR,
    "CUBIC": cv2.INTER_CUBIC,
    "AREA": cv2.INTER_AREA,
    "LANCZOS4": cv2.INTER_LANCZOS4,
}
Interpolation = Literal["NEAREST", "LINEAR", "CUBIC", "AREA", "LANCZOS4", "RANDOM"]
_ROWS_AT_ONCE = 16  # of three channels and 2048 columns: 400 kB
Deviation = Annotated[float, Bound(1e-6, 1e6, "from 0.000001 to 1000000")]


@TRANSFORMS.add_component
class Normalize:
    """(x / 255 - mean) / std per channel, in float32.

    At the end of a pipeline it is split off and run on the device, on the whole batch; both ways compute
    ``(x - shift) * scale`` in float32 and agree bit for bit.

    Args:
        mean: Mean of each channel in units of 255; one number serves all channels.
        std: Standard deviation of each channel in units of 255, above 0.
    """

    is_pixelwise = True

    @checks_arguments
    def __init__(self, mean: Sequence[PixelNumber] = (0.5,), std: Sequence[Deviation] = (0.5,)) -> None:
        self.mean = [float(value) for value in mean]
        self.std = [float(value) for value in std]
        # (C,) float32 each, or (1,) for all channels.
        self.shift = (np.asarray(self.mean) * 255.0).astype(np.float32)
        self.scale = (1.0 / (np.asarray(self.std) * 255.0)).astype(np.float32)

    @staticmethod
    def faults(mean: Sequence[float], std: Sequence[float], **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        empty = [name for name, values in (("mean", mean), ("std", std)) if not values]
        yield from ((name, "the list is empty; give one number per channel, or one for all") for name in empty)
        if not empty and len(mean) != len(std) and 1 not in (len(mean), len(std)):
            yield "std", f"mean has {len(mean)} values and std {len(std)}; give one per channel to both"

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Normalise an (H, W, C) picture of any dtype to float32."""
        self.check_channels(image.shape[2])
        normalized = image.astype(np.float32)
        normalized -= self.shift
        normalized *= self.scale
        return normalized

    def planes(self, image: np.ndarray) -> np.ndarray:
        """Normalise an (H, W, C) picture of any dtype to (C, H, W) float32: ``apply``, transposed, bit for bit.

        A few rows at a time, which stay in the cache: a fifth of the time of ``apply`` and a copy.
        """
        height, width, channels = image.shape
        self.check_channels(channels)
        shift, scale = (np.broadcast_to(numbers, channels) for numbers in (self.shift, self.scale))
        planes = np.empty((channels, height, width), np.float32)
        for top in range(0, height, _ROWS_AT_ONCE):
            rows = slice(top, top + _ROWS_AT_ONCE)
            for channel, plane in enumerate(planes[:, rows]):
                plane[...] = image[rows, :, channel]
                plane -= shift[channel]
                plane *= scale[channel]
        return planes

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
        interp: NEAREST, LINEAR, CUBIC, AREA, LANCZOS4, or RANDOM for one of them drawn each time. Labels
            are always resized by nearest neighbour.
    """

    @checks_arguments
    def __init__(
        self,
        target_size: Size = (512, 512),
        keep_ratio: bool = False,
        size_divisor: SideLength | None = None,
        interp: Interpolation = "LINEAR",
    ) -> None:
        self.target_size = tuple(map(int, target_size))
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
    """Resize so that the long side has ``long_size`` pixels; the aspect ratio is kept.

    Args:
        long_size: Length of the long side in pixels.
    """

    @checks_arguments
    def __init__(self, long_size: SideLength) -> None:
        self.long_size = long_size

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        scale = self.long_size / max(sample["img"].shape[:2])
        return resize_and_record(sample, functional.scaled_size(sample["img"], scale))


@TRANSFORMS.add_component
class ResizeByShort:
    """Resize so that the short side has ``short_size`` pixels; the aspect ratio is kept.

    Args:
        short_size: Length of the short side; if several, one is drawn for each sample.
        max_size: The long side does not get longer than this; the short side is then smaller.
    """

    @checks_arguments
    def __init__(
        self, short_size: SideLength | Sequence[SideLength], max_size: Annotated[float, at_least(1)] = 1e10
    ) -> None:
        self.short_sizes = np.ravel(short_size).tolist()
        self.max_size = max_size
        self.is_random = len(self.short_sizes) > 1

    @staticmethod
    def faults(short_size: int | Sequence[int], **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if short_size == []:
            yield "short_size", "the list is empty; give at least one length"

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

    @checks_arguments
    def __init__(self, max_long: SideLength | None = None, min_long: SideLength | None = None) -> None:
        self.max_long, self.min_long = max_long, min_long

    @staticmethod
    def faults(max_long: int | None, min_long: int | None, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        return order_faults(min_long=min_long, max_long=max_long)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return _limit_side(sample, max(sample["img"].shape[:2]), self.max_long, self.min_long)


@TRANSFORMS.add_component
class LimitShort:
    """Resize only if the short side is outside the limits; the aspect ratio is kept.

    Args:
        max_short: A longer short side is resized to this.
        min_short: A shorter short side is resized to this.
    """

    @checks_arguments
    def __init__(self, max_short: SideLength | None = None, min_short: SideLength | None = None) -> None:
        self.max_short, self.min_short = max_short, min_short

    @staticmethod
    def faults(max_short: int | None, min_short: int | None, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        return order_faults(min_short=min_short, max_short=max_short)

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
