# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/launch_with_restarts.py with a program instead of Paddle's launcher."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scripts import load_script

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "launch_with_restarts.py"

# Notes its arguments, and ends with the status that its turn has; "wait" waits for a signal.
LAUNCHER = """\
import json, os, signal, sys, time

here = os.path.dirname(os.path.abspath(__file__))
log = os.path.join(here, "calls.txt")
statuses = open(os.path.join(here, "statuses.txt")).read().split()
turn = len(open(log).read().splitlines()) if os.path.exists(log) else 0
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))
with open(log, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + chr(10))
if statuses[turn] == "wait":
    time.sleep(60)
if statuses[turn] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(int(statuses[turn]))
"""


@pytest.fixture
def start(tmp_path):
    package = tmp_path / "paddle" / "distributed"
    package.mkdir(parents=True)
    (tmp_path / "paddle" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "launch.py").write_text(LAUNCHER)

    def run(statuses, *options):
        (package / "statuses.txt").write_text(statuses)
        return subprocess.Popen(
            [sys.executable, SCRIPT, "--pause", "0", *options],
            env={**os.environ, "PYTHONPATH": str(tmp_path)}, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    run.calls = package / "calls.txt"
    return run


def calls(start):
    return start.calls.read_text().splitlines()


def test_a_failure_is_followed_by_a_run_that_resumes_until_one_succeeds(start):
    process = start("1 killed 0", "--", "--gpus", "0,1", "train.py", "--opts", "a=b c")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    first = '["--gpus", "0,1", "train.py", "--opts", "a=b c"'
    assert calls(start) == [first + "]", *[first + ', "--resume_model", "auto"]'] * 2]
    assert "ended with status 1; restart 1 of 3" in errors
    assert "ended with status 137; restart 2 of 3" in errors


def test_after_the_last_restart_the_status_is_the_launchers(start):
    process = start("1 1 7 0", "--max_restarts", "2", "--", "train.py")
    process.communicate(timeout=60)
    assert process.returncode == 7
    assert len(calls(start)) == 3


@pytest.mark.parametrize("status", ["0", "130", "143", "2", "15"])
def test_a_run_that_ends_well_or_was_asked_to_stop_is_not_started_again(status, start):
    process = start(f"{status} 0", "--", "train.py")
    process.communicate(timeout=60)
    assert process.returncode == int(status)
    assert len(calls(start)) == 1


def test_a_signal_is_passed_on_and_ends_it(start):
    process = start("wait 0", "--", "train.py")
    deadline = time.monotonic() + 60
    while not (start.calls.exists() and calls(start)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert len(calls(start)) == 1


def test_a_signal_that_came_just_before_a_launcher_was_there_reaches_it(monkeypatch):
    module = load_script(SCRIPT)
    launcher, start = module.Launcher(), subprocess.Popen

    def start_slowly(*arguments, **options):
        process = start(*arguments, **options)
        launcher.pass_on(signal.SIGTERM, None)
        return process

    monkeypatch.setattr(module.subprocess, "Popen", start_slowly)
    assert launcher.run([sys.executable, "-c", "import time; time.sleep(60)"]) == 143


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--"],
        ["--max_restarts", "-1", "--", "train.py"],
        ["--", "train.py", "--resume_model", "other/iter_4"],  # a restart would not go on from it
        ["--", "train.py", "--resume_model=other/iter_4"],
    ],
)
def test_what_cannot_be_launched_or_repeated_is_refused(options, start):
    process = start("0", *options)
    process.communicate(timeout=60)
    assert process.returncode == 2
    assert not start.calls.exists()
