# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The reference in docs/config.md is generated from the code, which documents each argument."""

import ast
from pathlib import Path

import pytest

from paddleseg import registry
from paddleseg.config.components import import_components
from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]
update_docs = load_script(ROOT / "tools" / "update_docs.py")
import_components()

COMPONENTS = [
    (role, name) for _, role in update_docs.PARTS.values() for name in getattr(registry, role)
]  # fmt: skip


def test_the_page_is_up_to_date():
    text = update_docs.PAGE.read_text(encoding="utf-8")
    assert update_docs.updated(text) == text, "run python tools/update_docs.py"


def test_a_page_without_a_mark_is_refused():
    text = update_docs.PAGE.read_text(encoding="utf-8").replace(update_docs.BEGIN.format("loss"), "")
    with pytest.raises(ValueError, match="config.md has 0 lines '<!-- loss"):
        update_docs.updated(text)


def test_each_role_whose_components_are_here_has_its_part():
    roles = {name for name, value in vars(registry).items() if isinstance(value, registry.Registry) and [*value]}
    assert {role for _, role in update_docs.PARTS.values()} == roles


@pytest.mark.parametrize(("role", "name"), COMPONENTS)
def test_each_argument_of_a_component_has_a_meaning(role, name):
    rows = update_docs.argument_rows(role, getattr(registry, role)[name])
    assert update_docs.uninformative((argument, meaning) for argument, _, _, meaning in rows) == []


def docstrings():
    """(place, docstring) of all classes and functions of the package."""
    for path in sorted((ROOT / "paddleseg").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", ast.get_docstring(node)


def test_no_docstring_only_repeats_the_name_of_an_argument():
    entries = ((place, update_docs.argument_meanings(text)) for place, text in docstrings())
    faults = [(place, name) for place, meanings in entries for name in update_docs.uninformative(meanings.items())]
    assert faults == []
