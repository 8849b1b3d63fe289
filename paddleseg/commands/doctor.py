# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Check this machine and its Python for problems with the toolkit, and name the command that fixes each.

    python tools/doctor.py
    python tools/doctor.py --json environment.json

Checks versions, packages that shadow each other, GPUs and drivers, cores, memory, disks and engines; needs no package
itself. The exit status is 1 if something will fail. Please add its table to bug reports.
"""

from __future__ import annotations

import argparse
import sys

from paddleseg.environment.examination import as_json, examine, has_fault, table
from paddleseg.environment.machine import Machine
from paddleseg.utils.cli import CommandParser
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120, help="time limit for an import in seconds (default: 120)")
    add_json_flag(parser, "the rows")
    return parser


def main(args: argparse.Namespace) -> None:
    """Print the table."""
    if not args.seconds > 0:
        raise ConfigError(f"--seconds {args.seconds:g}: must be above 0")
    check_json_flag(args.json)
    findings = examine(Machine(seconds=args.seconds))
    print(table(findings))
    write_json(args.json, as_json(findings))
    if has_fault(findings):
        sys.exit(1)
