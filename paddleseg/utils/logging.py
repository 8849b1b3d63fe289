# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The one logger of the toolkit, with PaddleSeg's line prefix (scripts parse it)."""

import logging
import os
import sys

_NAME = "paddleseg"


class _StdoutHandler(logging.StreamHandler):
    """Writes to whatever ``sys.stdout`` is now, so that a redirected stdout receives the lines."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
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
        logger.addHandler(handler)
        logger.propagate = False
        is_first_rank = int(os.environ.get("PADDLE_TRAINER_ID", "0")) == 0
        logger.setLevel(logging.INFO if is_first_rank else logging.WARNING)
    return logger
