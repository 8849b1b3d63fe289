# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How the set-up of the virtual environment answers on machines where it cannot work."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def set_up(tmp_path):
    """Call the script with a Python made of ``lines`` of shell; give its status and its messages."""

    def call(*lines):
        python = tmp_path / "python"
        if lines:
            python.write_text("\n".join(("#!/bin/sh", *lines)))
            python.chmod(0o755)
        script = ROOT / "tools" / "setup_venv.sh"
        command = ["bash", script, python, tmp_path / "venv"]
        result = subprocess.run(command, capture_output=True, text=True)
        return result.returncode, result.stderr

    return call


def test_a_missing_python_is_named(set_up):
    status, message = set_up()
    assert status == 1
    assert "there is no" in message
    assert "install Python 3.9 or newer" in message


def test_an_old_python_is_refused(set_up):
    status, message = set_up('[ "$1" = -c ] && exit 1', "echo Python 3.8.10")
    assert status == 1
    assert "Python 3.8.10 is too old" in message


def test_a_python_without_venv_says_what_to_install(set_up):
    status, message = set_up('[ "$1" = -m ] && exit 1', "exit 0")
    assert status == 1
    assert "apt-get install python3-venv" in message
