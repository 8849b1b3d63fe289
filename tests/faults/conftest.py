# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trainings that are signalled and killed from outside, and what they leave."""

import contextlib
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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

    def losses(self, save_dir) -> dict:
        """The loss of each step, as the log says; a step that was done twice must have had it twice."""
        found = {}
        for step, loss in re.findall(r"iter: (\d+)/\d+, loss: ([\d.]+)", self.log(save_dir)):
            assert found.setdefault(int(step), loss) == loss
        return found

    def state(self, save_dir, step) -> dict:
        """Bytes of weights, average and optimiser of a checkpoint, by name."""
        folder = self.folder / save_dir / f"iter_{step}"
        state = {}
        for name in ("model.pdparams", "ema_model.pdparams", "model.pdopt"):
            content = pickle.loads((folder / name).read_bytes())
            state.update({(name, key): _plain(value) for key, value in content.items()})
        return state

    def best(self, save_dir) -> tuple:
        """Lines of the log about the best model, and the step that is kept."""
        lines = re.findall(r"\[EVAL\] The model with the best validation mIoU .*", self.log(save_dir))
        return lines, json.loads((self.folder / save_dir / "best_model" / "manifest.json").read_text())["step"]

    def checkpoints(self, save_dir) -> list:
        return sorted(path.name for path in (self.folder / save_dir).glob("iter_*"))


def _plain(value):
    return value.tobytes() if hasattr(value, "tobytes") else value


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
