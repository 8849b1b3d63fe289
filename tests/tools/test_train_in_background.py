# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/train_in_background.sh, started outside the repository, with a program instead of Python."""

import os
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "train_in_background.sh"
LOG = """\
[2026/01/02 10:00:00] INFO: [TRAIN] epoch: 1, iter: 10/20, loss: 1.5000, ips: 2.0 samples/sec
[2026/01/02 10:03:00] INFO: [TRAIN] epoch: 2, iter: 20/20, loss: 0.5000, ips: 4.0 samples/sec
[2026/01/02 10:06:00] INFO: [EVAL] #Images: 3 mIoU: 0.5000
"""


@pytest.fixture
def run(tmp_path):
    """Run the script in ``tmp_path``; in the place of Python there is a program that says how it is called."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "in $PWD:" "$@"\n')
    python.chmod(0o755)

    def call(*arguments):
        environment = {**os.environ, "PYTHON": str(python)}
        return subprocess.run(
            ["bash", SCRIPT, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30
        )

    return call


def test_log_and_training_are_in_the_folder_of_the_caller(run, tmp_path):
    result = run("output/mine", "--config", "mine.yml")
    assert result.returncode == 0, result.stderr
    log = tmp_path / "output" / "mine.log"
    expected = f"in {tmp_path}: {ROOT}/train.py --save_dir output/mine --config mine.yml\n"
    deadline = time.monotonic() + 20
    while (not log.exists() or log.read_text() != expected) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert log.read_text() == expected
    assert "output/mine.log already exists" in run("output/mine", "--config", "mine.yml").stderr


def test_facts_are_read_in_the_folder_of_the_caller(run, tmp_path):
    (tmp_path / "mine.log").write_text(LOG)
    assert run("--facts", "mine").stdout.splitlines() == [
        "time: 6.0 minutes",
        "steps: 20 of 20, last loss 0.5000",
        "samples per second and process: median 3.00, fastest 4.00, slowest 2.00",
        "[EVAL] #Images: 3 mIoU: 0.5000",
    ]
    assert "no log other.log" in run("--facts", "other").stderr
