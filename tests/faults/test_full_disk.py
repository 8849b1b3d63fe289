# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Saving on a disk that is full, fails or is read-only: earlier files stay."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from paddleseg.training import checkpoint
from paddleseg.training.run_folder import prepare_folder
from paddleseg.utils import atomic_file
from paddleseg.utils.errors import UserError, WeightsError
from tests.conftest import without_rights_of_root
from tests.needs import needs_posix_rights


def contents(step):
    return {
        checkpoint.WEIGHTS: {"conv.weight": np.full((64, 64), step, "float32")},
        checkpoint.OPTIMIZER: {"velocity": np.full((64, 64), -step, "float32")},
        checkpoint.CONFIG: "batch_size: 2\n",
    }


def save(folder, step):
    checkpoint.write_checkpoint(folder, contents(step), {"step": step})


def copy(folder, step):
    """A checkpoint that comes from another folder."""
    source = folder.parent.with_name("source") / f"iter_{step}"
    checkpoint.copy_checkpoint(checkpoint.open_checkpoint(source), folder)


def step_of(folder):
    """The step of a complete checkpoint whose arrays are those of that step."""
    found = checkpoint.open_checkpoint(folder)
    step = found.step
    assert (found.read(checkpoint.WEIGHTS)["conv.weight"] == step).all()
    return step


class FailingDisk:
    """Counts what saving asks of the system, and lets one call fail, or all from that one on."""

    def __init__(self, monkeypatch, number=errno.ENOSPC):
        self.calls = 0
        self.fail_at = self.stays_full = None
        self.number = number
        for owner, name in (
            (os, "fsync"), (os, "rename"), (os, "replace"), (os, "open"), (Path, "mkdir"), (shutil, "rmtree"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))
        for module in (atomic_file, checkpoint):  # what is written, and what is read
            monkeypatch.setattr(module, "open", self._open, raising=False)

    def start(self, fail_at=None, stays_full=False):
        self.calls, self.fail_at, self.stays_full = 0, fail_at, stays_full

    def _call(self):
        self.calls += 1
        if self.fail_at is not None and (self.calls == self.fail_at or (self.stays_full and self.calls > self.fail_at)):
            raise OSError(self.number, os.strerror(self.number))

    def _counted(self, function):
        def counted(*arguments, **options):
            if options.get("ignore_errors"):
                try:
                    self._call()
                except OSError:
                    return None
            else:
                self._call()
            return function(*arguments, **options)

        return counted

    def _open(self, path, mode):
        self._call()
        file = open(path, mode)
        if "w" in mode:
            file = _File(file, self._call)
        return file


