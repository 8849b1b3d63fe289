# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Write the tables that follow from the code into the documentation: the settings of a run into docs/config.md.

python tools/update_docs.py
"""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from paddleseg.training.run_settings import markdown_table
from paddleseg.utils.atomic_file import write_atomically

BEGIN, END = "<!-- settings of a run: written by tools/update_docs.py -->\n", "<!-- end -->"


def with_table(text: str) -> str:
    """The page with the present table between its two marks."""
    before, after = text.split(BEGIN)
    _, after = after.split(END)
    return f"{before}{BEGIN}{markdown_table()}\n{END}{after}"


if __name__ == "__main__":
    page = REPOSITORY / "docs/config.md"
    write_atomically(page, with_table(page.read_text(encoding="utf-8")).encode("utf-8"))
