# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``tools/reproduce.py`` as a user runs it."""

import pytest


def launch(folder, processes):
    return ("-m", "paddle.distributed.launch", "--nproc_per_node", 2, "--log_dir", folder) if processes == 2 else ()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_is_repeated_from_its_folder_to_the_same_bytes(run_command, tiny_config, tmp_path, processes):
    run = tmp_path / "run"
    trained = run_command(
        *launch(tmp_path / "log", processes), "train.py", "--config", tiny_config, "--save_dir", run, "--device", "cpu",
        "--num_workers", 0, "--iters", 2, timeout=300,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    tiny_config.unlink()
    done = run_command(
        *launch(tmp_path / "log_again", processes), "tools/reproduce.py", run, "--num_workers", 1, timeout=300
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "losses: 2 steps have the same" in done.stdout and "iter_2/model.pdparams: the same bytes" in done.stdout
    assert f"{run}_again repeats {run}" in done.stdout
    if processes == 1:
        changed = run / "losses.jsonl"
        changed.write_text(changed.read_text().replace('"loss": ', '"loss": 1'))
        other = run_command("tools/reproduce.py", run, "--save_dir", tmp_path / "third")
        assert other.returncode == 1 and "first loss that differs is of iter 1" in other.stderr


def test_a_folder_that_is_no_run_is_one_line(run_command, tmp_path):
    done = run_command("tools/reproduce.py", tmp_path)
    assert done.returncode == 1 and "run.json" in done.stderr and "Traceback" not in done.stderr