class _File:
    def __init__(self, file, call):
        self._file, self._call = file, call

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, data):
        self._file.write(data[: len(data) // 2])  # a part gets through before the disk is full
        self._call()
        return self._file.write(data[len(data) // 2 :])

    def flush(self):
        self._call()
        self._file.flush()

    def fileno(self):
        return self._file.fileno()


@pytest.mark.parametrize("stays_full", [False, True])
@pytest.mark.parametrize("there_before", [False, True])
@pytest.mark.parametrize("publish", [save, copy])
def test_a_full_disk_at_any_call_loses_nothing_and_says_so_in_a_line(
    publish, there_before, stays_full, tmp_path, monkeypatch
):
    disk = FailingDisk(monkeypatch)
    place = "best_model" if there_before else "iter_2"

    def prepare(folder):
        disk.start()
        save(folder / "iter_1", 1)
        if there_before:
            save(folder / place, 1)
        save(tmp_path / "source" / "iter_2", 2)
        disk.start()

    prepare(tmp_path / "healthy")
    publish(tmp_path / "healthy" / place, 2)
    calls = disk.calls
    assert calls > 20
    for call in range(1, calls + 1):
        folder = tmp_path / str(call)
        prepare(folder)
        disk.start(call, stays_full)
        try:
            publish(folder / place, 2)
            failed = False
        except WeightsError as error:
            failed = True
            is_read = publish is copy and "cannot be read: No space left on device" in str(error)
            assert is_read or f"cannot write checkpoint {folder / place}: No space left on device" in str(error)
            assert "\n" not in str(error)
        disk.start()
        if there_before and not stays_full:
            assert step_of(folder / place) in (1, 2)  # at once, for the run may still be read from
        checkpoint.recover(folder)  # as the next start does
        if there_before:
            assert step_of(folder / place) in ((1, 2) if failed else (2,))
        elif not failed:
            assert step_of(folder / place) == 2
        assert checkpoint.latest_checkpoint(folder).step in (1, 2)
        assert step_of(folder / "iter_1") == 1
        assert {path.name for path in folder.iterdir()} <= {"iter_1", place}
        save(folder / place, 3)
        assert step_of(folder / place) == 3


def test_a_disk_that_is_full_when_a_run_starts_leaves_the_configuration_of_the_one_before(tmp_path, monkeypatch):
    disk = FailingDisk(monkeypatch)
    (tmp_path / "config.yml").write_text("batch_size: 2\n")
    save(tmp_path / "iter_1", 1)
    start = checkpoint.open_checkpoint(tmp_path / "iter_1")
    disk.start()
    prepare_folder(str(tmp_path), start, "batch_size: 2\n")
    calls = disk.calls
    assert calls >= 4  # the folder, the file, its content, its name
    for call in range(1, calls + 1):
        disk.start(call)
        with pytest.raises(UserError, match=r"--save_dir.* cannot be written.*No space left on device"):
            prepare_folder(str(tmp_path), start, "batch_size: 4\n")
        assert (tmp_path / "config.yml").read_text() == "batch_size: 2\n"
        assert {path.name for path in tmp_path.iterdir()} == {"config.yml", "iter_1"}


def test_a_read_only_folder_is_named_and_left_as_it_is(tmp_path, monkeypatch):
    save(tmp_path / "iter_1", 1)
    disk = FailingDisk(monkeypatch, errno.EROFS)
    disk.start(1, stays_full=True)
    with pytest.raises(WeightsError, match=r"iter_2: Read-only file system\. Earlier ones are untouched"):
        save(tmp_path / "iter_2", 2)
    disk.start()
    assert step_of(tmp_path / "iter_1") == 1


@needs_posix_rights
def test_a_folder_without_the_right_to_write_is_refused_before_training(open_folder):
    (open_folder / "run").mkdir(mode=0o555)
    message = r"--save_dir: .*run/config\.yml: cannot be written \(Permission denied\)"
    with without_rights_of_root(), pytest.raises(UserError, match=message):
        prepare_folder(str(open_folder / "run"), None, "batch_size: 2\n")
    assert list((open_folder / "run").iterdir()) == []


@needs_posix_rights
def test_a_folder_that_becomes_read_only_keeps_what_was_saved(open_folder):
    save(open_folder / "iter_1", 1)
    open_folder.chmod(0o555)
    with (
        without_rights_of_root(),
        pytest.raises(WeightsError, match=r"iter_2: Permission denied.*Earlier ones are unto"),
    ):
        save(open_folder / "iter_2", 2)
    assert step_of(open_folder / "iter_1") == 1
    assert [path.name for path in open_folder.iterdir()] == ["iter_1"]


def test_an_old_checkpoint_that_cannot_be_deleted_does_not_end_the_run(tmp_path, monkeypatch, log):
    for step in (1, 2, 3):
        save(tmp_path / f"iter_{step}", step)
    disk = FailingDisk(monkeypatch, errno.EACCES)
    disk.start(1)
    checkpoint.prune(tmp_path, 1)
    assert "iter_1: cannot be deleted: Permission denied" in log.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["iter_1", "iter_3"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"files": 3}', '{"files": {"model.pdparams": {}}}', "\x00\xff", "[" * 10**5],
    ids=lambda text: text[:20],
)
def test_a_damaged_manifest_is_named_and_the_checkpoint_before_is_taken(text, tmp_path, monkeypatch, log):
    for step in (1, 2):
        save(tmp_path / f"iter_{step}", step)
    (tmp_path / "iter_2" / "manifest.json").write_bytes(text.encode("latin-1"))
    assert checkpoint.latest_checkpoint(tmp_path).folder == tmp_path / "iter_1"
    assert "manifest.json is damaged" in log.text
    assert "trying the previous one" in log.text
