# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The centre of a picture, on which classifiers are evaluated and deployed."""

from __future__ import annotations

from typing import Literal

import numpy as np

from paddleseg.registry import TRANSFORMS
from paddleseg.transforms import functional
from paddleseg.transforms.sample import Sample, change_both, resize_smoothly
from paddleseg.utils.arguments import checks_arguments
from paddleseg.utils.type_hints import Share, SideLength

SmoothInterpolation = Literal["CUBIC", "LINEAR"]
"""Antialiased where pictures get smaller, other than ``Interpolation``."""


@TRANSFORMS.add_component
class ResizeCenterCrop:
    """Resize so that the short side has ``size / crop_pct`` pixels, and cut out the square in the middle.

    For classifiers only: label maps, which could not be mapped back to the whole picture, are refused.

    Args:
        size: Side of the square.
        crop_pct: Its share of the short side.
        interp: CUBIC or LINEAR, antialiased as Pillow's ``Image.resize`` does it.
    """

    @checks_arguments
    def __init__(self, size: SideLength = 224, crop_pct: Share = 0.875, interp: SmoothInterpolation = "CUBIC") -> None:
        self.size, self.crop_pct, self.interp = size, crop_pct, interp

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        height, width = sample["img"].shape[:2]
        sample["trans_info"].append(("crop", (height, width)))
        short = int(self.size / self.crop_pct)
        # The long side is truncated to whole pixels, as in PyTorch's and timm's evaluations.
        scaled_wh = [max(short * side // min(height, width), short) for side in (width, height)]
        sample = resize_smoothly(sample, scaled_wh, self.interp)
        corner = [round((side - self.size) / 2) for side in sample["img"].shape[:2]]
        return change_both(sample, lambda array: functional.crop(array, corner, (self.size, self.size)))
