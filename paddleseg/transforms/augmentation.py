# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Random scale, crop, flip and colours, used by nearly every training, with PaddleSeg's names and defaults.

Random transforms carry ``is_random``: evaluation and export refuse them. The less common ones are in
``random_geometry.py`` and ``random_quality.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import functional
from paddleseg.transforms.limits import order_faults, up_to
from paddleseg.transforms.sample import Sample, change_both, pad_sample, resize_sample
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import DataError
from paddleseg.utils.label_map import LabelValue
from paddleseg.utils.type_hints import ABOVE_0, Count, NonNegativeFloat, Probability, ScaleFactor, Size

_MOST_STEPS = 10_000


@TRANSFORMS.add_component
class ResizeStepScaling:
    """Scale by a random factor from an evenly spaced list.

    Args:
        min_scale_factor: Smallest factor.
        max_scale_factor: Largest factor.
        scale_step_size: Distance between factors; 0 draws from the whole range.
    """

    is_random = True

    @checks_arguments
    def __init__(
        self,
        min_scale_factor: ScaleFactor = 0.75,
        max_scale_factor: ScaleFactor = 1.25,
        scale_step_size: NonNegativeFloat = 0.25,
    ) -> None:
        self.min_scale_factor = min_scale_factor
        self.max_scale_factor = max_scale_factor
        self.scale_step_size = scale_step_size

    @staticmethod
    def faults(min_scale_factor: float, max_scale_factor: float, scale_step_size: float, **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        yield from order_faults(min_scale_factor=min_scale_factor, max_scale_factor=max_scale_factor)
        if max_scale_factor - min_scale_factor > _MOST_STEPS * scale_step_size > 0:
            yield (
                "scale_step_size",
                f"{scale_step_size} makes more than {_MOST_STEPS} factors; give 0 to draw any factor of the range",
            )

    def draw_scale(self, rng: np.random.Generator) -> float:
        """Draw the factor of one sample."""
        low, high = self.min_scale_factor, self.max_scale_factor
        if low == high:
            return low
        if self.scale_step_size == 0:
            return rng.uniform(low, high)
        factors = np.linspace(low, high, int((high - low) / self.scale_step_size + 1))
        return float(factors[rng.integers(len(factors))])

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        scale = self.draw_scale(rng)
        return resize_sample(sample, functional.scaled_size(sample["img"], scale))


@TRANSFORMS.add_component
class RandomPaddingCrop:
    """Cut out a random window; a smaller picture is padded first, below and on the right.

    Args:
        crop_size: [width, height] of the result.
        im_padding_value: Value of the padding in the picture (127.5 is 128 in 8 bits).
        label_padding_value: Value of the padding in the label.
        category_max_ratio: Below 1, windows in which one class has this share or more of the counted pixels
            (or all of them) are drawn again.
        ignore_index: Label value that is not counted in this.
        loop_times: Maximum number of times a window is drawn again.
    """

    is_random = True

    @checks_arguments
    def __init__(
        self,
        crop_size: Size = (512, 512),
        im_padding_value: float = 127.5,
        label_padding_value: LabelValue = 255,
        category_max_ratio: Annotated[float, ABOVE_0] = 1.0,
        ignore_index: LabelValue = 255,
        loop_times: Count = 10,
    ) -> None:
        self.crop_size = tuple(map(int, crop_size))
        self.im_padding_value = im_padding_value
        self.label_padding_value = label_padding_value
        self.category_max_ratio = category_max_ratio
        self.ignore_index = ignore_index
        self.loop_times = loop_times

    def draw_corner(self, size_hw: Sequence[int], rng: np.random.Generator) -> tuple[int, int]:
        """Draw the window's top left corner (y, x) in a padded picture of ``size_hw``."""
        crop_width, crop_height = self.crop_size
        y = rng.integers(size_hw[0] - crop_height + 1)
        x = rng.integers(size_hw[1] - crop_width + 1)
        return int(y), int(x)

    def choose_corner(
        self,
        size_hw: Sequence[int],
        rng: np.random.Generator,
        label_at: Callable[[tuple[int, int]], np.ndarray] | None = None,
    ) -> tuple[int, int]:
        """Draw the corner until no class has too large a share of the window's label, ``loop_times`` at most.

        Args:
            size_hw: Size of the padded picture.
            rng: The generator to draw from.
            label_at: Returns the label of the window at a corner; None without a label.
        """
        corner = self.draw_corner(size_hw, rng)
        if self.category_max_ratio < 1 and label_at is not None:
            for _ in range(self.loop_times):
                if self._is_mixed(label_at(corner)):
                    break
                corner = self.draw_corner(size_hw, rng)
        return corner

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        pad_sample(sample, self.crop_size, self.im_padding_value, self.label_padding_value)
        label = sample.get("label")

        def window(array: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
            return functional.crop(array, corner, self.crop_size)

        corner = self.choose_corner(
            sample["img"].shape[:2], rng, None if label is None else lambda corner: window(label, corner)
        )
        return change_both(sample, lambda array: window(array, corner))

    def _is_mixed(self, label: np.ndarray) -> bool:
        counts = np.bincount(label.ravel(), minlength=256)
        counts[self.ignore_index] = 0
        return np.count_nonzero(counts) > 1 and counts.max() < self.category_max_ratio * counts.sum()


@TRANSFORMS.add_component
class RandomHorizontalFlip:
    """Mirror left and right.

    Args:
        prob: Probability of mirroring a picture.
    """

    is_random = True

    @checks_arguments
    def __init__(self, prob: Probability = 0.5) -> None:
        self.prob = prob

    def draw_axis(self, rng: np.random.Generator) -> int | None:
        """Draw whether to flip: 1, the axis to reverse, or None."""
        return 1 if rng.random() < self.prob else None

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        if self.draw_axis(rng) is not None:
            change_both(sample, lambda array: functional.flip(array, horizontal=True))
        return sample


@TRANSFORMS.add_component
class RandomVerticalFlip:
    """Mirror top and bottom.

    Args:
        prob: Probability of mirroring a picture.
    """

    is_random = True

    @checks_arguments
    def __init__(self, prob: Probability = 0.1) -> None:
        self.prob = prob

    def draw_axis(self, rng: np.random.Generator) -> int | None:
        """Draw whether to flip: 0, the axis to reverse, or None."""
        return 0 if rng.random() < self.prob else None

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        if self.draw_axis(rng) is not None:
            change_both(sample, lambda array: functional.flip(array, horizontal=False))
        return sample


_Width = Annotated[float, up_to(256)]
"""Of a range of ``RandomDistort``; the most are the whole circle of hues, and a factor that turns 1 into white."""


@TRANSFORMS.add_component
class RandomDistort:
    """Colour jitter of 8-bit RGB or grey pictures: each change with its probability, in random order.

    A range r draws the factor of brightness, contrast, saturation and sharpness from [1 - r, 1 + r], and the
    shift of the hue from [-r, r] in units of 1/256 of the colour circle. Grey pictures have neither hue nor saturation,
    whose changes leave them as they are.

    Args:
        brightness_range: Largest relative change r of the brightness: its factor is drawn from [1 - r, 1 + r].
        brightness_prob: Probability of changing the brightness.
        contrast_range: Largest relative change of the contrast, likewise.
        contrast_prob: Probability of changing the contrast.
        saturation_range: Largest relative change of the saturation, likewise.
        saturation_prob: Probability of changing the saturation.
        hue_range: Largest shift of the hue, in both directions, in units of 1/256 of the colour circle.
        hue_prob: Probability of changing the hue.
        sharpness_range: Largest relative change of the sharpness, like that of the brightness.
        sharpness_prob: Probability of changing the sharpness.
    """

    is_random = True

    @checks_arguments
    def __init__(
        self,
        brightness_range: _Width = 0.5,
        brightness_prob: Probability = 0.5,
        contrast_range: _Width = 0.5,
        contrast_prob: Probability = 0.5,
        saturation_range: _Width = 0.5,
        saturation_prob: Probability = 0.5,
        hue_range: _Width = 18,
        hue_prob: Probability = 0.5,
        sharpness_range: _Width = 0.5,
        sharpness_prob: Probability = 0,
    ) -> None:
        # (function, centre of the range, range, probability, whether it needs colours)
        self._changes = [
            (functional.adjust_brightness, 1.0, brightness_range, brightness_prob, False),
            (functional.adjust_contrast, 1.0, contrast_range, contrast_prob, False),
            (functional.adjust_saturation, 1.0, saturation_range, saturation_prob, True),
            (functional.adjust_sharpness, 1.0, sharpness_range, sharpness_prob, False),
            (functional.shift_hue, 0.0, hue_range, hue_prob, True),
        ]

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        image = sample["img"]
        if image.dtype != np.uint8 or image.shape[2] not in (1, 3):
            raise DataError(
                f"{sample['path']}: RandomDistort works on 8-bit RGB or grey pictures, this one has "
                f"{image.shape[2]} channels of {image.dtype}; remove RandomDistort from the transforms"
            )
        is_grey = image.shape[2] == 1
        for position in rng.permutation(len(self._changes)):
            change, centre, width, probability, needs_colours = self._changes[position]
            if rng.random() < probability:
                amount = rng.uniform(centre - width, centre + width)
                if not (is_grey and needs_colours):
                    image = change(image, amount)
        sample["img"] = image
        return sample
