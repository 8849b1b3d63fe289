# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What the set-up of a virtual environment installs, and its messages on machines where it cannot work."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def set_up(tmp_path):
    """Call the script with a Python made of ``lines`` of shell; give its status and its messages."""

    def call(*lines, requirements=()):
        python = tmp_path / "python"
        if lines:
            python.write_text("\n".join(("#!/bin/sh", *lines)))
            python.chmod(0o755)
        script = ROOT / "tools" / "setup_venv.sh"
        command = ["bash", script, python, tmp_path / "venv", *requirements]
        result = subprocess.run(command, capture_output=True, text=True)
        return result.returncode, result.stderr

    return call


def test_a_missing_python_is_named(set_up):
    status, message = set_up()
    assert status == 1
    assert "there is no" in message
    assert "install Python 3.10 or newer" in message


def test_an_old_python_is_refused(set_up):
    status, message = set_up('[ "$1" = -c ] && exit 1', "echo Python 3.8.10")
    assert status == 1
    assert "Python 3.8.10 is too old" in message


def test_a_python_without_venv_says_what_to_install(set_up):
    status, message = set_up('[ "$1" = -m ] && exit 1', "exit 0")
    assert status == 1
    assert "apt-get install python3-venv" in message


# A virtual environment without pip's work: its Python, this script again, writes down the lists that pip is given.
PRETEND = """\
here=$(dirname "$0")
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && touch "$3/bin/pip" && chmod +x "$3/bin/pip" ;;
    *" install -r "*) for list in "$@"; do :; done; cat "$list" > "$here/../installed.txt" ;;
    *headless*) exit 1 ;;
esac
"""


@pytest.mark.parametrize("given", [[], ["requirements.txt"], ["requirements-gpu.txt"]])
def test_a_list_is_installed_and_that_for_cards_with_the_cpu_build_of_its_oldest_paddle(given, set_up, tmp_path):
    status, message = set_up(PRETEND, requirements=given)
    assert (status, message) == (0, "")
    name = given[0] if given else "requirements.txt"
    lines = (ROOT / name).read_text().replace("paddlepaddle-gpu>=", "paddlepaddle==")
    assert (tmp_path / "venv" / "installed.txt").read_text() == lines


def test_the_oldest_paddle_for_cards_is_the_one_that_is_tested(set_up, tmp_path):
    set_up(PRETEND, requirements=["requirements-gpu.txt"])
    assert "paddlepaddle==2.6.2\n" in (tmp_path / "venv" / "installed.txt").read_text()
