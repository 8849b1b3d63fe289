# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What one look at an environment gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """A row of the table.

    Attributes:
        subject: What was looked at.
        status: ``ok``; ``note``: it works, with less than could be; ``wrong``: something will fail.
        found: What is there.
        mend: The command or line that changes it; of all that is not ok.
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
