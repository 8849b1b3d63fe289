# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A training on a real file system that is too small, and again after making room."""

import os
import subprocess
import sys

import pytest

from tests.faults.conftest import LAUNCH

pytestmark = pytest.mark.slow  # starts processes that import Paddle


@pytest.fixture
def small_disk(runs):
    """A file system of 48 KB in place of the run's folder; ``small_disk("1m")`` gives it more.

    Only root on Linux may mount one, and not in every container. Elsewhere these tests are skipped, with the reason in
    pytest's summary; test_full_disk.py, which lets each call fail, runs everywhere.
    """
    folder = runs.folder / "run"
    folder.mkdir()

    def mount(*options):
        return subprocess.run(["mount", *options, folder], capture_output=True, text=True)

    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux, who alone may mount a file system")
    mounted = mount("-t", "tmpfs", "-o", "size=48k", "tmpfs")
    if mounted.returncode:
        pytest.skip(f"needs a machine or container that allows mounts: {mounted.stderr.strip()}")
    yield lambda size: mount("-o", f"remount,size={size}").check_returncode()
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_full_ends_the_run_in_one_line_and_room_lets_it_go_on(runs, straight, small_disk):
    process = runs.start("run")
    assert process.wait(240) == 1
    last = runs.log("run").strip().splitlines()[-1]
    assert "error: cannot write checkpoint" in last and "No space left on device" in last
    saved = runs.checkpoints("run")
    assert saved and saved[-1] != "iter_8"
    left = [path for path in (runs.folder / "run").iterdir() if path.suffix not in ("", ".json", ".jsonl")]
    assert not left  # nothing half-written takes up room
    small_disk("1m")
    runs.finish("run")
    assert f"{saved[-1]} at iter {saved[-1][5:]}" in runs.log("run")
    runs.assert_ends_as(straight)


def test_a_disk_that_is_full_ends_both_processes(runs, small_disk):
    process = runs.start("run", launch=LAUNCH)
    assert process.wait(240) != 0
    assert "error: cannot write checkpoint" in runs.log("run")
    other = (runs.folder / "log" / "workerlog.1").read_text()
    assert "error: the first process of this run has failed; its log says why" in other
