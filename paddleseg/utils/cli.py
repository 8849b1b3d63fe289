# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What all commands share: ``--debug`` and ``--quiet``, one-line errors, exit statuses, checks of packages."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
import typing
import warnings
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal, NoReturn

from paddleseg.utils import progress
from paddleseg.utils.errors import UserError
from paddleseg.utils.extras import install_extra
from paddleseg.utils.failed_process import is_behind_others, leave_before_others
from paddleseg.utils.logging import be_quiet
from paddleseg.utils.near_miss import ask_for_nearest
from paddleseg.utils.quiet_import import import_quietly
from paddleseg.utils.type_hints import plain, without_null

# Paddle's warnings about itself, which are of no use to its users.
_PADDLE_CHATTER = ("No ccache found", "When training, we now always track global mean and variance")
_INSTALL_HINTS = {
    "paddle": "pip install paddlepaddle==3.3.1 (CPU) or paddlepaddle-gpu",
    "cv2": "pip install opencv-python, or opencv-python-headless where libGL or libxcb are missing",
    "onnx": install_extra("onnx"),
    "openvino": install_extra("openvino"),
    "MNN": install_extra("mnn"),
    "nncf": install_extra("quant"),
    "onnxruntime": install_extra("onnx"),
}


class CommandParser(argparse.ArgumentParser):
    """The parser of a command: errors are one line, and words of other kits are first turned into ours.

    Args:
        rewrite: Turns the typed words, given the parser's own flags, into those to parse.
        options: As for ``argparse.ArgumentParser``.
    """

    def __init__(
        self, *, rewrite: Callable[[Sequence[str], Collection[str]], list[str]] | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self._rewrite = rewrite

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> argparse.Namespace:
        """Parse the words, by default those of ``sys.argv``.

        Raises:
            ConfigError: A word of another kit has no equivalent here.
        """
        words = list(sys.argv[1:] if args is None else args)
        flags = [name for name in self._option_string_actions if name.startswith("--")]
        if self._rewrite is not None:
            words = self._rewrite(words, flags)
        arguments, unknown = self.parse_known_args(words, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}. {ask_for_nearest(unknown[0], flags)}".strip())
        return arguments

    def error(self, message: str) -> NoReturn:
        """Leave with status 2 and one line; the usage of a command with many flags would hide it."""
        self.exit(2, f"{self.prog}: error: {message}; {self.prog} --help lists the flags\n")


def str2bool(text: str) -> bool:
    """Parse the boolean of a ``--flag True`` argument.

    Raises:
        argparse.ArgumentTypeError: The text is neither true nor false.
    """
    lowered = text.lower()
    if lowered in ("true", "1", "yes"):
        return True
    if lowered in ("false", "0", "no"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither True nor False")


def add_flag(parser: argparse.ArgumentParser, name: str, hint: Any, default: Any, words: str) -> None:
    """Add ``--name`` according to its type hint: a truth value is a switch, a choice has its values, null is optional.

    Bounds are not checked here. A default of None stays None, so that a missing flag can be recognised.
    """
    hint = without_null(plain(hint))
    shown = "" if default in (None, False) else f" (default: {default})"
    options: dict[str, Any] = {"default": default, "help": (words + shown).replace("%", "%%")}
    if hint is bool:
        options["action"] = "store_true"
    elif typing.get_origin(hint) is Literal:
        options["choices"] = list(typing.get_args(hint))
    else:
        options["type"] = plain(hint)
    parser.add_argument(f"--{name}", **options)


def require_packages(*names: str) -> None:
    """Import packages that are installed separately from ours, because there are several builds of them.

    Args:
        names: Keys of ``_INSTALL_HINTS``.

    Raises:
        UserError: One is missing or does not load; the message says what to install.
    """
    for message in _PADDLE_CHATTER:
        warnings.filterwarnings("ignore", message=message)
    for name in names:
        try:
            import_quietly(name)
        except ImportError as error:
            raise UserError(f"cannot import {name} ({error}): {_INSTALL_HINTS[name]}") from None


def run_command(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Parse the command line, run ``main`` and leave with the exit status.

    A ``UserError`` ends as one line on standard error and status 1; ``--debug`` shows its traceback. Ctrl-C
    ends with status 130. Everything else is a bug and keeps its traceback.

    Args:
        main: Takes the parsed arguments.
        parser: The command's parser; ``--debug`` and ``--quiet`` are added to it.
    """
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.add_argument("--quiet", action="store_true", help="show only errors and the result")
    arguments = None
    try:
        arguments = parser.parse_args()
        if arguments.quiet:
            be_quiet()
        main(arguments)
    except UserError as error:
        progress.close_all()
        if arguments is not None and arguments.debug:
            traceback.print_exc()
        _say(f"{parser.prog}: error: {error}")
        if is_behind_others():
            leave_before_others(1)
        sys.exit(1)
    except KeyboardInterrupt:
        progress.close_all()
        _say(f"{parser.prog}: interrupted")
        sys.exit(130)
    except Exception:
        progress.close_all()
        if is_behind_others():
            traceback.print_exc()
            leave_before_others(1)
        raise
    finally:
        _let_go_of_readers_that_left()


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads it any more
        print(text, file=sys.stderr, flush=True)


def _let_go_of_readers_that_left() -> None:
    """Keep the exit status when a pipe's reader is gone; Python would leave with 120 for what it cannot write."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
