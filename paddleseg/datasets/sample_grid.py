# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What training sees: samples after the transforms as a grid of pictures, with their labels over them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.utils.seeding import sample_rng
from paddleseg.utils.visualize import Palette, add_legend, class_borders, overlay

_GAP, _TEXT, _PAPER, _INK = 6, 13, 255, (30, 30, 30)
_PICTURE_WEIGHT = 0.55
_IGNORED_WEIGHT = 0.35
"""How bright ignored pixels are: darker than anything that has a class."""


def draw_samples(
    dataset: SegmentationDataset,
    indices: Sequence[int],
    *,
    palette: Palette,
    epochs: Sequence[int] = (0, 1, 2),
    seed: int = 0,
    cell_width: int = 320,
) -> np.ndarray:
    """Draw a row for each picture: as read, then as training sees it in several epochs.

    Args:
        dataset: Its labels move with its pictures from then on, as in training.
        indices: The pictures' positions.
        palette: Colours of the classes.
        epochs: Epochs whose random numbers the transforms get, as in a training with the same seed.
        seed: Of the run.
        cell_width: Width of a picture in the grid, in pixels; larger samples are reduced.

    Returns:
        (H, W, 3) uint8 RGB, with the names of the classes below.

    Raises:
        DataError: A picture cannot be read, or has no label.
    """
    dataset.use_for("train")
    rows, present = [], set()
    for index in indices:
        name = os.path.basename(dataset.picture_name(index))
        samples = [(name, dataset.read(index))]
        samples += [(f"epoch {epoch}", dataset.sample(index, sample_rng(seed, epoch, index))) for epoch in epochs]
        rows.append([_cell(caption, sample, dataset.ignore_index, palette, cell_width) for caption, sample in samples])
        for _, sample in samples:
            present |= set(np.unique(sample["label"]).tolist())
    grid = np.concatenate([_row(cells, cell_width) for cells in rows])
    grid = np.pad(grid, ((_GAP, 0), (_GAP, 0), (0, 0)), constant_values=_PAPER)
    shown = np.array(sorted(present - {dataset.ignore_index}), np.int64)
    return grid if not shown.size else add_legend(grid, shown, palette, dataset.class_names, text_height=_TEXT)


def show_label(image: np.ndarray, label: np.ndarray, palette: Palette, ignore_index: int) -> np.ndarray:
    """Lay the colours of the classes over a picture, with the outlines of their regions; ignored pixels are darkened.

    Args:
        image: (H, W, 3) uint8 RGB.
        label: (H, W) uint8 class ids.
        palette: The colours.
        ignore_index: Label value of pixels that do not count.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    shown = overlay(image, label, palette, _PICTURE_WEIGHT)
    ignored = label == ignore_index
    shown[ignored] = np.rint(_IGNORED_WEIGHT * image[ignored].astype(np.float32))
    shown[class_borders(label)] = 255
    return shown


def _cell(caption: str, sample: dict[str, Any], ignore_index: int, palette: Palette, width: int) -> np.ndarray:
    """A sample in ``width`` columns, with its caption above."""
    image, label = _as_rgb(sample["img"]), sample["label"].astype(np.uint8)
    height, full = label.shape
    scale = min(1.0, width / full)
    size = max(1, round(full * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    label = cv2.resize(label, size, interpolation=cv2.INTER_NEAREST)
    picture = show_label(small, label, palette, ignore_index)
    cell = Image.new("RGB", (width, size[1] + _TEXT + _GAP), (_PAPER,) * 3)
    ImageDraw.Draw(cell).text((0, 0), caption, fill=_INK, font=ImageFont.load_default(size=_TEXT))
    cell.paste(Image.fromarray(picture), (0, _TEXT + _GAP))
    return np.asarray(cell)


def _row(cells: Sequence[np.ndarray], width: int) -> np.ndarray:
    height = max(cell.shape[0] for cell in cells) + _GAP
    row = np.full((height, len(cells) * (width + _GAP), 3), _PAPER, np.uint8)
    for number, cell in enumerate(cells):
        left = number * (width + _GAP)
        row[: cell.shape[0], left : left + width] = cell
    return row


def _as_rgb(image: np.ndarray) -> np.ndarray:
    """A picture in units of 255 with any number of channels, for people: four are blue, green, red and another one."""
    channels = image.shape[2]
    rgb = (
        image[:, :, 2::-1] if channels == 4 else image[:, :, :3] if channels == 3 else np.repeat(image[:, :, :1], 3, 2)
    )
    return np.ascontiguousarray(np.clip(np.rint(rgb), 0, 255).astype(np.uint8))
