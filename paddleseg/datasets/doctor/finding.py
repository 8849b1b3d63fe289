# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label doctor's findings: one per cause, with files, pictures and the line that fixes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

Severity = Literal["error", "warning", "info"]
"""An error leaves nothing to learn from the files, a warning makes results worse, information may be as it should."""

KINDS = {
    "off_by_one": "class ids off by one",
    "other_values": "values that are not the class ids",
    "colours": "colours instead of class ids",
    "antialiased": "edges that were smoothed",
    "shifted": "labels shifted against their pictures",
    "mirrored": "labels flipped the wrong way",
    "swapped": "lists that are mixed up",
    "same_picture": "pictures in both parts",
    "resized_copy": "pictures in both parts, resized",
    "reencoded_copy": "pictures in both parts, re-encoded",
    "sequence_neighbours": "neighbours of a sequence in both parts",
    "few_pixels": "classes with few pixels",
}
"""What can be found, by name, and the headings of the page."""

MISPLACED = ("shifted", "mirrored", "swapped")
"""The kinds that say where labels belong that do not fit their pictures."""


class Exhibit(NamedTuple):
    """A picture on the page.

    Attributes:
        caption: What it shows.
        picture: (H, W, 3) uint8 RGB.
    """

    caption: str
    picture: np.ndarray


def nothing_to_show() -> Sequence[Exhibit]:
    """The pictures of a finding that has none."""
    return ()


@dataclass(frozen=True)
class Finding:
    """One thing that is, or may be, wrong.

    Attributes:
        kind: A key of ``KINDS``.
        severity: How bad it is.
        section: Where: ``"train_dataset"`` or ``"val_dataset"``.
        message: One line: what was found, how often, and how certain it is.
        cure: The lines that fix it: YAML, a line of a list, or a command.
        files: The affected files.
        show: Makes the pictures; called only for a page.
    """

    kind: str
    severity: Severity
    section: str
    message: str
    cure: str
    files: Sequence[str] = ()
    show: Callable[[], Sequence[Exhibit]] = nothing_to_show

    def __post_init__(self) -> None:
        assert self.kind in KINDS

    def to_dict(self) -> dict[str, Any]:
        """Everything except the pictures as plain values, for a JSON file."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "section": self.section,
            "message": self.message,
            "cure": self.cure,
            "files": list(self.files),
        }


def share_of(count: int, total: int, noun: str) -> str:
    """``3 of 101 labels``; all of them as ``all 101 labels``."""
    return f"all {total} {noun}" if count == total and total > 1 else f"{count} of {total} {noun}"


def first_of(files: Sequence[str]) -> str:
    """The end of a message: the only file, or the first of several."""
    return f"{'first' if len(files) > 1 else 'file'}: {files[0]}"
