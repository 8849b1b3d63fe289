# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Samples, and functions that change picture and label together.

A transform is called with a sample and a random generator and returns the changed sample, a dict with

* ``img``: (H, W, C) picture in its own dtype, uint8 from ordinary files;
* ``label`` (optional): (H, W) uint8 class ids, moved along with the picture, by nearest neighbour;
* ``path``: the picture's origin, for messages;
* ``trans_info``: list of ``("resize" | "padding" | "center_padding" | "crop", (height, width) before it)``, which
  ``utils.way_back`` undoes, except for crops, which it refuses. Random transforms leave it alone: nothing has to be
  undone in training;
* ``max_pixels`` (optional): the most pixels that a transform may make of the picture, instead of ``MAX_PIXELS``.

Everything random is drawn from the given generator, so that a sample depends on its generator alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from paddleseg.transforms import functional
from paddleseg.utils.errors import TooLargeError

Sample = dict[str, Any]

MAX_PIXELS = 2**30
"""Of what transforms make of a picture; OpenCV reads no larger one either."""


def check_area(sample: Sample, size_wh: Sequence[int]) -> None:
    """Raise TooLargeError if a picture of this size is too large to create.

    Each side alone can be valid, as can a scale factor, but the product depends on the picture.
    """
    bound = sample.get("max_pixels", MAX_PIXELS)
    if size_wh[0] * size_wh[1] > bound:
        raise TooLargeError(
            f"{sample['path']}: the transforms would make {size_wh[0]}x{size_wh[1]} pixels of it, more than "
            f"{bound}; lower their sizes, ratios or scale factors"
        )


def change_both(sample: Sample, change: Callable[[np.ndarray], np.ndarray]) -> Sample:
    """Apply one change to the picture and to the label, if there is one."""
    sample["img"] = change(sample["img"])
    if "label" in sample:
        sample["label"] = change(sample["label"])
    return sample


def resize_sample(sample: Sample, size_wh: Sequence[int], interpolation: int = cv2.INTER_LINEAR) -> Sample:
    """Resize the picture and, by nearest neighbour, the label."""
    check_area(sample, size_wh)
    sample["img"] = functional.resize(sample["img"], size_wh, interpolation)
    if "label" in sample:
        sample["label"] = functional.resize(sample["label"], size_wh, cv2.INTER_NEAREST)
    return sample


def resize_smoothly(sample: Sample, size_wh: Sequence[int], interp: str) -> Sample:
    """Resize the picture with antialiasing and, by nearest neighbour, the label; see ``functional.resize_smoothly``."""
    check_area(sample, size_wh)
    sample["img"] = functional.resize_smoothly(sample["img"], size_wh, interp)
    if "label" in sample:
        sample["label"] = functional.resize(sample["label"], size_wh, cv2.INTER_NEAREST)
    return sample


def resize_and_record(sample: Sample, size_wh: Sequence[int], interpolation: int = cv2.INTER_LINEAR) -> Sample:
    """Resize both, and record it to be undone in predictions."""
    sample["trans_info"].append(("resize", sample["img"].shape[:2]))
    return resize_sample(sample, size_wh, interpolation)


def pad_sample(sample: Sample, size_wh: Sequence[int], image_value: float, label_value: int) -> Sample:
    """Enlarge both to at least ``size_wh`` below and on the right, each with its own value."""
    check_area(sample, size_wh)
    sample["img"] = functional.pad_bottom_right(sample["img"], size_wh, image_value)
    if "label" in sample:
        sample["label"] = functional.pad_bottom_right(sample["label"], size_wh, label_value)
    return sample


def pad_and_record(sample: Sample, size_wh: Sequence[int], image_value: float, label_value: int) -> Sample:
    """Enlarge both, and record it to be undone in predictions."""
    sample["trans_info"].append(("padding", sample["img"].shape[:2]))
    return pad_sample(sample, size_wh, image_value, label_value)


def warp_sample(
    sample: Sample, matrix: np.ndarray, size_wh: Sequence[int], image_value: float, label_value: int
) -> Sample:
    """Map the picture, and by nearest neighbour the label, by one affine matrix; see ``functional.warp``."""
    check_area(sample, size_wh)
    sample["img"] = functional.warp(sample["img"], matrix, size_wh, cv2.INTER_LINEAR, image_value)
    if "label" in sample:
        sample["label"] = functional.warp(sample["label"], matrix, size_wh, cv2.INTER_NEAREST, label_value)
    return sample
