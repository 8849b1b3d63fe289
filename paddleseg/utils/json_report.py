# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``--json FILE``: the figures that a command prints, for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.output_file import check_output_file

MARK = ("written_by", "ddrnet-toolkit")
"""First entry of each written object: labels and lists of pictures are JSON files, too."""


def add_json_flag(parser: argparse.ArgumentParser, content: str) -> None:
    """Add ``--json FILE``.

    Args:
        parser: The command's.
        content: Its content, for the help: ``"the counts"``.
    """
    parser.add_argument("--json", metavar="FILE", help=f"also write {content} to this file")


def check_json_flag(file: str | None) -> None:
    """Refuse an impossible file before the work on its content, which may take an hour.

    Args:
        file: The value of ``--json``; None: not given.

    Raises:
        ConfigError: It is empty, a folder, or in one that is missing or not writable; or a file not written by such a
            flag.
    """
    check_output_file(file, flag="--json", kind="JSON file of this toolkit", is_own=_is_own)


def _is_own(file: Path) -> bool:
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return False
    objects = content if isinstance(content, list) else [content]
    return all(isinstance(item, dict) and MARK in item.items() for item in objects)


def write_json(file: str | None, content: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
    """Write the file of ``--json``, whole or not at all; None: not given.

    Plain ASCII: file names that are not UTF-8 have parts that only an escape can represent.

    Args:
        file: The value of ``--json``.
        content: An object or a list of objects; each gets ``MARK`` as its first entry.

    Raises:
        UserError: The file cannot be written.
    """
    if file is not None:
        marked = [_marked(item) for item in content] if isinstance(content, list) else _marked(content)
        write_atomically(file, f"{json.dumps(marked, indent=2)}\n".encode())


def _marked(content: Mapping[str, Any]) -> dict[str, Any]:
    return dict([MARK, *content.items()])
