# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``python tools/model_card.py``; what it does is in paddleseg/commands/model_card.py."""

import sys
from pathlib import Path

# The repository's own package is found without being installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddleseg.commands.model_card import main, make_parser
from paddleseg.utils.cli import run_command

if __name__ == "__main__":
    run_command(main, make_parser())
