# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``tools/profile_data.py`` as a user runs it."""

import json

import pytest


def run_tool(run_command, *arguments):
    return run_command("tools/profile_data.py", *arguments)


def test_it_prints_the_parts_the_waiting_and_the_advice_and_writes_them(run_command, tiny_config, tmp_path):
    report = tmp_path / "profile.json"
    result = run_tool(
        run_command, "--config", tiny_config, "--device", "cpu", "--num_batches", 2, "--step_time", 0.0001,
        "--num_workers", 1, "--json", report, "--opts", "train_dataset.cache=disk",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    for text in ("decode (picture and label)", "  RandomPaddingCrop ", "collate", "transfer to the device"):
        assert text in result.stdout
    assert "a step of 2 pictures takes 0.1 ms (given)" in result.stdout
    figures = json.loads(report.read_text())
    assert figures["num_pictures"] == 4 and figures["cache"] == "disk" and figures["num_workers"] == 1
    assert 0.5 < figures["waiting_share"] < 1
    assert all(line in result.stdout for line in figures["advice"])


@pytest.mark.slow
def test_the_step_is_measured_with_the_network_of_the_configuration(run_command, tiny_config):
    result = run_tool(run_command, "--config", tiny_config, "--device", "cpu", "--num_batches", 1)
    assert result.returncode == 0, result.stderr
    assert "(measured)" in result.stdout and "nothing: reading keeps up" in result.stdout


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--step_time", "0"), "--step_time 0.0: must be above 0 seconds"),
        (("--num_batches", "0"), "--num_batches 0: must be at least 1"),
        (("--num_workers", "-1"), "--num_workers -1: must be 0"),
        (("--json", "/nowhere/x.json"), "there is no folder /nowhere"),
    ],
)
def test_wrong_flags_are_one_line(run_command, tiny_config, flags, message):
    result = run_tool(run_command, "--config", tiny_config, *flags)
    assert result.returncode == 1 and message in result.stderr and "Traceback" not in result.stderr
