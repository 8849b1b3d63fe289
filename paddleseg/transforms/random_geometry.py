# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Random rotation, affine maps and cut-outs, with PaddleSeg's names, arguments and defaults.

Picture and label go through the same crop, resize or matrix. Three habits of PaddleSeg are not kept, because they only
shift results by a fraction of a pixel or exclude border cases: here the centre of the picture goes exactly onto the
centre of the result, the last possible window can be drawn, and pictures one pixel wide are allowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import functional
from paddleseg.transforms.limits import Degrees, order_faults, up_to
from paddleseg.transforms.sample import Sample, change_both, resize_sample, warp_sample
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.label_map import LabelValue
from paddleseg.utils.type_hints import Probability, ScaleFactor, SideLength, Size

_SCALE_ASPECT_ATTEMPTS = 10
_SMALLEST_RATIO = 0.001


@TRANSFORMS.add_component
class ResizeRangeScaling:
    """Resize so that the long side has a random length; the aspect ratio is kept.

    Args:
        min_value: Smallest length of the long side.
        max_value: Largest length of the long side.
    """

    is_random = True

    @checks_arguments
    def __init__(self, min_value: SideLength = 400, max_value: SideLength = 600) -> None:
        self.min_value = min_value
        self.max_value = max_value

    @staticmethod
    def faults(min_value: int, max_value: int, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        return order_faults(min_value=min_value, max_value=max_value)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        long_size = rng.integers(self.min_value, self.max_value + 1)
        scale = long_size / max(sample["img"].shape[:2])
        return resize_sample(sample, functional.scaled_size(sample["img"], scale))


@TRANSFORMS.add_component
class RandomRotation:
    """Rotate by a random angle; the result is enlarged and padded, so that nothing is cut off.

    Args:
        max_rotation: Largest angle in degrees, in both directions.
        im_padding_value: Value of the padding in the picture (127.5 is 128 in 8 bits).
        label_padding_value: Value of the padding in the label.
    """

    is_random = True

    @checks_arguments
    def __init__(
        self, max_rotation: Degrees = 15, im_padding_value: float = 127.5, label_padding_value: LabelValue = 255
    ) -> None:
        self.max_rotation = max_rotation
        self.im_padding_value = im_padding_value
        self.label_padding_value = label_padding_value

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        degrees = rng.uniform(-self.max_rotation, self.max_rotation)
        height, width = sample["img"].shape[:2]
        cosine, sine = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
        size_wh = max(int(width * cosine + height * sine), 1), max(int(height * cosine + width * sine), 1)
        matrix = functional.similarity_matrix((width, height), size_wh, degrees)
        return warp_sample(sample, matrix, size_wh, self.im_padding_value, self.label_padding_value)


@TRANSFORMS.add_component
class RandomAffine:
    """Bring the picture to a given size, rotated and scaled at random; parts outside are cut off.

    At scale factor 1 the picture is enlarged or reduced by the mean of target / source width and target / source
    height.

    Args:
        size: [width, height] of the result.
        translation_offset: The centre of rotation and scaling is up to this many pixels away from the centre of the
            result, in x and in y.
        max_rotation: Largest angle in degrees, in both directions.
        min_scale_factor: Smallest scale factor.
        max_scale_factor: Largest scale factor.
        im_padding_value: Value of the padding in the picture.
        label_padding_value: Value of the padding in the label.
    """

    is_random = True

    @checks_arguments
    def __init__(
        self,
        size: Size = (224, 224),
        translation_offset: Annotated[float, up_to(65536)] = 0,
        max_rotation: Degrees = 15,
        min_scale_factor: ScaleFactor = 0.75,
        max_scale_factor: ScaleFactor = 1.25,
        im_padding_value: float = 128,
        label_padding_value: LabelValue = 255,
    ) -> None:
        self.size = tuple(map(int, size))
        self.translation_offset = translation_offset
        self.max_rotation = max_rotation
        self.min_scale_factor = min_scale_factor
        self.max_scale_factor = max_scale_factor
        self.im_padding_value = im_padding_value
        self.label_padding_value = label_padding_value

    @staticmethod
    def faults(min_scale_factor: float, max_scale_factor: float, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        return order_faults(min_scale_factor=min_scale_factor, max_scale_factor=max_scale_factor)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        pivot_offset = rng.uniform(-self.translation_offset, self.translation_offset, size=2)
        degrees = rng.uniform(-self.max_rotation, self.max_rotation)
        factor = rng.uniform(self.min_scale_factor, self.max_scale_factor)
        height, width = sample["img"].shape[:2]
        scale = factor * (self.size[0] / width + self.size[1] / height) / 2
        matrix = functional.similarity_matrix((width, height), self.size, degrees, scale, pivot_offset)
        return warp_sample(sample, matrix, self.size, self.im_padding_value, self.label_padding_value)


@TRANSFORMS.add_component
class RandomScaleAspect:
    """Cut out a window of random area and aspect ratio and resize it to the size of the picture.

    Up to ten windows are drawn until one fits into the picture; if none does, the picture stays as it is.

    Args:
        min_scale: Smallest area of the window as a share of the picture; 0 switches the transform off.
        aspect_ratio: Smallest aspect ratio of the window, up to 1; the largest is its inverse. 0 switches the
            transform off.
    """

    is_random = True

    @checks_arguments
    def __init__(self, min_scale: Probability = 0.5, aspect_ratio: Probability = 0.33) -> None:
        self.min_scale = min_scale
        self.aspect_ratio = aspect_ratio

    @staticmethod
    def faults(aspect_ratio: float, **_: Any) -> Iterator[Fault]:
        """A ratio that is too small, see :mod:`paddleseg.utils.arguments`."""
        if 0 < aspect_ratio < _SMALLEST_RATIO:
            yield "aspect_ratio", f"found {aspect_ratio}; it must be 0, or from {_SMALLEST_RATIO} to 1"

    def draw_window(
        self, size_hw: Sequence[int], rng: np.random.Generator
    ) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Draw the window's corner (y, x) and size (width, height); None if ten draws do not fit."""
        height, width = size_hw
        for _ in range(_SCALE_ASPECT_ATTEMPTS):
            area = height * width * rng.uniform(self.min_scale, 1.0)
            aspect = rng.uniform(self.aspect_ratio, 1 / self.aspect_ratio)
            if rng.random() < 0.5:  # most numbers between a and 1 / a are above 1, that is, wide windows
                aspect = 1 / aspect
            window_width = max(int(math.sqrt(area * aspect)), 1)
            window_height = max(int(math.sqrt(area / aspect)), 1)
            if window_width <= width and window_height <= height:
                y = rng.integers(height - window_height + 1)
                x = rng.integers(width - window_width + 1)
                return (int(y), int(x)), (window_width, window_height)
        return None

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        if self.min_scale == 0 or self.aspect_ratio == 0:
            return sample
        height, width = sample["img"].shape[:2]
        window = self.draw_window((height, width), rng)
        if window is None:
            return sample
        change_both(sample, lambda array: functional.crop(array, *window))
        return resize_sample(sample, (width, height))


@TRANSFORMS.add_component
class RandomCenterCrop:
    """Cut out a window of random size and place; unlike ``RandomPaddingCrop`` the size is a share of the picture's.

    Args:
        retain_ratio: [width, height] of the smallest window as shares of the picture's width and height.
    """

    is_random = True

    @checks_arguments
    def __init__(self, retain_ratio: tuple[Probability, Probability] = (0.5, 0.5)) -> None:
        self.retain_ratio = tuple(retain_ratio)

    def draw_window(self, size_hw: Sequence[int], rng: np.random.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
        """Draw the window's corner (y, x) and size (width, height)."""
        (height, width), (width_ratio, height_ratio) = size_hw, self.retain_ratio
        (x, window_width), (y, window_height) = (
            _draw_interval(side, ratio, rng) for side, ratio in ((width, width_ratio), (height, height_ratio))
        )
        return (y, x), (window_width, window_height)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        window = self.draw_window(sample["img"].shape[:2], rng)
        return change_both(sample, lambda array: functional.crop(array, *window))


def _draw_interval(length: int, ratio: float, rng: np.random.Generator) -> tuple[int, int]:
    """Draw start and length of a part of at least ``ratio`` times ``length``."""
    # Rounded first, or 30 * 0.1 = 3.0000000000000004 would need 4 pixels.
    shortest = max(math.ceil(round(length * ratio, 6)), 1)
    part = int(rng.integers(shortest, length + 1))
    return int(rng.integers(length - part + 1)), part
