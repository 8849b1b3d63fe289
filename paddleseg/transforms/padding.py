# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Padding by constant borders, with PaddleSeg's names, arguments and defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import functional
from paddleseg.transforms.limits import PixelNumber, SideRatio
from paddleseg.transforms.sample import Sample, check_area, pad_and_record, resize_and_record
from paddleseg.utils.arguments import Fault, checks_arguments
from paddleseg.utils.errors import DataError
from paddleseg.utils.label_map import LabelValue
from paddleseg.utils.type_hints import Size


@TRANSFORMS.add_component
class Padding:
    """Pad below and on the right to a given size.

    Args:
        target_size: [width, height], not below the picture's.
        im_padding_value: Value of the padding in the picture (127.5 is 128 in 8 bits).
        label_padding_value: Value of the padding in the label.
    """

    @checks_arguments
    def __init__(
        self, target_size: Size, im_padding_value: float = 127.5, label_padding_value: LabelValue = 255
    ) -> None:
        self.target_size = tuple(map(int, target_size))
        self.im_padding_value = im_padding_value
        self.label_padding_value = label_padding_value

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        height, width = sample["img"].shape[:2]
        if width > self.target_size[0] or height > self.target_size[1]:
            raise DataError(
                f"{sample['path']}: the picture is {width}x{height}, larger than Padding.target_size "
                f"{self.target_size[0]}x{self.target_size[1]}; enlarge that or resize before it"
            )
        return pad_and_record(sample, self.target_size, self.im_padding_value, self.label_padding_value)


@TRANSFORMS.add_component
class PaddingByAspectRatio:
    """Pad below or on the right until width / height is ``aspect_ratio``, rounded down to whole pixels.

    Args:
        aspect_ratio: Width / height of the result.
        im_padding_value: Value of the padding in the picture (127.5 is 128 in 8 bits).
        label_padding_value: Value of the padding in the label.
    """

    @checks_arguments
    def __init__(
        self, aspect_ratio: SideRatio = 1, im_padding_value: float = 127.5, label_padding_value: LabelValue = 255
    ) -> None:
        self.aspect_ratio = aspect_ratio
        self.im_padding_value = im_padding_value
        self.label_padding_value = label_padding_value

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        height, width = sample["img"].shape[:2]
        if width > height * self.aspect_ratio:
            target_size = width, int(width / self.aspect_ratio)
        else:
            target_size = int(height * self.aspect_ratio), height
        if target_size == (width, height):
            return sample
        return pad_and_record(sample, target_size, self.im_padding_value, self.label_padding_value)


@TRANSFORMS.add_component
class ScalePadding:
    """Pad to a square with the picture in the centre, and resize that to a given size.

    The picture is resized by cubic interpolation as in PaddleSeg, the label by nearest neighbour (in PaddleSeg by
    cubic interpolation too, which makes up classes).

    Args:
        target_size: [width, height] of the result.
        im_padding_value: Value of the padding in the picture (127.5 is 128 in 8 bits); or one per channel.
        label_padding_value: Value of the padding in the label.
    """

    @checks_arguments
    def __init__(
        self,
        target_size: Size = (512, 512),
        im_padding_value: PixelNumber | Sequence[PixelNumber] = 127.5,
        label_padding_value: LabelValue = 255,
    ) -> None:
        self.target_size = tuple(map(int, target_size))
        self.im_padding_values = np.ravel(im_padding_value).tolist()
        self.label_padding_value = label_padding_value

    @staticmethod
    def faults(im_padding_value: float | Sequence[float], **_: Any) -> Iterator[Fault]:
        """What does not go together, see :mod:`paddleseg.utils.arguments`."""
        if im_padding_value == []:
            yield "im_padding_value", "the list is empty; give one number, or one per channel"

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        height, width, channels = sample["img"].shape
        if len(self.im_padding_values) not in (1, channels):
            raise DataError(
                f"{sample['path']}: the picture has {channels} channels, but ScalePadding.im_padding_value has "
                f"{len(self.im_padding_values)} values; give one number, or one per channel"
            )
        check_area(sample, (max(height, width), max(height, width)))
        sample["trans_info"].append(("center_padding", (height, width)))
        sample["img"] = functional.pad_to_square(sample["img"], self.im_padding_values)
        if "label" in sample:
            sample["label"] = functional.pad_to_square(sample["label"], self.label_padding_value)
        return resize_and_record(sample, self.target_size, cv2.INTER_CUBIC)
