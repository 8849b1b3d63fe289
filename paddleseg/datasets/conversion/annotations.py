# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The output of annotation readers: pictures with the shapes drawn on them, and their faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np

from paddleseg.datasets.conversion.class_list import ClassList, NamedClass
from paddleseg.utils.errors import count_of
from paddleseg.utils.shapes import Shape, paint


@dataclass(frozen=True)
class ReadingOptions:
    """The user's options for a source.

    Attributes:
        images: Folder of the pictures, if it is not the format's usual one.
        classes: The classes, if the user gives them.
        crowd: Whether COCO's crowd regions become pixels of their class, or ignored ones.
        line_width: Width in pixels of lines without one of their own.
        point_size: Radius in pixels of a single point.
    """

    images: Path | None = None
    classes: Sequence[NamedClass] | None = None
    crowd: Literal["class", "ignore"] = "class"
    line_width: int = 10
    point_size: int = 5


_MODES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def mode_of(name: str) -> str | None:
    """The part that tools mean by a name, in any case: ``"train"``, ``"val"``, ``"test"``, or None for others.

    Example:
        >>> mode_of("Validation"), mode_of("default")
        ('val', None)
    """
    return _MODES.get(name.lower())


class Region(NamedTuple):
    """A shape of a class; ``place`` is its name in messages."""

    label: str
    shape: Shape
    place: str


class Content(Protocol):
    """The annotation of a picture."""

    def labels(self) -> Iterator[tuple[str, str]]:
        """(label, place) of all labels known before drawing."""
        ...

    def label_map(self, size_wh: tuple[int, int], classes: ClassList) -> np.ndarray:
        """(H, W) uint8 class ids.

        Raises:
            DataError: It cannot be read, or has values that are not classes.
        """
        ...


@dataclass(frozen=True)
class Regions:
    """Shapes, later ones on top of earlier ones."""

    regions: Sequence[Region]

    def labels(self) -> Iterator[tuple[str, str]]:
        for region in self.regions:
            yield region.label, region.place

    def faults(self, size_wh: tuple[int, int]) -> Iterator[str]:
        """The faults of the shapes on a picture of this size."""
        for label, shape, place in self.regions:
            if not shape.bounds.meets(*size_wh):
                left, top, right, bottom = shape.bounds
                yield (
                    f"{place} ({label!r}) lies outside the picture of {size_wh[0]}x{size_wh[1]}: x {left} to {right}, "
                    f"y {top} to {bottom}"
                )

    def label_map(self, size_wh: tuple[int, int], classes: ClassList) -> np.ndarray:
        label_map = np.full(size_wh[::-1], classes.unlabelled, np.uint8)
        for label, shape, _ in self.regions:
            paint(label_map, shape, classes.id_of(label))
        return label_map

    def count_cut(self, size_wh: tuple[int, int]) -> int:
        """How many shapes reach beyond a picture of this size."""
        return sum(shape.bounds.exceeds(*size_wh) for _, shape, _ in self.regions)


@dataclass
class AnnotatedPicture:
    """A picture with its annotation.

    Attributes:
        image: The picture's file.
        name: Its path in the result, with ``/``.
        source: The file of the annotation, for messages.
        content: The shapes drawn on it.
        stated_size: (width, height) that the annotation states, or None.
        split: ``"train"``, ``"val"`` or ``"test"`` if the source says it.
        faults: What is wrong with it, as text that follows ``source``.
    """

    image: Path
    name: str
    source: str
    content: Content
    stated_size: tuple[int, int] | None = None
    split: str | None = None
    faults: list[str] = field(default_factory=list)


@dataclass
class Source:
    """The result of a reader.

    Attributes:
        pictures: In the order of the source.
        classes: The classes that it lists, or None: those that occur.
        faults: What is wrong apart from the pictures, one line each.
        notes: What a user should know but need not fix.
        unlabelled_is_ignored: Whether pixels not covered by shapes are neither trained nor counted.
    """

    pictures: list[AnnotatedPicture] = field(default_factory=list)
    classes: list[NamedClass] | None = None
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unlabelled_is_ignored: bool = False

    def note_left_out(self, kinds: dict[str, int]) -> None:
        """Note shapes of kinds that have no pixels."""
        for kind, count in sorted(kinds.items()):
            self.notes.append(f"{count_of(count, 'shape')} of the kind {kind!r} left out: such shapes cover no pixels")
