# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The commit recorded in an export."""

import shutil
import subprocess

import pytest

from paddleseg.utils.revision import checkout_revision

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def test_a_checkout_has_the_commit_and_says_whether_files_were_changed(tmp_path):
    def git(*arguments):
        identity = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "file").write_text("a")
    git("add", ".")
    git("commit", "-qm", "first")
    git("tag", "v1")
    commit = git("rev-parse", "HEAD")
    assert checkout_revision(tmp_path) == commit
    (tmp_path / "part" / "file").write_text("b")
    assert checkout_revision(tmp_path) == f"{commit}-dirty"
    assert checkout_revision(tmp_path / "part") is None


def test_what_is_no_checkout_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert checkout_revision(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert checkout_revision(tmp_path) is None
