# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The result of one check of an environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """A row of the table.

    Attributes:
        subject: What was checked.
        status: ``ok``; ``note``: it works, but not as well as it could; ``wrong``: something will fail.
        found: What is there.
        mend: The command or line that fixes it; given unless the status is ok.
    """

    subject: str
    status: Status
    found: str
    mend: str = ""

    def __post_init__(self) -> None:
        assert (self.status == "ok") == (not self.mend), self


def ok(subject: str, found: str) -> Finding:
    """All is well."""
    return Finding(subject, "ok", found)


def note(subject: str, found: str, mend: str) -> Finding:
    """It works, but somebody should know."""
    return Finding(subject, "note", found, mend)


def wrong(subject: str, found: str, mend: str) -> Finding:
    """Something will fail."""
    return Finding(subject, "wrong", found, mend)
