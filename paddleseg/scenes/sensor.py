# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a clean painting to a photograph: surface texture, lens, exposure and noise."""

from __future__ import annotations

from statistics import NormalDist

import cv2
import numpy as np

from paddleseg.scenes.canvas import Canvas
from paddleseg.scenes.classes import StreetClass

# Contrast of the texture of a class (standard deviation over brightness); the rest is nearly plain.
_TEXTURE = np.full(256, 0.03, np.float32)
_TEXTURE[[StreetClass.VEGETATION, StreetClass.TERRAIN]] = 0.2, 0.12
_TEXTURE[[StreetClass.ROAD, StreetClass.SIDEWALK, StreetClass.BUILDING, StreetClass.WALL]] = 0.06
_TEXTURE[StreetClass.SKY] = 0.008

# Turns a uniform byte into a standard normal number: ten times as fast as drawing normal numbers.
_NORMAL = np.array([NormalDist().inv_cdf((level + 0.5) / 256.0) for level in range(256)], np.float32)


def photograph(rng: np.random.Generator, canvas: Canvas) -> np.ndarray:
    """Turns the painting into a picture: texture, vignette, blur, exposure, colour cast, gamma and noise.

    Returns:
        (H, W, 3) uint8.
    """
    height, width = canvas.label.shape
    gain = _texture(rng, canvas.label)
    strength = 0.22 * rng.random() ** 2
    gain -= strength * np.linspace(-1.0, 1.0, width, dtype=np.float32) ** 2
    gain -= strength * np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None] ** 2
    image = cv2.cvtColor(canvas.pixels, cv2.COLOR_RGBA2RGB)
    image = cv2.multiply(image, cv2.merge((gain, gain, gain)), dtype=cv2.CV_8U)
    image = cv2.LUT(_blur(rng, image), _draw_tone_curve(rng))
    deviation = 1.0 + 4.0 * rng.random() ** 2
    # Last of all random numbers: their count depends on the size of the picture.
    noise = cv2.LUT(rng.integers(0, 256, image.shape, np.uint8), _NORMAL * np.float32(deviation))
    return cv2.add(image, noise, dtype=cv2.CV_8U)


def _texture(rng: np.random.Generator, label: np.ndarray) -> np.ndarray:
    """(H, W) float32 gain that mottles each surface after its class; its grids do not depend on the size."""
    size = label.shape[::-1]
    fine = cv2.LUT(rng.integers(0, 256, (96, 192), np.uint8), 1.1 * _NORMAL)
    coarse = cv2.LUT(rng.integers(0, 256, (14, 28), np.uint8), 0.8 * _NORMAL)
    mottle = cv2.resize(fine, size, interpolation=cv2.INTER_LINEAR)
    mottle += cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    mottle *= cv2.LUT(label, _TEXTURE)
    mottle += 1.0
    return mottle


def _blur(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Lens and motion blur: slight in all pictures, which also smooths the edges, and stronger in some."""
    height = image.shape[0] / 128.0
    defocus, motion = rng.random(), rng.random()
    sigma = 0.4 + (height * 5.0 * (defocus - 0.9) if defocus > 0.9 else 0.0)
    image = cv2.GaussianBlur(image, (0, 0), sigma)
    if motion > 0.9:
        image = cv2.blur(image, (max(round(2.5 * height), 1), 1))
    return image


def _draw_tone_curve(rng: np.random.Generator) -> np.ndarray:
    """(1, 256, 3) uint8 table of exposure, white balance, contrast and gamma."""
    level = np.arange(256, dtype=np.float64)[:, None] / 255.0
    gain = np.exp(rng.normal(0.0, 0.10) + rng.normal(0.0, 0.035, 3))
    contrast, pedestal = rng.uniform(0.82, 1.08), rng.uniform(0.0, 0.06)
    gamma = np.exp(rng.normal(0.0, 0.08))
    curve = (np.clip(level * gain, 0.0, 1.0) ** gamma - 0.45) * contrast + 0.45 + pedestal
    return np.rint(np.clip(curve, 0.0, 1.0) * 255.0).astype(np.uint8)[None]
