# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the documentation: each is run for its page here, or listed with the reason why not."""

import re

import pytest

from tests.docs import run_page
from tests.docs.test_documentation import PAGES

COMMANDS = [(page, command) for page in PAGES for command in run_page.commands_of(page)]


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_each_command_is_run_or_named_as_one_that_is_not(page, command):
    pages = [page] if page in run_page.PAGES else run_page.PAGES  # what another page has run
    assert run_page.reason_not_to_run(page, command) or any(command in run_page.commands_of(other) for other in pages)


def test_a_page_is_run_or_not():
    assert not set(run_page.PAGES) & set(run_page.PAGES_NOT_RUN)
    assert {*run_page.PAGES, *run_page.PAGES_NOT_RUN} <= {page for page, _ in COMMANDS}


@pytest.mark.parametrize("pattern", run_page.NOT_RUN)
def test_each_reason_is_one_of_a_command(pattern):
    assert any(re.match(pattern, command.replace("'", "")) for _, command in COMMANDS)


@pytest.mark.parametrize("old", run_page.REPLACED)
def test_each_replacement_is_of_a_command(old):
    assert any(old in command for _, command in COMMANDS)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return run_page.Workspace(tmp_path_factory.mktemp("reader"))


@pytest.mark.slow
@pytest.mark.parametrize("page", run_page.PAGES)
def test_the_commands_of_the_page_do_what_it_says(page, workspace):
    workspace.run(page)


NEED_MORE = [
    page
    for page in run_page.PAGES
    if any(words in command for command in run_page.commands_of(page) for words in run_page.NEEDS)
]


@pytest.mark.slow
@pytest.mark.extras(*run_page.NEEDS.values())
@pytest.mark.parametrize("page", NEED_MORE)
def test_so_do_those_that_need_other_packages(page, workspace):
    workspace.run("docs/export.md")
    left_out = set(workspace.left_out)
    workspace.run(page)
    assert set(workspace.left_out) == left_out == set()


@pytest.mark.slow
def test_the_results_that_the_pages_speak_of_are_there(workspace):
    for name in (
        "output/inference_model/deploy.yaml", "output/labels/val_0.png", "scores.json", "inputs/index.json",
        "result/label", "model.profile", "output/mine/exported/deploy.yaml", "data/mine/dataset.yml", "stats.json",
        "output/quickstart/run/predictions/added_prediction", "data/corrected/class_names.txt",
    ):  # fmt: skip
        assert (workspace.folder / name).exists(), name
