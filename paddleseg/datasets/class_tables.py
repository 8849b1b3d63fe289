# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Class names, colours and label numbers of published data sets: the files of ``tables``, each with its source."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IGNORED = 255
"""What labels of published data sets hold where a pixel counts for nothing."""

_FOLDER = Path(__file__).parent / "tables"

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class ClassTable:
    """A data set's published information on its classes.

    Attributes:
        classes: (name, colour) of each class, in the order of the class ids.
        labels: (name, number in the label files, class id or IGNORED, ...) of each label, if files have other numbers
            than the class ids; a further column is the class id in another set of classes.
    """

    classes: tuple[tuple[str, Colour], ...]
    labels: tuple[tuple[Any, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(name for name, _ in self.classes)

    @property
    def palette(self) -> tuple[Colour, ...]:
        """The colours of the classes."""
        return tuple(colour for _, colour in self.classes)

    def label_map(self) -> dict[int, int]:
        """Number in a label file to class id or IGNORED, for the labels that files can have."""
        return {row[1]: row[2] for row in self.labels if row[1] >= 0}

    def ids_by_name(self, column: int = 2) -> dict[str, int | None]:
        """Name of a label to class id, for files of polygons; None if the label is not drawn (a negative number).

        Args:
            column: Position of the class id in a row of ``labels``.
        """
        return {row[0]: row[column] if row[1] >= 0 else None for row in self.labels}


@functools.cache
def class_table(name: str) -> ClassTable:
    """Read the table of a data set.

    Args:
        name: File in ``tables``, without suffix.
    """
    content = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    classes = tuple((name, tuple(colour)) for name, colour in content.get("classes", ()))
    return ClassTable(classes, tuple(tuple(row) for row in content.get("labels", ())))
