# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The folders ``earlier_run_<time>``: files in the way of a run are moved there, never lost."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path


def move_aside(save_dir: Path, names: Mapping[Path, str]) -> Path:
    """Move files or folders into a new ``earlier_run_<time>`` in ``save_dir``.

    Args:
        save_dir: The run's folder.
        names: The files or folders to move, with their names there.

    Returns:
        The new folder.

    Raises:
        OSError: It cannot be written.
    """
    aside = _make_aside(save_dir)
    for path, name in names.items():
        os.rename(path, aside / name)
    return aside


def _make_aside(save_dir: Path) -> Path:
    """The name has the time, and a number if there are several in one second."""
    name = time.strftime("earlier_run_%Y%m%d_%H%M%S")
    aside, number = save_dir / name, 1
    while aside.exists():
        number += 1
        aside = save_dir / f"{name}_{number}"
    aside.mkdir()
    return aside
