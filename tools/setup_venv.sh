#!/usr/bin/env bash
# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
#
# Sets up a virtual environment:  setup_venv.sh PYTHON FOLDER [REQUIREMENTS]
# REQUIREMENTS is requirements.txt by default. The list for GPUs, requirements-gpu.txt, is installed with the CPU build
# of the oldest Paddle that it allows. Running it again brings the folder up to date.
set -euo pipefail

python=$1
venv=$2
requirements=${3:-requirements.txt}
opencv="opencv-python"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

command -v "$python" > /dev/null || fail "there is no $python; install Python 3.10 or newer, or name one: make PYTHON=..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
    || fail "$("$python" --version) is too old; install Python 3.10 or newer, or name one: make PYTHON=..."

# A folder without pip is left over from a failed attempt; venv completes it.
if ! [ -x "$venv/bin/pip" ]; then
    "$python" -m venv "$venv" \
        || fail "$python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"
fi

list_packages() {
    sed -e 's/^paddlepaddle-gpu>=/paddlepaddle==/' -e "s/^opencv-python/$opencv/" "$requirements"
}

printf 'Installing the packages of %s into %s\n' "$requirements" "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check --quiet)
if "$venv/bin/python" -c 'import importlib.metadata as m; m.version("opencv-python-headless")' 2> /dev/null; then
    # Chosen below in an earlier run; the other package must not overwrite it.
    opencv="opencv-python-headless"
fi
"${pip[@]}" install -r <(list_packages)

# opencv-python needs system libraries (libxcb, libGL) that servers and containers often lack.
if ! reason=$("$venv/bin/python" -c 'import cv2' 2>&1); then
    printf 'opencv-python does not load here (%s): taking opencv-python-headless\n' "$(tail -n 1 <<< "$reason")"
    "${pip[@]}" uninstall --yes opencv-python
    opencv="opencv-python-headless"
    "${pip[@]}" install "$(list_packages | grep '^opencv')"
    "$venv/bin/python" -c 'import cv2' || fail "OpenCV does not load; see the message above"
fi
