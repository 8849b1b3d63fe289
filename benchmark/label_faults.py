# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Faults to plant in clean data sets, to test the label doctor; for ``label_doctor.py`` and tests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from paddleseg.datasets import Dataset, RoadScenes
from paddleseg.utils.visualize import default_palette


@dataclass
class Pair:
    """A picture and its label as written to files.

    Attributes:
        name: The picture's name without its suffix.
        picture: (H, W, 3) uint8 RGB.
        label: (H, W) uint8, or (H, W, 3) uint8 RGB colours.
        quality: Of the picture's JPEG file; None: a PNG file.
    """

    name: str
    picture: np.ndarray
    label: np.ndarray
    quality: int | None = None

    @property
    def picture_file(self) -> str:
        """Name of the picture's file, relative to its folder."""
        return f"{self.name}.{'png' if self.quality is None else 'jpg'}"


@dataclass
class Pairs:
    """A data set in memory.

    Attributes:
        train: Its training pairs.
        val: Its evaluation pairs.
        num_classes: Number of classes.
        palette: [r, g, b] of each class, or None.
        swaps_columns: Whether the lists name the label first.
        swaps_parts: Whether the lists of train and val are swapped.
    """

    train: list[Pair]
    val: list[Pair]
    num_classes: int
    palette: Sequence[Sequence[int]] | None = None
    swaps_columns: bool = False
    swaps_parts: bool = False

    def part(self, name: str) -> list[Pair]:
        """``train`` or ``val``."""
        return self.train if name == "train" else self.val

    def copy(self) -> Pairs:
        """A copy whose lists and pairs can be changed; arrays are shared, and replaced as a whole."""
        return replace(self, train=list(map(copy.copy, self.train)), val=list(map(copy.copy, self.val)))

    def write(self, root: Path) -> tuple[Dataset, Dataset]:
        """Write pictures, labels and lists into an empty folder; return the data sets that read them."""
        for part in ("train", "val"):
            for kind in ("images", "labels"):
                (root / kind / part).mkdir(parents=True)
            for pair in self.part(part):
                write_image(root / "images" / part / pair.picture_file, pair.picture, pair.quality)
                write_image(root / "labels" / part / f"{pair.name}.png", pair.label)
        for part, listed in (
            ("train", "val" if self.swaps_parts else "train"),
            ("val", "train" if self.swaps_parts else "val"),
        ):
            lines = []
            for pair in self.part(listed):
                columns = [f"images/{listed}/{pair.picture_file}", f"labels/{listed}/{pair.name}.png"]
                lines.append(" ".join(columns[::-1] if self.swaps_columns else columns))
            (root / f"{part}.txt").write_text("\n".join(lines) + "\n")
        given = {"num_classes": self.num_classes, "palette": self.palette}
        return tuple(
            Dataset(part, str(root), [], **given, **{f"{part}_path": str(root / f"{part}.txt")})
            for part in ("train", "val")
        )


def write_image(path: Path, pixels: np.ndarray, quality: int | None = None) -> None:
    """Write (H, W) or RGB (H, W, 3) uint8 as PNG, or as JPEG of a quality."""
    stored = pixels if pixels.ndim == 2 else pixels[:, :, ::-1]
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1] if quality is None else [cv2.IMWRITE_JPEG_QUALITY, quality]
    path.write_bytes(cv2.imencode(".png" if quality is None else ".jpg", stored, options)[1].tobytes())


@dataclass
class Planted:
    """A data set with one fault.

    Attributes:
        kind: The expected kind of finding.
        what: The fault in words.
        pairs: The data set.
        section: The section that has it.
        files: Names (without folders) of the files that a finding should name, no more and no fewer; empty: any.
        also: Other kinds that are true for the same files.
    """

    kind: str
    what: str
    pairs: Pairs
    section: str = "train_dataset"
    files: set[str] = field(default_factory=set)
    also: tuple[str, ...] = ()


