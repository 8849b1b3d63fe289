# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``tools/check_dataset.py`` as a user runs it."""

import json

import cv2
import numpy as np


def test_it_prints_the_table_writes_all_it_found_and_fails_where_training_would(
    run_command, tiny_config, tiny_dataset, tmp_path
):
    report = tmp_path / "data.json"
    command = ("tools/check_dataset.py", "--config", tiny_config, "--num_workers", 2, "--json", report)
    result = run_command(*command)
    assert result.returncode == 0, result.stderr
    assert "8 of 8 pictures of train_dataset, 3 of 3 pictures of val_dataset" in result.stdout
    assert "training can use all of it" in result.stdout
    figures = json.loads(report.read_text())
    assert figures["problems"] == figures["warnings"] == figures["shared_pictures"] == []
    labels = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (tiny_dataset / "labels").glob("train_*.png")]
    counts = sum(np.bincount(label.ravel(), minlength=256) for label in labels)
    found = [entry["pixels"] for entry in figures["datasets"]["train_dataset"]["classes"]]
    assert found == counts[:4].tolist()

    path = tiny_dataset / "labels/val_2.png"
    label = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    label[5, :3] = 17
    cv2.imwrite(str(path), label)
    (tiny_dataset / "images/train_0.png").write_bytes(b"")
    result = run_command(*command)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert "the data has 2 problems" in result.stderr and "17 (3 pixels in 1 file)" in result.stderr
    values = json.loads(report.read_text())["datasets"]["val_dataset"]["values_not_allowed"]
    assert values == [{"value": 17, "pixels": 3, "labels": 1, "first": str(path)}]


def test_a_report_that_cannot_be_written_is_found_before_anything_is_read(run_command, tiny_config, tmp_path):
    result = run_command("tools/check_dataset.py", "--config", tiny_config, "--json", tmp_path / "missing/data.json")
    assert result.returncode == 1 and result.stdout == ""
    assert f"error: --json {tmp_path}" in result.stderr
