# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Print the numbers at one place in lines of a log.

    python test_tipc/extract_loss.py -v '[TRAIN] epoch:' -e 'loss: {%f},' < train.log

Their sum or mean with --reduction_expr.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import ConfigError

# The placeholders of values, and their form in a log. NaN counts as a loss, too.
_KINDS = {
    "f": (r"[-+]?(?:\d+\.\d+(?:e[-+]?\d+)?|nan|inf)", float),
    "i": (r"[-+]?\d+", int),
    "s": (r".*?", str),
}


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; the flags are PaddleSeg's."""
    parser = CommandParser(
        prog="extract_loss.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("-v", "--valid_expr", default="*", help="text that a line must hold; * is any line (default: %(default)s)")
    add("-e", "--extract_expr", required=True, help="regular expression with {%%f}, {%%i} or {%%s} for the value")
    add(
        "-r",
        "--reduction_expr",
        choices=["print", "sum", "mean"],
        default="print",
        help="print all of them, or their sum or mean (default: %(default)s)",
    )
    add("-n", "--discard", type=int, default=0, help="values left out at both ends (default: %(default)s)")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Read a log from standard input."""
    if arguments.discard < 0:
        raise ConfigError(f"--discard {arguments.discard}: must not be negative")
    values = list(extract(sys.stdin, arguments.valid_expr, arguments.extract_expr))
    values = values[arguments.discard : len(values) - arguments.discard]
    if arguments.reduction_expr == "print":
        for value in values:
            print(value)
        return
    if not values or isinstance(values[0], str):
        raise ConfigError(f"--extract_expr {arguments.extract_expr}: no line has a number there to {_verb(arguments)}")
    total = sum(values)
    print(total if arguments.reduction_expr == "sum" else total / len(values))


def _verb(arguments: argparse.Namespace) -> str:
    return {"sum": "add", "mean": "average"}[arguments.reduction_expr]


def extract(lines: Iterable[str], valid: str, expression: str) -> Iterator[float | int | str]:
    """The value of each line that has one.

    Args:
        lines: Lines of a log.
        valid: Text that a line must contain; ``*`` is any line.
        expression: Regular expression with one ``{%f}``, ``{%i}`` or ``{%s}``.

    Raises:
        ConfigError: There is not one such place, or the expression cannot be read.
    """
    places = re.findall(r"\{%(.)\}", expression)
    if len(places) != 1 or places[0] not in _KINDS:
        raise ConfigError(f"--extract_expr {expression}: must hold one of {{%f}}, {{%i}} and {{%s}}, once")
    form, convert = _KINDS[places[0]]
    before, after = expression.split(f"{{%{places[0]}}}")
    try:
        pattern = re.compile(f"{before}({form}){after}")
    except re.error as error:
        raise ConfigError(f"--extract_expr {expression}: {error}") from None
    for line in lines:
        found = pattern.search(line.strip()) if valid == "*" or valid in line else None
        if found:
            yield convert(found[1])


if __name__ == "__main__":
    run_command(main, make_parser())