def draw_road_scenes(train: int, val: int, size: tuple[int, int] = (256, 128), seed: int = 0) -> Pairs:
    """Drawn scenes, each with its own number."""
    parts, first = {}, 0
    for part, count in (("train", train), ("val", val)):
        scenes = RoadScenes([], mode=part, num_samples=max(count, 1), size=size, seed=seed)
        samples = [scenes.read(index) for index in range(count)]
        parts[part] = [Pair(f"scene_{first + i:04d}", s["img"], s["label"]) for i, s in enumerate(samples)]
        first += count
    return Pairs(**parts, num_classes=RoadScenes.num_classes, palette=RoadScenes.palette)


def in_labels(
    pairs: Pairs, part: str, change: Callable[[np.ndarray], np.ndarray], chosen: Sequence[int] | None = None
) -> set[str]:
    """Change labels of a part, all or those at some positions; return the names of their files."""
    some = pairs.part(part) if chosen is None else [pairs.part(part)[i] for i in chosen]
    for pair in some:
        pair.label = np.ascontiguousarray(change(pair.label))
    return {f"{pair.name}.png" for pair in some}


def count_from_one(label: np.ndarray) -> np.ndarray:
    """Every class id plus one; ignored pixels stay."""
    return np.where(label == 255, 255, label + 1).astype(np.uint8)


def stretch(label: np.ndarray, num_classes: int) -> np.ndarray:
    """Class ids spread over 0 .. 255, to make them visible; ignored pixels become class 0."""
    ids = np.where(label == 255, 0, label)
    return np.rint(ids * (255 / (num_classes - 1))).astype(np.uint8)


def mask_of(label: np.ndarray, class_id: int) -> np.ndarray:
    """A mask of 0 and 255."""
    return np.where(label == class_id, 255, 0).astype(np.uint8)


def colour(label: np.ndarray, palette: Sequence[Sequence[int]]) -> np.ndarray:
    """The label in colours, ignored pixels black."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(palette)] = palette
    return table[label]


def brightness(label: np.ndarray, num_classes: int) -> np.ndarray:
    """The label in PASCAL VOC's colours, read as grey; ignored pixels are class 0."""
    table = np.roll(default_palette(), 1, axis=0)
    table[0] = 0
    ids = np.where(label < num_classes, label, 0)
    return cv2.cvtColor(table[ids], cv2.COLOR_RGB2GRAY)


def smooth(label: np.ndarray, factor: float) -> np.ndarray:
    """The label reduced and enlarged again with interpolation."""
    height, width = label.shape[:2]
    small = cv2.resize(label, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def shift(label: np.ndarray, right: int, down: int) -> np.ndarray:
    """The label moved; uncovered pixels are ignored."""
    reach = max(abs(right), abs(down))
    height, width = label.shape
    padded = np.pad(label, reach, constant_values=255)
    return padded[reach - down : reach - down + height, reach - right : reach - right + width]


def resize(picture: np.ndarray, factor: float) -> np.ndarray:
    """The picture in another size."""
    height, width = picture.shape[:2]
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, (round(width * factor), round(height * factor)), interpolation=way)


def resize_label(label: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """The label in another size, by the nearest pixel."""
    return cv2.resize(label, size_hw[::-1], interpolation=cv2.INTER_NEAREST)


def copy_to_val(
    pairs: Pairs, chosen: Sequence[int], change: Callable[[np.ndarray], np.ndarray], quality: int | None
) -> set[str]:
    """Copy pictures of train into val, changed and renamed; return the names of the files."""
    names = set()
    for position, index in enumerate(chosen):
        pair = pairs.train[index]
        picture = change(pair.picture)
        label = resize_label(pair.label, picture.shape[:2])
        pairs.val[position] = Pair(f"copied{chr(97 + position)}", picture, label, quality)
        names.add(pairs.val[position].picture_file)
    return names
