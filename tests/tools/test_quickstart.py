# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The pieces of the quickstart; the whole of it is run by ``make quickstart``."""

from pathlib import Path

import pytest

from tests.scripts import load_script

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def quickstart():
    return load_script(ROOT / "tools" / "quickstart.py")


def test_each_run_gets_a_folder_of_its_own(quickstart, tmp_path):
    names = [quickstart.new_folder(tmp_path / "quickstart").name for _ in range(3)]
    assert names == ["run", "run_2", "run_3"]


def test_a_failing_step_ends_the_quickstart_with_its_name(quickstart, tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("raise SystemExit(3)")
    with pytest.raises(SystemExit, match="fails.py ended with status 3"):
        quickstart.run_step("Fail", script)


def test_a_step_that_succeeds_shows_its_command(quickstart, tmp_path, capfd):
    script = tmp_path / "works.py"
    script.write_text("import sys; print('got', sys.argv[1:])")
    quickstart.run_step("Work", script, "--save_dir", Path("a folder"))
    output = capfd.readouterr().out
    assert f"$ python {script} --save_dir 'a folder'" in output
    assert "got ['--save_dir', 'a folder']" in output
