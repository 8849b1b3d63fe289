# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``--json FILE``: the figures that a command prints, for programs."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.errors import ConfigError


def add_json_flag(parser: argparse.ArgumentParser, content: str) -> None:
    """Add ``--json FILE``.

    Args:
        parser: The command's.
        content: What is written there, for the help: ``"the counts"``.
    """
    parser.add_argument("--json", metavar="FILE", help=f"also write {content} to this file")


def check_json_flag(file: str | None) -> None:
    """Refuse what cannot become a file before the work that leads to its content, which may take an hour.

    Args:
        file: What was given with ``--json``; None: nothing was.

    Raises:
        ConfigError: It is empty, a folder, or in one that is not there or cannot be written to; or a file that is no
            JSON, and so was not written by such a flag.
    """
    if file is None:
        return
    if not file:
        raise ConfigError("--json: the name is empty; give a file")
    folder = Path(file).parent
    if Path(file).is_dir():
        raise ConfigError(f"--json {file}: this is a folder; give a file")
    if not folder.is_dir():
        raise ConfigError(f"--json {file}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"--json {file}: the folder {folder} cannot be written to; give a file in another one")
    if Path(file).is_file() and not _is_json(file):
        raise ConfigError(f"--json {file}: is there already and is no JSON file; give another name, or move it away")


def _is_json(file: str) -> bool:
    try:
        json.loads(Path(file).read_bytes())
    except (ValueError, RecursionError):
        return False
    return True


def write_json(file: str | None, content: Any) -> None:
    """Write what was asked for with ``--json``, whole or not at all; None: nothing was.

    Plain ASCII: names of files that are not UTF-8 have parts that only an escape can write.

    Raises:
        UserError: The file cannot be written.
    """
    if file is not None:
        write_atomically(file, f"{json.dumps(content, indent=2)}\n".encode())
