# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The index of a folder: which files may be replaced."""

import json

import pytest

from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.written_files import INDEX_NAME, WrittenFiles
from tests.messages import naming


def test_a_file_is_the_folders_own_as_long_as_it_has_the_content_that_was_written(tmp_path):
    file = tmp_path / "a" / "b.png"
    WrittenFiles(tmp_path).write(file, b"one")
    assert json.loads((tmp_path / INDEX_NAME).read_text())["file"] == "a/b.png"
    assert WrittenFiles(tmp_path).has(file)
    file.write_bytes(b"two")
    assert not WrittenFiles(tmp_path).has(file)


def test_the_same_content_again_adds_no_line_and_another_content_one(tmp_path):
    for content in (b"one", b"one", b"two", b"one"):
        WrittenFiles(tmp_path).write(tmp_path / "a", content)
    assert len((tmp_path / INDEX_NAME).read_text().splitlines()) == 2


def test_a_program_killed_before_its_file_appears_leaves_the_old_one_its_own(tmp_path, monkeypatch):
    WrittenFiles(tmp_path).write(tmp_path / "a", b"one")
    monkeypatch.setattr("paddleseg.utils.written_files.write_atomically", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        WrittenFiles(tmp_path).write(tmp_path / "a", b"two")
    WrittenFiles(tmp_path).refuse_foreign([tmp_path / "a"])


def test_a_line_that_was_cut_off_costs_no_other_line(tmp_path):
    WrittenFiles(tmp_path).write(tmp_path / "a", b"one")
    with open(tmp_path / INDEX_NAME, "a") as index:
        index.write('{"file": "b", "sh')
    WrittenFiles(tmp_path).write(tmp_path / "c", b"three")
    WrittenFiles(tmp_path).refuse_foreign([tmp_path / "a", tmp_path / "c"])


@pytest.mark.parametrize("text", ["[]", "7", "{}", "\0\xff", "[" * 100_000])
def test_an_index_that_is_none_names_nothing(tmp_path, text):
    (tmp_path / INDEX_NAME).write_text(text)
    (tmp_path / "a").write_bytes(b"one")
    with pytest.raises(DataError, match=f"^{tmp_path}/a: would be replaced"):
        WrittenFiles(tmp_path).refuse_foreign([tmp_path / "a"])


def test_links_and_folders_are_nobodys_own(tmp_path):
    WrittenFiles(tmp_path).write(tmp_path / "a", b"one")
    (tmp_path / "a").rename(tmp_path / "moved")
    (tmp_path / "a").symlink_to("moved")
    (tmp_path / "b").mkdir()
    for name in "ab":
        with pytest.raises(DataError, match=f"{name}: would be replaced"):
            WrittenFiles(tmp_path).refuse_foreign([tmp_path / name])


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_one_is_refused_before_anything_is_computed(tmp_path, place):
    (tmp_path / "file").write_text("somebody's")
    with pytest.raises(DataError, match=naming(tmp_path / place, "is not a folder")):
        WrittenFiles(tmp_path / place).refuse_foreign([tmp_path / place / "a"])
    WrittenFiles(tmp_path / "new" / "folder").refuse_foreign([])


def test_a_folder_without_a_name_is_refused_instead_of_filling_the_one_of_the_shell():
    with pytest.raises(ConfigError, match="the name of the output folder is empty"):
        WrittenFiles("")
