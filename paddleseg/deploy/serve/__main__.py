# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m paddleseg.deploy.serve`` and ``ddrnet-serve``."""

from paddleseg.deploy.serve.command import main, make_parser
from paddleseg.utils.cli import run_command


def run() -> None:
    """The console script."""
    run_command(main, make_parser())


if __name__ == "__main__":
    run()
