# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The flag --json of all commands."""

import argparse
import json
import os

import pytest

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json


def test_figures_are_written_where_the_flag_says_and_nowhere_without_it(tmp_path):
    parser = argparse.ArgumentParser()
    add_json_flag(parser, "the figures")
    file = parser.parse_args(["--json", str(tmp_path / "a.json")]).json
    check_json_flag(file)
    content = {"name": "trottoir é", "file": os.fsdecode(b"\xff.png")}  # the latter is not UTF-8
    write_json(file, content)
    assert (
        (tmp_path / "a.json")
        .read_text(encoding="ascii")
        .startswith('{\n  "written_by": "ddrnet-toolkit",\n  "name": "trottoir \\u00e9",\n')
    )
    assert json.loads((tmp_path / "a.json").read_text()) == {"written_by": "ddrnet-toolkit", **content}
    check_json_flag(file)
    write_json(file, [{"value": 1}])  # an older file is replaced
    check_json_flag(file)
    nothing = parser.parse_args([]).json
    check_json_flag(nothing)
    write_json(nothing, [{"value": 2}])
    assert json.loads((tmp_path / "a.json").read_text()) == [{"written_by": "ddrnet-toolkit", "value": 1}]
    assert "also write the figures to this file" in parser.format_help()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "this is a folder; give a file"),
        ("missing/a.json", "there is no folder .*missing; make it first"),
        ("read_only/a.json", "the folder .*read_only cannot be written to"),
        ("config.yml", "already exists and is not a JSON file of this toolkit"),
        ("labels.json", "already exists and is not a JSON file of this toolkit"),
        ("results.json", "already exists and is not a JSON file of this toolkit"),
    ],
)
def test_what_cannot_become_a_file_is_refused_before_the_work(name, message, tmp_path, monkeypatch):
    (tmp_path / "read_only").mkdir()
    (tmp_path / "config.yml").write_text("model: {type: DDRNet_23}")
    (tmp_path / "labels.json").write_text('{"version": "5.5.0", "shapes": []}')
    (tmp_path / "results.json").write_text('[{"image_id": 1, "score": 0.9}]')
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "read_only")  # root may write everywhere
    with pytest.raises(ConfigError, match=f"--json {tmp_path}.*: {message}"):
        check_json_flag(str(tmp_path / name))


def test_an_empty_name_is_refused_as_such():
    with pytest.raises(ConfigError, match="--json: the name is empty; give a file"):
        check_json_flag("")
