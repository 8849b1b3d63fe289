# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The one logger of the toolkit, with PaddleSeg's line prefix (scripts parse it), and its output with ``--quiet``.

A quiet command shows errors and its result: lines of ``log_outcome`` and its printed output. Notes, warnings, the lines
of a training and progress are left out.
"""

import logging
import os
import sys
import warnings
from typing import Any

from paddleseg.utils.progress import is_first_process, room_for_text, show_no_progress

_NAME = "paddleseg"
_OUTCOME = {"is_outcome": True}
_ENVIRONMENT = "PADDLESEG_QUIET"
_is_quiet = False


class _StdoutHandler(logging.StreamHandler):
    """Writes to whatever ``sys.stdout`` is now, so that a redirected stdout receives the lines."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        with room_for_text():
            super().emit(record)


def get_logger() -> logging.Logger:
    """Return the toolkit's logger.

    Lines look like ``[2026/01/31 12:00:00] INFO: text`` on standard output. On ranks other than 0 of a
    distributed run only warnings and errors are shown.
    """
    logger = logging.getLogger(_NAME)
    if not logger.handlers:
        handler = _StdoutHandler()
        handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s: %(message)s", datefmt="%Y/%m/%d %H:%M:%S"))
        handler.addFilter(_is_shown)
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.INFO if is_first_process() else logging.WARNING)
    return logger


def log_outcome(message: str, *arguments: Any) -> None:
    """Log, like ``info``, the result of a command: it is shown even with ``--quiet``."""
    get_logger().info(message, *arguments, extra=_OUTCOME)


def print_note(text: str) -> None:
    """Print text that is neither an error nor the result of a command."""
    if not _is_quiet:
        with room_for_text():
            print(text, flush=True)


def be_quiet() -> None:
    """Show only errors and results from now on, also in processes that this one starts."""
    global _is_quiet
    _is_quiet = True
    os.environ[_ENVIRONMENT] = "1"
    os.environ.setdefault("GLOG_minloglevel", "2")  # for Paddle's C++, before its import: only errors
    show_no_progress()
    warnings.simplefilter("ignore")


def loud_environment() -> dict[str, str]:
    """The environment of a process whose output goes into a file, where ``--quiet`` does not apply."""
    return {name: value for name, value in os.environ.items() if name != _ENVIRONMENT}


def is_quiet() -> bool:
    """Whether the command was given ``--quiet``."""
    return _is_quiet


def _is_shown(record: logging.LogRecord) -> bool:
    return not _is_quiet or record.levelno >= logging.ERROR or getattr(record, "is_outcome", False)


if os.environ.get(_ENVIRONMENT) == "1":
    be_quiet()
