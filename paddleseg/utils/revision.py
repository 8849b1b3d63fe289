# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The toolkit's commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 10


def checkout_revision(root: Path = _ROOT) -> str | None:
    """The commit of a checkout, followed by ``-dirty`` if files differ from it; None without a checkout.

    Args:
        root: Its top folder. A folder inside another checkout, such as an environment, does not count.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS).stdout.strip()

    try:
        is_top = git("rev-parse", "--show-prefix") == ""
        return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*") if is_top else None
    except (OSError, subprocess.SubprocessError):  # no git, or not a repository
        return None
