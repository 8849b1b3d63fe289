# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Files appear whole or not at all."""

import contextlib
import os

import pytest

from paddleseg.utils.atomic_file import (
    folder_beside,
    folder_on_disk_of,
    move_files,
    move_into_place,
    write_atomically,
)
from paddleseg.utils.errors import UserError


def test_content_is_written_and_replaced_and_folders_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "file.bin"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file.bin"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file.bin"
    write_atomically(path, b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UserError, match=r"file\.bin: cannot be written \(disk full\)"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.bin"]


def test_a_place_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/below: cannot be written"):
        write_atomically(tmp_path / "file" / "below", b"")


def test_a_file_that_grew_by_itself_is_moved_into_place(tmp_path):
    (tmp_path / "file.part").write_bytes(b"whole")
    move_into_place(tmp_path / "file.part", tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"] and (tmp_path / "file").read_bytes() == b"whole"


@pytest.mark.parametrize("renamed", [True, False])
def test_a_folder_beside_is_gone_afterwards_whether_it_was_renamed_or_the_work_failed(renamed, tmp_path):
    with contextlib.suppress(KeyboardInterrupt), folder_beside(tmp_path / "new" / "folder") as folder:
        (folder / "file").write_text("")
        if not renamed:
            raise KeyboardInterrupt
        folder.rename(tmp_path / "new" / "folder")
    assert os.listdir(tmp_path / "new") == (["folder"] if renamed else [])


@pytest.mark.parametrize(("exists", "place"), [(True, "new/folder"), (False, "new")])
def test_a_folder_for_files_to_move_is_in_the_one_they_go_to_if_that_is_there(exists, place, tmp_path):
    if exists:
        (tmp_path / "new" / "folder").mkdir(parents=True)
    with folder_on_disk_of(tmp_path / "new" / "folder") as folder:
        assert folder.parent == tmp_path / place and folder.name.startswith(".")
    assert os.listdir(tmp_path / place) == []


@pytest.fixture
def sealed(tmp_path):
    """A folder ``source`` to be moved, and a ``target`` with an older version and other files."""
    source, target = tmp_path / "source", tmp_path / "target"
    for folder, names in ((source, ["graph", "seal"]), (target, ["graph", "seal", "old", "mine"])):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(folder.name)
    return source, target


def test_the_file_that_completes_a_folder_is_taken_away_first_and_moved_last(sealed, monkeypatch):
    source, target = sealed
    seen = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (seen.append(sorted(os.listdir(target))), replace(*paths)))
    move_files(source, target, ["graph", "seal"], obsolete=["old", "never there"])
    assert seen == [["graph", "mine"], ["graph", "mine"]]
    assert {path.name: path.read_text() for path in target.iterdir()} == {
        "graph": "source", "seal": "source", "mine": "target",
    }  # fmt: skip


@pytest.mark.parametrize("fails", ["os.fsync of the graph", "a folder called graph", "a missing file"])
def test_what_can_be_known_before_the_first_rename_leaves_the_folder_as_it_was(fails, sealed, monkeypatch):
    source, target = sealed
    if fails == "a folder called graph":
        (target / "graph").unlink()
        (target / "graph").mkdir()
    elif fails == "a missing file":
        (source / "graph").unlink()
    else:
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError):
        move_files(source, target, ["graph", "seal"], obsolete=["old"])
    assert sorted(os.listdir(target)) == ["graph", "mine", "old", "seal"]
    assert (target / "seal").read_text() == (target / "old").read_text() == "target"


def test_content_and_names_are_on_the_disk_before_the_file_that_completes_them(sealed, monkeypatch):
    source, target = sealed
    steps, fsync, replace = [], os.fsync, os.replace

    def synced(descriptor):
        steps.append(f"fsync {os.path.basename(os.readlink(f'/proc/self/fd/{descriptor}'))}")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", lambda old, new: (steps.append(f"move {new.name}"), replace(old, new)))
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs Linux's /proc/self/fd, which tells what files are flushed")
    move_files(source, target, ["graph", "seal"])
    assert steps == [
        "fsync graph", "fsync seal", "fsync target", "move graph", "fsync target", "move seal", "fsync target",
    ]  # fmt: skip
