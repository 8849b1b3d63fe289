# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM, SIGINT and SIGKILL to real trainings."""

import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.faults.conftest import LAUNCH
from tests.needs import needs_proc
from tests.training.resumed import assert_same_state, saved_state

pytestmark = pytest.mark.slow  # each starts processes that import Paddle


def runs_still(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids, seconds):
    deadline = time.monotonic() + seconds
    while any(runs_still(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [pid for pid in pids if runs_still(pid)]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_to_the_whole_group_finishes_the_step_saves_and_leaves_with_its_status(number, status, runs, straight):
    process = runs.start("run", slow_step=0.15, save_interval=100, workers=2)
    runs.wait_for("run", "iter: 2/8", process)
    os.killpg(process.pid, number)  # as Ctrl-C in a terminal does
    assert process.wait(30) == status, runs.log("run")
    [saved] = runs.checkpoints("run")
    assert f"{signal.Signals(number).name} was received; --resume_model auto continues from here" in runs.log("run")
    runs.finish("run", save_interval=100)
    assert f"{saved} at iter" in runs.log("run")
    runs.assert_ends_as(straight)


def test_a_second_signal_ends_at_once_and_leaves_no_half_checkpoint(runs):
    process = runs.start("run", slow_step=30)
    runs.wait_for("run", "forward", process)
    process.send_signal(signal.SIGTERM)
    runs.wait_for("run", "SIGTERM: saving after this step; a second signal ends the run at once", process)
    time.sleep(2.5)
    assert process.poll() is None  # it is about to finish the step
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == -signal.SIGTERM
    assert runs.checkpoints("run") == []


def test_a_signal_during_an_evaluation_saves_at_once_and_the_resumed_run_begins_with_the_evaluation(runs):
    runs.finish("undisturbed", evaluate=True, save_interval=4)
    process = runs.start("run", evaluate=True, save_interval=4, slow_evaluation=1.5)  # of 20 pictures
    runs.wait_for("run", r"iter: 4/8(?s:.*)evaluating\nevaluating", process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 143, runs.log("run")
    assert runs.checkpoints("run") == ["iter_4"]
    assert "the evaluation was stopped; --resume_model auto begins with it" in runs.log("run")
    assert "best validation mIoU" not in runs.log("run")
    runs.finish("run", evaluate=True, save_interval=4)
    assert_same_state(runs.folder / "run/iter_8", runs.folder / "undisturbed/iter_8")
    assert runs.best("run") == runs.best("undisturbed")


def test_several_signals_in_a_moment_are_one(runs):
    process = runs.start("run", slow_step=0.3, save_interval=100)
    runs.wait_for("run", "iter: 1/8", process)
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    assert process.wait(30) == 143
    assert len(runs.checkpoints("run")) == 1


@needs_proc
def test_a_signal_to_the_workers_too_leaves_them_to_finish_what_the_run_needs(runs, straight):
    """A scheduler may signal all processes of a job."""
    process = runs.start("run", slow_step=0.5, workers=2)
    runs.wait_for("run", "iter: 1/8", process)
    workers = runs.descendants(process.pid)
    assert len(workers) >= 2
    for number in (signal.SIGTERM, signal.SIGINT):
        for worker in workers:
            os.kill(worker, number)
    assert process.wait(120) == 0, runs.log("run")
    runs.assert_ends_as(straight)
    assert wait_until_gone(workers, 3) == []


def test_a_signal_is_heeded_also_when_nobody_reads_the_output_any_more(runs):
    """Ctrl-C ends the ``tee`` of ``train.py 2>&1 | tee log`` before the training."""
    reader, writer = os.pipe()
    process = runs.start("run", slow_step=0.2, save_interval=100, steps=40, output=writer)
    os.close(writer)
    seen = b""
    while b"iter: 2/40" not in seen:
        read = os.read(reader, 4096)
        assert read, seen.decode()
        seen += read
    os.close(reader)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert len(runs.checkpoints("run")) == 1


@needs_proc
def test_loader_workers_end_with_a_main_process_that_is_killed(runs):
    process = runs.start("run", slow_step=0.5, workers=2)
    runs.wait_for("run", "iter: 1/8", process)
    workers = runs.descendants(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.wait()
    left = wait_until_gone(workers, 3)
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    assert left == []


def test_a_signal_to_one_of_two_processes_stops_both_after_the_same_step(runs):
    process = runs.start("run", launch=LAUNCH, slow_step=0.2, save_interval=100, steps=20)
    runs.wait_for("run", "iter: 2/20", process)
    ranks = [pid for pid in runs.descendants(process.pid) if "program.py" in Path(f"/proc/{pid}/cmdline").read_text()]
    assert len(ranks) == 2
    os.kill(ranks[1], signal.SIGTERM)
    assert process.wait(60) == 143, runs.log("run")
    [saved] = runs.checkpoints("run")
    assert f"stopped at iter {saved[5:]}: SIGTERM was received" in runs.log("run")


def test_a_signal_to_the_launcher_saves_too(runs):
    process = runs.start("run", launch=LAUNCH, slow_step=0.2, save_interval=100, steps=20)
    runs.wait_for("run", "iter: 2/20", process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) != 0
    assert len(runs.checkpoints("run")) == 1


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("error", "program.py: error: picture_7.png is damaged"),
        ("bug", "IndexError: a bug"),
        ("kill", "workerlog.1|pair_rank = 1"),  # the launcher names this process, or process 0 its lost connection
    ],
)
def test_a_process_that_fails_ends_the_job_within_30_seconds_with_its_message(way, message, runs):
    process = runs.start("run", launch=LAUNCH, slow_step=0.2, save_interval=100, steps=400, fail=way)
    runs.wait_for("run", "iter: 3/400", process)
    started = time.monotonic()
    status = process.wait(60)
    assert time.monotonic() - started < 30
    assert status != 0
    assert re.search(message, runs.log("run"))


def test_a_step_that_is_not_finite_in_one_process_is_left_out_in_all(runs):
    process = runs.start("run", launch=LAUNCH, fail="nan")
    assert process.wait(240) == 0, runs.log("run")
    logs = [(runs.folder / "log" / f"workerlog.{rank}").read_text() for rank in (0, 1)]
    assert re.search(r"step 4 is not finite \(loss: loss [\d.]+, .*the loss of another process is not: see", logs[0])
    assert re.search(r"step 4 is not finite \(loss: loss nan\).* Left out, 1 of at most 1", logs[1])
    saved = [saved_state(runs.folder / f"run/iter_{step}").values() for step in (6, 8)]
    arrays = [value for values in saved for value in values if isinstance(value, np.ndarray)]
    assert arrays and all(np.isfinite(array).all() for array in arrays)


def test_processes_that_were_told_different_things_are_refused_by_name(runs):
    process = runs.start("run", launch=LAUNCH, differ=True)
    assert process.wait(240) != 0
    assert "the processes of this run differ: batch_size is 2 in process 0, 3 in process 1" in runs.log("run")
    assert runs.checkpoints("run") == []
