# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A picture, its label, its prediction and their differences, small enough to show side by side."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from paddleseg.utils.visualize import Palette, to_display_rgb

IGNORED_COLOUR = (0, 0, 0)
RIGHT_COLOUR, WRONG_COLOUR, UNCOUNTED_COLOUR = (70, 78, 86), (255, 112, 67), (20, 22, 25)
"""Colours of a map of errors: what is right, what is wrong, and what is not counted."""


@dataclass(frozen=True)
class PictureViews:
    """The views of a picture, all of one size.

    Attributes:
        picture: (h, w, 3) uint8 RGB.
        label: (h, w) uint8 class ids or ``ignore_index``.
        prediction: (h, w) uint8 class ids.
        errors: (h, w, 3) uint8 RGB.
    """

    picture: np.ndarray
    label: np.ndarray
    prediction: np.ndarray
    errors: np.ndarray


def make_views(
    picture: np.ndarray, label: np.ndarray, prediction: np.ndarray, ignore_index: int, width: int
) -> PictureViews:
    """Resize a picture with its maps to a width; narrower ones are unchanged.

    Class ids are selected, never mixed. A pixel of the errors is wrong if any of the pixels it represents is, in a
    shade for their number: thin mistakes stay visible.

    Args:
        picture: (H, W, C) of any number type.
        label: (H, W) uint8.
        prediction: (H, W) uint8.
        ignore_index: The label value that is not counted.
        width: In pixels.
    """
    height = max(1, round(len(label) * width / label.shape[1]))
    is_wrong = (label != prediction) & (label != ignore_index)
    colours = np.where(
        (label == ignore_index)[..., None], np.uint8(UNCOUNTED_COLOUR), np.where(
            is_wrong[..., None], np.uint8(WRONG_COLOUR), np.uint8(RIGHT_COLOUR)
        )
    )  # fmt: skip
    picture = to_display_rgb(picture)
    if width >= label.shape[1]:
        return PictureViews(picture, label, prediction, colours)
    size = width, height
    return PictureViews(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA),
        cv2.resize(label, size, interpolation=cv2.INTER_NEAREST),
        cv2.resize(prediction, size, interpolation=cv2.INTER_NEAREST),
        cv2.resize(colours, size, interpolation=cv2.INTER_AREA),
    )


def with_ignored(palette: Palette, ignore_index: int) -> Palette:
    """The palette with a dark colour for ignored pixels, if no class has that id."""
    colours = palette.copy()
    if 0 <= ignore_index < len(colours):
        colours[ignore_index] = IGNORED_COLOUR
    return colours


def side_by_side(views: PictureViews, palette: Palette, gap: int = 4) -> np.ndarray:
    """The picture, its label and its prediction in a row, (h, 3 w + 2 gap, 3) uint8 RGB."""
    white = np.full((len(views.label), gap, 3), 255, np.uint8)
    return np.concatenate([views.picture, white, palette[views.label], white, palette[views.prediction]], axis=1)
