# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/compare_runs.py on two trainings."""

import json

import pytest

from tests.conftest import REPOSITORY
from tests.scripts import load_script


@pytest.mark.slow
def test_two_trainings_are_compared_by_settings_flags_and_classes(train_here, tmp_path, capsys):
    train_here("--do_eval", "--iters", 1, save_dir="a")
    train_here("--do_eval", "--iters", 2, "--use_ema", "--learning_rate", 0.01, save_dir="b")
    tool = load_script(REPOSITORY / "tools/compare_runs.py")
    folders = [str(tmp_path / name) for name in "ab"]
    capsys.readouterr()
    tool.main(tool.make_parser().parse_args([*folders, "--json", str(tmp_path / "c.json")]))
    found = json.loads((tmp_path / "c.json").read_text())
    assert found["settings"] == {"use_ema": [False, True], "iters": [1, 2], "lr_scheduler.learning_rate": [0.05, 0.01]}
    assert list(found["values"]) == ["mIoU", "Acc"] and list(found["classes"]) == [f"class {i}" for i in range(4)]
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == [f"A: {folders[0]}", f"B: {folders[1]}"]
    assert any(line.split() == ["lr_scheduler.learning_rate", "0.05", "0.01"] for line in printed)
