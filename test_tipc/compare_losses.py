# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Compare two lists of losses from extract_loss.py.

    python test_tipc/compare_losses.py dygraph_loss.txt dy2static_loss.txt --rtol 0.001

PaddleSeg compares them with diff. Two correct computations differ in the last bits, and training amplifies that with
each step: test_tipc/docs/test_train_dy2static_python.md has figures.
"""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import ConfigError, DataError


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(
        prog="compare_losses.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs=2, metavar="FILE", help="a number in each line")
    parser.add_argument("--rtol", type=float, default=1e-3, help="allowed relative difference (default: %(default)s)")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Compare; the exit status is 0 if all agree."""
    first, second = (read_losses(file) for file in arguments.files)
    if len(first) != len(second):
        raise DataError(f"{arguments.files[0]} has {len(first)} losses and {arguments.files[1]} {len(second)}")
    differences = np.abs(first - second) / np.abs(first)
    step = int(np.argmax(differences))
    print(
        f"{len(first)} losses; the largest difference is {differences[step]:.1e} of {first[step]}, in line {step + 1} "
        f"(allowed: {arguments.rtol:g})"
    )
    # NaN equals nothing.
    if not np.all(differences <= arguments.rtol):
        raise DataError(f"the losses of {arguments.files[0]} and {arguments.files[1]} are different")


def read_losses(path: str) -> np.ndarray:
    """The numbers of a file, float64 (N,)."""
    if not os.path.isfile(path):
        raise ConfigError(f"{path}: there is no such file")
    with open(path, encoding="utf-8") as file:
        lines = file.read().split()
    try:
        losses = np.array([float(line) for line in lines])
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    if losses.size == 0:
        raise DataError(f"{path}: there are no losses in it")
    return losses


if __name__ == "__main__":
    run_command(main, make_parser())
