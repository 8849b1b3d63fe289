# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The place of a file that a command writes: checked before the work, and never that of a foreign file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from paddleseg.utils.errors import ConfigError


def check_output_file(
    file: str | os.PathLike[str] | None,
    *,
    flag: str = "",
    suffixes: Sequence[str] = (),
    kind: str,
    is_own: Callable[[Path], bool],
) -> None:
    """Refuse a place where a file cannot be written, or where a foreign file exists.

    Args:
        file: The given path; None: not given.
        flag: Its flag, for messages.
        suffixes: The allowed ones, in lower case; none: any.
        kind: The kind of file that may be replaced, for messages: ``"JSON file"``.
        is_own: Whether an existing file may be replaced; unreadable ones may not.

    Raises:
        ConfigError: It is empty, a folder, has another suffix, is in a folder that is missing or not writable, or
            a foreign file exists.
    """
    if file is None:
        return
    about = f"{flag} {file}".strip()
    if not str(file):
        raise ConfigError(f"{flag}: the name is empty; give a file")
    path = Path(file)
    if path.is_dir():
        raise ConfigError(f"{about}: this is a folder; give a file")
    if suffixes and path.suffix.lower() not in suffixes:
        raise ConfigError(f"{about}: give a file that ends in {' or '.join(suffixes)}")
    if not path.parent.is_dir():
        raise ConfigError(f"{about}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{about}: the folder {path.parent} cannot be written to; give a file in another one")
    if os.path.lexists(path) and not _may_go(path, is_own):
        raise ConfigError(f"{about}: already exists and is not a {kind}; give another name, or move it away")


def _may_go(path: Path, is_own: Callable[[Path], bool]) -> bool:
    try:
        return is_own(path)
    except OSError:
        return False
