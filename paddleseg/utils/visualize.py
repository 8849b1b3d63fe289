# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of label maps: palette PNG, overlay on the picture, legend. Numpy and Pillow only."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.foreign_imports import foreign_names

__getattr__ = foreign_names(__name__)

_ROWS_AT_ONCE = 256

Palette = np.ndarray
"""(256, 3) uint8 RGB: the colour of each value that a label map can hold."""


def default_palette() -> Palette:
    """PaddleSeg's colours: class i has colour i + 1 of the PASCAL VOC map, so that no class is black.

    In the VOC map bit 3k + c of the number is bit 7 - k of channel c.
    """
    number = (np.arange(256) + 1)[:, None]
    palette = np.zeros((256, 3), np.int64)
    for k in range(8):
        palette |= ((number >> (3 * k + np.arange(3))) & 1) << (7 - k)
    return palette.astype(np.uint8)


def make_palette(
    num_classes: int,
    palette: Sequence[Sequence[int]] | None = None,
    custom_color: Sequence[int] | None = None,
) -> Palette:
    """Colours of the classes: the command line's, else the data set's, else the default ones.

    Args:
        num_classes: Number of classes.
        palette: The data set's [r, g, b] of each class.
        custom_color: Flat list R G B R G B ... for the first classes.

    Raises:
        ConfigError: ``custom_color`` does not consist of whole colours, has more than there are classes, or
            values outside 0 to 255.
    """
    colors = default_palette()
    if palette is not None:
        colors[: len(palette)] = palette
    if custom_color is not None:
        if len(custom_color) % 3 or len(custom_color) > 3 * num_classes:
            raise ConfigError(
                f"--custom_color: {len(custom_color)} values found; give three (R G B) for each class, "
                f"for at most {num_classes} classes"
            )
        wrong = [value for value in custom_color if not 0 <= value <= 255]
        if wrong:
            raise ConfigError(f"--custom_color: {wrong[0]} found, allowed are 0 to 255")
        colors[: len(custom_color) // 3] = np.reshape(custom_color, (-1, 3))
    return colors


def palette_image(label_map: np.ndarray, palette: Palette) -> Image.Image:
    """Palette picture (mode P): its pixels are the class ids, shown in the colours of the classes."""
    image = Image.fromarray(label_map.astype(np.uint8))
    image.putpalette(palette.tobytes())
    return image


def overlay(image: np.ndarray, label_map: np.ndarray, palette: Palette, weight: float = 0.6) -> np.ndarray:
    """Blend the picture with the colours of its label map.

    Args:
        image: (H, W, 3) uint8 RGB.
        label_map: (H, W) class ids.
        palette: The colours.
        weight: Share of the picture in the blend; PaddleSeg's default.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    blended = np.empty_like(image)
    for top in range(0, len(image), _ROWS_AT_ONCE):  # floats of a large picture would take gigabytes
        rows = np.s_[top : top + _ROWS_AT_ONCE]
        blend = weight * image[rows].astype(np.float32) + (1.0 - weight) * palette[label_map[rows]]
        blended[rows] = np.rint(blend)
    return blended


def class_borders(label_map: np.ndarray) -> np.ndarray:
    """(H, W) bool: where an (H, W) label map changes to the right or below."""
    borders = np.zeros(label_map.shape, bool)
    borders[:, :-1] = label_map[:, :-1] != label_map[:, 1:]
    borders[:-1] |= label_map[:-1] != label_map[1:]
    return borders


def add_legend(
    image: np.ndarray,
    label_map: np.ndarray,
    palette: Palette,
    class_names: Sequence[str] | None = None,
    *,
    text_height: int | None = None,
) -> np.ndarray:
    """Append a strip below the picture with colour and name of each class that occurs in the label map.

    The strip hides nothing: rows 0 to H - 1 are the picture itself.

    Args:
        image: (H, W, 3) uint8 RGB.
        label_map: Class ids.
        palette: The colours.
        class_names: Names by id; without them the legend says "class 3".
        text_height: In pixels; by default from the size of the picture.

    Returns:
        (H + strip, max(W, widest entry), 3) uint8 RGB.
    """
    present = [int(class_id) for class_id in np.unique(label_map)]
    names = [class_name(class_id, class_names) for class_id in present]
    if text_height is None:
        text_height = min(max(12, min(image.shape[:2]) // 30), 40)
    font = ImageFont.load_default(size=text_height)
    step = text_height + text_height // 2
    widths = [2 * step + int(font.getlength(name)) for name in names]
    width = max([image.shape[1], *widths])
    places = _flow(widths, width)
    strip = Image.new("RGB", (width, (places[-1][1] + 1) * step + text_height // 2), "white")
    draw = ImageDraw.Draw(strip)
    for class_id, name, (x, row) in zip(present, names, places):
        left, top = x + text_height // 2, row * step + text_height // 2
        box = [left, top, left + text_height - 1, top + text_height - 1]
        draw.rectangle(box, fill=tuple(palette[class_id].tolist()), outline="black")
        draw.text((left + step, top + text_height // 2), name, fill="black", font=font, anchor="lm")
    picture = np.pad(image, ((0, 0), (0, width - image.shape[1]), (0, 0)), constant_values=255)
    return np.concatenate([picture, np.asarray(strip)])


def class_name(class_id: int, class_names: Sequence[str] | None) -> str:
    """Name of a class, "class 3" if the data set gives none."""
    return class_names[class_id] if class_names is not None else f"class {class_id}"


def names_of_classes(num_classes: int, class_names: Sequence[str] | None) -> list[str]:
    """Name of each class, see ``class_name``."""
    return [class_name(class_id, class_names) for class_id in range(num_classes)]


def to_display_rgb(image: np.ndarray) -> np.ndarray:
    """Make a picture of any source viewable.

    Args:
        image: (H, W, C) of any number type. Values other than uint8 are stretched to their own range; unless there are
            three channels, the first is shown in grey.

    Returns:
        (H, W, 3) uint8.
    """
    if image.dtype != np.uint8:
        low, high = float(image.min()), float(image.max())
        image = np.rint((image.astype(np.float32) - low) * (255.0 / max(high - low, 1e-12))).astype(np.uint8)
    return image if image.shape[2] == 3 else np.repeat(image[:, :, :1], 3, axis=2)


def encode_image(image: Image.Image | np.ndarray, suffix: str = ".png", *, quality: int = 95) -> bytes:
    """Content of a picture file.

    Args:
        image: (H, W, 3) RGB or (H, W) values, uint8; or a Pillow image.
        suffix: Suffix of the file, which decides its format.
        quality: For lossy formats, 1 to 100.
    """
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file_format = Image.registered_extensions()[suffix.lower()]
    buffer = io.BytesIO()
    image.save(buffer, file_format, **({"quality": quality} if file_format in ("JPEG", "WEBP") else {}))
    return buffer.getvalue()


def _flow(widths: Sequence[int], line_width: int) -> list[tuple[int, int]]:
    """Lay out boxes like words of a text: (x, row) of each."""
    places, x, row = [], 0, 0
    for width in widths:
        if x and x + width > line_width:
            x, row = 0, row + 1
        places.append((x, row))
        x += width
    return places
