# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Annotations made by hand, and their expected labels, drawn as text."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from paddleseg.datasets.conversion import FORMATS
from paddleseg.datasets.conversion.annotations import ReadingOptions
from paddleseg.datasets.conversion.class_list import parse_classes
from paddleseg.datasets.conversion.writer import WritingOptions, write_dataset
from paddleseg.utils.image_io import read_label


def drawn(text: str) -> np.ndarray:
    """A label map of lines of digits; ``.`` is 0 and ``#`` is 255."""
    values = {".": 0, "#": 255}
    lines = text.split()
    return np.array([[values.get(letter) if letter in values else int(letter) for letter in line] for line in lines])


def picture(path: Path, size_wh=(8, 6), **options) -> Path:
    """A grey picture file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size_wh, "grey").save(path, **options)
    return path


def turned_picture(path: Path, size_wh, orientation: int) -> Path:
    """A JPEG file with an EXIF orientation; the size is that of the pixels as they are stored."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return picture(path, size_wh, exif=exif)


def write_json(path: Path, content) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def convert(kind: str, source: Path, target: Path, *, classes=None, images=None, crowd="class", **options):
    """Convert; gives what was written and the label map of each picture by its name without suffix."""
    listed = None if classes is None else parse_classes(classes)
    reading = replace(ReadingOptions(images=images, classes=listed, crowd=crowd), line_width=3, point_size=1)
    options = {"val": 0, **options}
    written = write_dataset(FORMATS[kind](source, reading), target, WritingOptions(classes=listed, **options))
    files = sorted((target / "annotations").rglob("*.png"))
    return written, {
        file.relative_to(target / "annotations").with_suffix("").as_posix(): read_label(file) for file in files
    }


def assert_label(found: np.ndarray, text: str) -> None:
    """The label map is the one that is drawn."""
    assert found.tolist() == drawn(text).tolist(), "\n" + "\n".join(
        "".join(f"{value:4}" for value in row) for row in found
    )
