# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/dist_train.sh: the resulting command, and two processes on the CPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "dist_train.sh"


def run(folder, *arguments, timeout=60, **environment):
    return subprocess.run(
        ["bash", SCRIPT, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.fixture
def words(tmp_path):
    """A program in the place of Python that prints its words in brackets."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    python.chmod(0o755)
    return lambda *arguments, **environment: run(tmp_path, *arguments, PYTHON=str(python), **environment)


def test_arguments_are_those_of_train(words):
    done = words("my config.yml", "4", "--do_eval", "--opts", "a=b c")
    assert done.returncode == 0, done.stderr
    launch = "<-m><paddle.distributed.launch><--nproc_per_node><4>"
    assert done.stdout == f"{launch}<{ROOT}/train.py><my config.yml><--do_eval><--opts><a=b c>"


def test_several_machines_are_named_in_the_environment(words):
    machines = {"NNODES": "2", "NODE_RANK": "1", "MASTER_ADDR": "10.0.0.1"}
    launch = words("a.yml", "4", PORT="1234", **machines).stdout.split(f"<{ROOT}")[0]
    assert launch.endswith("<--nproc_per_node><4><--nnodes><2><--rank><1><--master><10.0.0.1:1234>")
    assert "<--master><10.0.0.1:29500>" in words("a.yml", "4", **machines).stdout
    for name in ("NODE_RANK", "MASTER_ADDR"):
        done = words("a.yml", "4", **{**machines, name: ""})
        assert done.returncode != 0
        assert name in done.stderr


@pytest.mark.parametrize("name", ["NNODES", "NODE_RANK", "PORT"])
def test_a_number_in_the_environment_that_is_none_is_refused_and_not_left_out(words, name):
    machines = {"NNODES": "2", "NODE_RANK": "1", "MASTER_ADDR": "10.0.0.1"}
    done = words("a.yml", "4", **{**machines, name: "two"})
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name} must be a number, found: two" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["a.yml"], ["a.yml", "0"], ["a.yml", "--do_eval"], ["a.yml", "2x"]])
def test_a_missing_or_wrong_number_ends_with_the_usage(words, arguments):
    done = words(*arguments)
    assert done.returncode == 2
    assert "tools/dist_train.sh CONFIG NUM [arguments of train.py]" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_two_processes_train_one_network(tiny_config, tmp_path):
    arguments = ("--iters", "2", "--save_dir", tmp_path / "run", "--device", "cpu", "--num_workers", "0")
    done = run(tmp_path, tiny_config, 2, *arguments, timeout=300, PYTHON=sys.executable, PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "run" / "iter_2" / "model.pdparams").is_file()
    assert "batch 2 x 2 processes" in (tmp_path / "log" / "workerlog.0").read_text()
