# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Published weights by name: list them, and download one to a folder.

    python tools/zoo.py list
    python tools/zoo.py get ddrnet23_slim_cityscapes --save_dir weights

The names and their addresses are in paddleseg/models/zoo.yml; PADDLESEG_ZOO names another such file. A training needs
no `get`: `model.pretrained=zoo:NAME` downloads by itself. Downloads are kept in $PADDLESEG_HOME (~/.paddleseg). If the
list has no checksum, that of the first download with the network's weights is recorded there, and every later download
must match it.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paddleseg.utils.atomic_file import replacing
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.errors import ConfigError, WeightsError

if TYPE_CHECKING:
    from paddleseg.models.zoo import ZooEntry

_HEAD = ("name", "network", "trained on", "kit", "SHA-256", "published")


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="print a table of all names")
    get = actions.add_parser("get", help="download the file of a name to a folder")
    get.add_argument("name", help="a name from `list`")
    get.add_argument("--save_dir", type=Path, default=Path("weights"), help="output folder (default: weights)")
    return parser


def table(entries: Sequence[ZooEntry]) -> str:
    """A line for each entry, columns aligned."""
    rows = [_HEAD, *((e.name, e.model, e.trained_on, e.kit, _checksum_words(e), e.result) for e in entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]) for row in rows)


def _checksum_words(entry: ZooEntry) -> str:
    from paddleseg.models.zoo import known_sha256

    try:
        known = known_sha256(entry)
    except WeightsError:  # `get` reports the error
        return "damaged record"
    if known is None:
        return "not known"
    return f"{known[:8]}.. recorded" if known != entry.sha256 else f"{known[:8]}.."


def get(name: str, save_dir: Path) -> Path:
    """Put the file of a name into a folder; one that already exists is never replaced.

    Returns:
        The file.

    Raises:
        ConfigError: There is no such name, or another file is in its place.
        WeightsError: No mirror has it.
    """
    from paddleseg.models.zoo import fetch, find, known_sha256

    entry = find(name)
    target = save_dir / entry.file_name
    if target.exists():
        known = known_sha256(entry)
        if known is None or not (target.is_file() and sha256_of(target).startswith(known)):
            asked = "no checksum is known of this name" if known is None else f"the one asked for has SHA-256 {known}"
            raise ConfigError(f"{target} is there, and {asked}; move it away or give another --save_dir")
        return target
    source = fetch(name)
    try:
        save_dir.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file, open(source, "rb") as cached:
            shutil.copyfileobj(cached, file)
    except OSError as error:
        raise ConfigError(f"--save_dir {save_dir} cannot be written: {error.strerror}") from None
    return target


def main(arguments: argparse.Namespace) -> None:
    """Print the table, or get a file and explain its use."""
    require_packages("paddle")
    from paddleseg.models.zoo import find, read_zoo

    if arguments.action == "list":
        print(table(list(read_zoo().values())))
        return
    path = get(arguments.name, arguments.save_dir)
    print(f"{path}: SHA-256 {sha256_of(path)}\nmodel: {{type: {find(arguments.name).model}, pretrained: {path}}}")
