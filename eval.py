# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The command val.py under the name that MindSpore has for it."""

from paddleseg.commands.val import main, make_parser
from paddleseg.utils.cli import run_command

if __name__ == "__main__":
    run_command(main, make_parser())
