# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m paddleseg.deploy.serve`` and ``ddrnet-serve``."""

from paddleseg.utils.cli import run_command


def run() -> None:
    """The console script."""
    # Not above: the workers of the console script import this module before they block SIGTERM (see worker.py).
    from paddleseg.deploy.serve.command import main, make_parser

    run_command(main, make_parser())


if __name__ == "__main__":
    run()
