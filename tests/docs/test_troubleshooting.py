# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Every message in docs/troubleshooting.md is one that the code can raise."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
OURS, FOREIGN = TEXT.split("## Messages of other software\n")
# "..." stands for what differs; what is left of a message must say something.
MESSAGES = re.findall(r"^### `(.+)`$", OURS, flags=re.MULTILINE)
QUOTED = re.findall(
    r"warning\s`([^`]+)`|for `(serving [^`]+)`|^### `(\.\.\. is PaddleSeg's[^`]+)`", TEXT, flags=re.MULTILINE
)


@cache
def literals():
    """The texts in each source file without docstrings; of an f-string the parts between its placeholders."""
    files = [*(ROOT / "paddleseg").rglob("*.py"), *ROOT.glob("*.py"), *(ROOT / "tools").rglob("*.py")]
    return [texts_of(ast.parse(file.read_text(encoding="utf-8"))) for file in files]


def texts_of(tree):
    nodes = list(ast.walk(tree))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    constants = (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in docstrings)
    return [node.value for node in constants if isinstance(node.value, str)]


def is_in_the_code(message):
    """Whether the texts of one file hold all fragments; those of a logged message have %s in their gaps."""
    fragments = [fragment.strip() for fragment in message.split("...") if len(fragment.strip()) > 2]
    assert fragments, message
    return any(all(any(fragment in text for text in texts) for fragment in fragments) for texts in literals())


def test_there_are_the_messages_that_users_meet():
    assert len(MESSAGES) >= 40
    assert len(set(MESSAGES)) == len(MESSAGES)


@pytest.mark.parametrize("message", [*MESSAGES, *(next(filter(None, parts)) for parts in QUOTED)])
def test_the_message_is_in_the_code(message):
    assert is_in_the_code(message)


def test_a_message_that_nothing_gives_is_found():
    assert not is_in_the_code("labels hold values that are not classes: ... First: ... nowhere")


@pytest.mark.parametrize("message", re.findall(r"^### `(?!\.\.\.)(.+?)`", FOREIGN, flags=re.MULTILINE))
def test_a_message_of_other_software_is_not_the_codes(message):
    assert not is_in_the_code(message)
