# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""docs/architecture.md shows the existing packages and layers."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PACKAGES = {path.parent.name for path in (ROOT / "paddleseg").glob("*/__init__.py")} | {"registry"}
FIRST = PACKAGES | {"__main__"}


def layers():
    """The rows of the import contract, from above. pyproject.toml as text: Python 3.10 has no parser for it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rows = re.search(r"\nlayers = \[\n(.*?)\n\]", text, flags=re.DOTALL)[1]
    return [row.split(" | ") for row in re.findall(r'"(.+)"', rows)]


def test_the_drawing_has_the_layers_of_the_contract():
    drawing = re.search(r"```\n(.*?)```", TEXT, flags=re.DOTALL)[1].splitlines()
    rows = [[word for word in line.split("  ") for word in word.split() if word in FIRST] for line in drawing[2:]]
    assert [sorted(row) for row in rows] == [sorted(row) for row in layers()]


def test_each_package_has_its_row_and_each_row_its_package():
    table = TEXT.partition("| package | what it holds")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == PACKAGES


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(paddleseg/[\w/.]+|[\w/]+\.yml)`", TEXT))))
def test_each_place_that_is_named_is_there(path):
    assert (ROOT / path).exists()
