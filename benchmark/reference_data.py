# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The plain order of work on a training sample, as in PaddleSeg: the reference of benchmarks.

Everything is done on the whole picture, in float32 from the start: decode, RGB, resize, pad, crop, flip, colours by
Pillow, normalise, transpose. Random numbers are drawn as in the package, so that ``plain_crop`` on 8 bits is also the
tests' oracle for the fused crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageEnhance


def plain_sample(
    image_path: str, label_path: str, rng: np.random.Generator, scales: Sequence[float], crop_wh: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Read and transform one sample.

    Returns:
        (3, H, W) float32 picture, normalised by mean and deviation 0.5, and (H, W) uint8 label.
    """
    image = cv2.imread(image_path, cv2.IMREAD_COLOR).astype("float32")
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    label = np.asarray(Image.open(label_path))
    image, label = plain_crop(image, label, rng, scales, crop_wh)
    image = plain_colours(image, rng)
    image = image.astype(np.float32, copy=False) / 255.0
    image -= np.float32(0.5)
    image /= np.float32(0.5)
    return np.transpose(image, (2, 0, 1)), label


def plain_crop(
    image: np.ndarray,
    label: np.ndarray,
    rng: np.random.Generator,
    scales: Sequence[float],
    crop_wh: Sequence[int],
    flip_probability: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Resize the whole picture by one of ``scales``, pad it by 127.5 and 255, cut out a window and flip it."""
    scale = scales[rng.integers(len(scales))] if len(scales) > 1 else scales[0]
    size_wh = tuple(max(round(side * scale), 1) for side in image.shape[1::-1])
    image = cv2.resize(image, size_wh, interpolation=cv2.INTER_LINEAR)
    label = cv2.resize(label, size_wh, interpolation=cv2.INTER_NEAREST)
    right, below = (max(wanted - side, 0) for wanted, side in zip(crop_wh, size_wh))
    if right or below:
        grey = 127.5 if image.dtype == np.float32 else 128
        border = cv2.BORDER_CONSTANT
        image = cv2.copyMakeBorder(image, 0, below, 0, right, border, value=(grey,) * 3)
        label = cv2.copyMakeBorder(label, 0, below, 0, right, border, value=255)
    y = rng.integers(image.shape[0] - crop_wh[1] + 1)
    x = rng.integers(image.shape[1] - crop_wh[0] + 1)
    image = image[y : y + crop_wh[1], x : x + crop_wh[0]]
    label = label[y : y + crop_wh[1], x : x + crop_wh[0]]
    if rng.random() < flip_probability:
        image, label = image[:, ::-1], label[:, ::-1]
    return image, label


def plain_colours(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change brightness, contrast, saturation and hue in random order, each with probability 0.5, by Pillow."""
    picture = Image.fromarray(image.astype("uint8"))
    for position in rng.permutation(5):
        name = ("brightness", "contrast", "saturation", "sharpness", "hue")[position]
        if rng.random() >= (0 if name == "sharpness" else 0.5):
            continue
        if name == "hue":
            hsv = np.array(picture.convert("HSV"))
            turned = hsv[:, :, 0].astype(np.int16) + int(rng.uniform(-18, 18))
            hsv[:, :, 0] = turned.astype(np.uint8)  # wraps round at 256
            picture = Image.fromarray(hsv, mode="HSV").convert("RGB")
        else:
            enhancers = {
                "brightness": ImageEnhance.Brightness,
                "contrast": ImageEnhance.Contrast,
                "saturation": ImageEnhance.Color,
            }
            picture = enhancers[name](picture).enhance(rng.uniform(0.5, 1.5))
    return np.asarray(picture).astype("float32")
