# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Which commit of the toolkit runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 10


def checkout_revision(root: Path = _ROOT) -> str | None:
    """The commit of a checkout, ``-dirty`` behind it where files differ from it; None where there is no checkout.

    Args:
        root: Its top folder. A folder in a checkout of something else, such as an environment in it, is none.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS).stdout.strip()

    try:
        is_top = git("rev-parse", "--show-prefix") == ""
        return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*") if is_top else None
    except (OSError, subprocess.SubprocessError):  # no git, or none of its folders
        return None
