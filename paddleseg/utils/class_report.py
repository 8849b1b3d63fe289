# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A classifier's results in the form written by predict.py and deploy/python/infer.py: a table and a JSON file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddleseg.utils.errors import printable_line
from paddleseg.utils.logging import get_logger
from paddleseg.utils.visualize import class_name
from paddleseg.utils.written_files import WrittenFiles

SHOWN = 5
"""Classes that are named for each picture, the most probable first."""


@dataclass(frozen=True)
class FoundClass:
    """One class that a picture may be of.

    Attributes:
        id: Its number.
        name: Its name, "class 3" if none is known.
        probability: From 0 to 1; None if the network returns only the class.
    """

    id: int
    name: str
    probability: float | None = None


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (N, K) of logits (N, K), float32."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def best_classes(probabilities: np.ndarray, names: Sequence[str] | None = None) -> list[FoundClass]:
    """The most probable classes of one picture, at most ``SHOWN``; ties go to the lower class.

    Args:
        probabilities: (K,) floats.
        names: One name per class, or None.
    """
    order = np.argsort(-probabilities, kind="stable")[:SHOWN]
    return [FoundClass(int(i), class_name(int(i), names), float(probabilities[i])) for i in order]


class ClassReport:
    """The files ``predictions.txt`` and ``predictions.json`` of a folder.

    Args:
        save_dir: The folder; ``written_files.jsonl`` in it names them, and a later run replaces them.
        part: Number of this process in a run of several, each with its own files; None: there is one.

    Raises:
        DataError: One of the files exists, and no command wrote it.
    """

    def __init__(self, save_dir: str | os.PathLike[str], part: int | None = None) -> None:
        stem = "predictions" if part is None else f"predictions_{part}"
        self.table, self.json = (Path(save_dir, f"{stem}.{suffix}") for suffix in ("txt", "json"))
        self._written = WrittenFiles(save_dir)
        self._written.refuse_foreign([self.table, self.json])
        self._found: dict[str, list[FoundClass]] = {}
        older = Path(save_dir, "predictions_0.txt" if part is None else "predictions.txt")
        if not part and older.exists():
            get_logger().warning("%s is of an earlier run with another number of processes", older)

    def add(self, path: str, classes: Sequence[FoundClass]) -> None:
        """Record a picture's classes."""
        self._found[path] = list(classes)

    def write(self) -> None:
        """Write both files, each whole or not at all; nothing without pictures.

        Raises:
            UserError: They cannot be written.
        """
        if not self._found:
            return
        self._written.write(self.table, f"{self.text()}\n".encode("utf-8", "surrogateescape"))
        pictures = [{"picture": path, "classes": [vars(found) for found in all_]} for path, all_ in self._found.items()]
        # Plain ASCII: names of files that are not UTF-8 have parts that only an escape can write.
        self._written.write(self.json, f"{json.dumps({'predictions': pictures}, indent=2)}\n".encode())

    def describe(self) -> str:
        """The text for the log: the table, and its path."""
        return f"{self.text()}\nsaved in {self.table} and {self.json}" if self._found else "nothing to save"

    def text(self) -> str:
        """The table: a line for each picture, with its classes and their probabilities."""
        width = max((len(printable_line(path)) for path in self._found), default=0)
        return "\n".join(
            f"{printable_line(path):<{width}}  {', '.join(map(_in_words, classes))}"
            for path, classes in self._found.items()
        )


def _in_words(found: FoundClass) -> str:
    name = printable_line(found.name)
    return name if found.probability is None else f"{name} {found.probability:.4f}"
