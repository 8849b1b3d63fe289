# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``train.py`` saves a step that is not finite, and ``tools/replay_step.py`` replays it."""

import json
import shutil

import pytest

FAILING = ("--learning_rate", 1_000_000, "--use_ema", "--seed", 1, "--num_workers", 1, "--device", "cpu", "--iters", 8)


def launch(folder):
    return "-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", folder / "log"


@pytest.fixture
def fail(run_command, tiny_config, tmp_path):
    """A training that fails, in one or more processes; gives its capsule, and takes the pictures away."""

    def run(processes):
        done = run_command(
            *(launch(tmp_path) if processes == 2 else ()),
            "train.py",
            "--config",
            tiny_config,
            "--save_dir",
            tmp_path / "run",
            *FAILING,
            timeout=300,
        )
        (capsule,) = (tmp_path / "run").glob("capsule_*")
        text = done.stdout + done.stderr
        assert done.returncode != 0 and f"tools/replay_step.py {capsule}" in text, text
        return shutil.move(capsule, tmp_path / "elsewhere")

    return run


def test_the_step_gives_the_same_bytes_and_a_layer_is_named(fail, run_command):
    capsule = fail(1)
    done = run_command("tools/replay_step.py", capsule)
    assert done.returncode == 0, done.stderr
    assert "the same bytes as in the capsule" in done.stdout and "gradients: 175 of 175" in done.stdout
    assert "first not finite: " in done.stdout
    facts = json.loads((capsule / "step.json").read_text())
    facts["terms"]["loss"] = "0" * 64
    (capsule / "step.json").write_text(json.dumps(facts))
    changed = run_command("tools/replay_step.py", capsule)
    assert changed.returncode == 1 and "with different bytes, first loss term loss" in changed.stderr


def test_of_two_processes_each_has_its_own_part(fail, run_command, tmp_path):
    capsule = fail(2)
    assert {path.name for path in capsule.iterdir()} == {"rank_0", "rank_1"}
    alone = run_command("tools/replay_step.py", capsule)
    assert alone.returncode == 1 and "--nproc_per_node 2" in alone.stderr
    done = run_command(*launch(tmp_path), "tools/replay_step.py", capsule, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "gradients: 175 of 175" in done.stdout


def test_a_folder_that_is_no_capsule_is_one_line(run_command, tmp_path):
    done = run_command("tools/replay_step.py", tmp_path)
    assert done.returncode == 1 and "is not a capsule" in done.stderr and "Traceback" not in done.stderr
