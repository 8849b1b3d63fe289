# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trainings that are signalled and killed from outside, and their files."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.training.resumed import assert_same_losses, assert_same_state

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ("-m", "paddle.distributed.launch", "--nproc_per_node", 2)
PROGRAM = Path(__file__).resolve().parent / "program.py"


def descendants(pid) -> list:
    """Processes that ``pid`` has started, and theirs; on Linux only."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(child) for child in path.read_text().split()] if path.exists() else []
    return [*found, *(inner for child in found for inner in descendants(child))]


class Runs:
    """Starts the program as a process of its own, and looks at what it saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, save_dir, *, launch=(), log=None, output=None, **options) -> subprocess.Popen:
        given = []
        for name, value in options.items():
            given += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with open(self.folder / f"{log or save_dir}.log", "a") as file:
            output = file if output is None else output
            return subprocess.Popen(
                [sys.executable, *map(str, launch), PROGRAM, "--save_dir", self.folder / save_dir, *given],
                env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=self.folder,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def finish(self, save_dir, **options) -> None:
        """Run to the end; it must succeed."""
        process = self.start(save_dir, **options)
        assert process.wait(300) == 0, self.log(save_dir)

    descendants = staticmethod(descendants)

    def log(self, save_dir) -> str:
        return (self.folder / f"{save_dir}.log").read_text()

    def wait_for(self, save_dir, pattern, process, seconds=240.0) -> None:
        """Wait until the log has a line of ``pattern``."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.log(save_dir)):
            assert process.poll() is None and time.monotonic() < deadline, self.log(save_dir)
            time.sleep(0.02)

    def assert_ends_as(self, straight) -> None:
        """The run in the folder ``run`` has the losses and the last checkpoint of one that nothing disturbed."""
        assert_same_losses(self.log("run"), straight.log("run"))
        assert_same_state(self.folder / "run" / "iter_8", straight.folder / "run" / "iter_8")

    def best(self, save_dir) -> tuple:
        """Lines of the log about the best model, and the step that is kept."""
        lines = re.findall(r"\[EVAL\] The model with the best validation mIoU .*", self.log(save_dir))
        return lines, json.loads((self.folder / save_dir / "best_model" / "manifest.json").read_text())["step"]

    def checkpoints(self, save_dir) -> list:
        return sorted(path.name for path in (self.folder / save_dir).glob("iter_*"))


@pytest.fixture
def runs(tmp_path):
    """Starts and watches trainings; those that a failed test leaves are killed."""
    made = Runs(tmp_path)
    started, start = [], made.start

    def remember(*arguments, **options):
        started.append(start(*arguments, **options))
        return started[-1]

    made.start = remember
    yield made
    for process in started:
        if process.poll() is None:
            for pid in [*descendants(process.pid), process.pid]:  # a launcher's processes have groups of their own
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def straight(tmp_path_factory):
    """A run of 8 steps that nothing disturbed."""
    made = Runs(tmp_path_factory.mktemp("straight"))
    made.finish("run")
    return made
