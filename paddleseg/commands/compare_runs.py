# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Show how two runs differ: their settings, and their best models' scores class by class.

    python tools/compare_runs.py output/a output/b

A run is a folder of train.py, one of its checkpoints, a folder of ``val.py --report``, or a file of ``val.py --json``.
"""

from __future__ import annotations

import argparse

from paddleseg.utils.cli import CommandParser, require_packages
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(prog="compare_runs.py", description=__doc__.splitlines()[0])
    parser.add_argument("first", metavar="A", help="a run, checkpoint, report, or file of val.py --json")
    parser.add_argument("second", metavar="B", help="another one")
    add_json_flag(parser, "the comparison")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Compare, and print the tables."""
    require_packages("paddle")
    from paddleseg.reports.run_comparison import compare_runs, describe, open_run

    check_json_flag(arguments.json)
    comparison = compare_runs(open_run(arguments.first), open_run(arguments.second))
    print(describe(comparison, (arguments.first, arguments.second)))
    write_json(arguments.json, comparison.to_dict())
