# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Trainings killed without warning: a resumed run ends like one that was never killed.

``make faults`` runs many rounds (``FAULT_ROUNDS``); ``make test`` runs a few.
"""

import json
import os
import random
import time

import pytest

from paddleseg.reports.run_records import METRICS, read_metrics
from paddleseg.training.run_facts import LOSSES

pytestmark = pytest.mark.slow  # each starts processes that import Paddle

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
SLOW = {"slow_write": 0.004}


def kill(process):
    process.kill()
    process.wait()


def assert_ends_as_the_straight_one(runs, straight):
    runs.finish("run")
    runs.assert_ends_as(straight)
    assert runs.checkpoints("run") == ["iter_6", "iter_7", "iter_8"]  # the old ones are pruned after a resume too
    assert not [path for path in (runs.folder / "run").iterdir() if path.suffix not in ("", ".json", ".jsonl", ".png")]
    steps = list(read_metrics(runs.folder / "run" / METRICS, "").series["Train/loss"])
    lines = (runs.folder / "run" / METRICS).read_text().splitlines()
    assert [json.loads(line)["iter"] for line in lines if "Train/loss" in line] == steps == list(range(1, 9))


def test_a_run_killed_in_the_middle_of_a_save_goes_on_from_the_checkpoint_before(runs, straight):
    process = runs.start("run", **SLOW)
    writing = runs.folder / "run" / "iter_4.writing" / "model.pdopt"
    deadline = time.monotonic() + 240
    while not writing.exists():
        assert process.poll() is None and time.monotonic() < deadline, runs.log("run")
        time.sleep(0.002)
    kill(process)
    assert writing.parent.is_dir() and not (runs.folder / "run" / "iter_4").exists()
    assert_ends_as_the_straight_one(runs, straight)
    assert "iter_3 at iter 3" in runs.log("run")


def test_a_run_whose_newest_checkpoint_is_damaged_says_so_and_goes_on_from_the_one_before(runs, straight):
    runs.finish("run", steps=5)
    path = runs.folder / "run" / "iter_5" / "model.pdopt"
    path.write_bytes(path.read_bytes()[:-7])
    assert_ends_as_the_straight_one(runs, straight)
    log = runs.log("run")
    assert f"{path} is missing or damaged; trying the previous one" in log
    assert "iter_4 at iter 4" in log
    aside = sorted(path.name for path in (runs.folder / "run").glob("earlier_run_*/*"))
    assert aside == ["iter_5", LOSSES, METRICS]  # kept


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_run_killed_at_random_moments_ends_as_one_that_never_was(number, runs, straight):
    generator = random.Random(number)
    for _ in range(generator.randint(1, 3)):
        seen = runs.log("run").count("forward") if (runs.folder / "run.log").exists() else 0
        process = runs.start("run", workers=generator.choice([0, 2]), **SLOW)
        deadline = time.monotonic() + 240
        while runs.log("run").count("forward") == seen and process.poll() is None:
            assert time.monotonic() < deadline, runs.log("run")
            time.sleep(0.01)
        time.sleep(generator.uniform(0, 2))
        kill(process)
    assert_ends_as_the_straight_one(runs, straight)
