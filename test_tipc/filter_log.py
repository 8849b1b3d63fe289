# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
r"""Copy a training log without the first lines of each epoch, which are slower.

    python test_tipc/filter_log.py --in_log_path train.log --out_log_path filtered.log --skip_iters 4

Lines not from the training are kept.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import ConfigError


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the flags are PaddleSeg's."""
    parser = CommandParser(
        prog="filter_log.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--in_log_path", required=True, help="the log")
    add("--out_log_path", required=True, help="file to write")
    add("--skip_iters", type=int, default=0, help="lines of each epoch to leave out (default: %(default)s)")
    add(
        "--pattern",
        default=r"epoch: (\d+)",
        help="regular expression of lines that count, whose group is the epoch (default: %(default)s)",
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Write the filtered copy."""
    if arguments.skip_iters < 0:
        raise ConfigError(f"--skip_iters {arguments.skip_iters}: must not be negative")
    source = Path(arguments.in_log_path)
    if not source.is_file():
        raise ConfigError(f"--in_log_path {source}: there is no such file")
    try:
        pattern = re.compile(arguments.pattern)
    except re.error as error:
        raise ConfigError(f"--pattern {arguments.pattern}: {error}") from None
    if pattern.groups != 1:
        raise ConfigError(f"--pattern {arguments.pattern}: must have one group, which is the epoch")
    lines = source.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    kept = "".join(without_first_of_epochs(lines, pattern, arguments.skip_iters))
    write_atomically(arguments.out_log_path, kept.encode())


def without_first_of_epochs(lines: Iterable[str], pattern: re.Pattern[str], count: int) -> Iterator[str]:
    """All lines except the first ``count`` matches of the pattern in each epoch."""
    epoch, seen = None, 0
    for line in lines:
        found = pattern.search(line)
        if found:
            epoch, seen = found[1], 1 if found[1] != epoch else seen + 1
            if seen <= count:
                continue
        yield line


if __name__ == "__main__":
    run_command(main, make_parser())
