# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``ddrnet NAME ...`` and ``python -m paddleseg NAME ...``: all commands under one name."""

from __future__ import annotations

import importlib
import sys

from paddleseg import __version__
from paddleseg.commands.table import COMMANDS, GROUPS, Command, find
from paddleseg.utils.cli import run_command
from paddleseg.utils.near_miss import ask_for_nearest

_PROGRAM = "ddrnet"


def run() -> None:
    """The console script."""
    name, *words = sys.argv[1:] or [""]
    command = find(name)
    if command is not None:
        run_one(command, words)
    elif name in ("-h", "--help"):
        print(describe_commands())
    elif name == "--version":
        print(f"{_PROGRAM} {__version__}")
    else:
        what = f"there is no command {name!r}. {ask_for_nearest(name, COMMANDS)}" if name else "no command is given. "
        print(f"{_PROGRAM}: error: {what}{_PROGRAM} --help lists all", file=sys.stderr)
        sys.exit(2)


def run_one(command: Command, words: list[str]) -> None:
    """Run a command; exit with its status if it fails."""
    called = f"{_PROGRAM} {command.name}"
    sys.argv = [called, *words]
    module = importlib.import_module(command.module)
    parser = module.make_parser()
    parser.prog = called
    if command.file:
        parser.description = parser.description.replace(f"python {command.file}", called)
    run_command(module.main, parser)


def describe_commands() -> str:
    """The text of ``ddrnet --help``: a line for each command."""
    width = max(map(len, COMMANDS))
    lines = [f"usage: {_PROGRAM} COMMAND ...", "", f"{_PROGRAM} COMMAND --help lists the flags of one."]
    for title, group in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {command.name:<{width}}  {command.about}" for command in group)]
    return "\n".join(lines)


if __name__ == "__main__":
    run()
