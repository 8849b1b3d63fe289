# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``scores.json``: the results of an evaluation, class by class, beside its weights and in reports."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.utils.errors import DataError

SCORES = "scores.json"
# Its place in a folder: a checkpoint or a report has it directly, a run in its best model.
_PLACES = (SCORES, f"best_model/{SCORES}")


def scores_text(values: Mapping[str, float], details: Mapping[str, Any], *, step: int | None, weights: str) -> str:
    """The content of the file.

    Args:
        values: The figures by name, the primary one first.
        details: All results, as plain values.
        step: The optimiser step of the weights; None: not known.
        weights: Their file.
    """
    values = {name: value if np.isfinite(value) else None for name, value in values.items()}
    content = {"step": step, "weights": weights, "values": values, **details}
    # A user's own task may have details that JSON does not support; no evaluation may be lost because of them.
    return json.dumps(content, indent=1, default=str) + "\n"


@dataclass(frozen=True)
class StoredScores:
    """The content of a file.

    Attributes:
        file: Its path.
        content: Everything in it.
    """

    file: Path
    content: Mapping[str, Any]

    @property
    def values(self) -> dict[str, float | None]:
        """The figures by name."""
        return dict(self.content.get("values", {}))

    @property
    def classes(self) -> dict[str, Mapping[str, Any]]:
        """The figures of each class by its name; empty if the task has no classes."""
        return {str(one["name"]): one for one in self.content.get("classes", [])}

    @property
    def matrix(self) -> np.ndarray | None:
        """(K, K) int64, or None if the task has none."""
        matrix = self.content.get("confusion_matrix")
        return None if matrix is None else np.array(matrix, np.int64)

    @property
    def names(self) -> list[str]:
        """Name of each row of the matrix; the ignored class, which has no figures, is named by its number."""
        names = {one["id"]: str(one["name"]) for one in self.content.get("classes", [])}
        count = 0 if self.matrix is None else len(self.matrix)
        return [names.get(number, f"class {number}") for number in range(count)]


def find_scores(folder: str | os.PathLike[str]) -> StoredScores | None:
    """The scores of a run, a checkpoint or a report; None if there are none.

    Raises:
        DataError: The file is damaged.
    """
    for place in _PLACES:
        file = Path(folder, place)
        if file.is_file():
            return read_scores(file)
    return None


def read_scores(file: Path) -> StoredScores:
    """The content of a file of this kind, or of one written by ``val.py --json``.

    Raises:
        DataError: It is something else, or damaged.
    """
    try:
        content = json.loads(file.read_bytes())
        scores = StoredScores(file, content)
        has_scores = bool(scores.values or scores.classes)
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        has_scores = False
    if not has_scores:
        raise DataError(
            f"{file}: holds no scores of an evaluation; {SCORES} of a checkpoint and what val.py --json writes do"
        )
    return scores
