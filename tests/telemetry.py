# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a piece of Python triggers OpenVINO's telemetry: run in a separate process without network access."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

_REFUSE_NETWORK = """
import socket, sys
asked = []
def refuse(*arguments, **options):
    asked.append(arguments)
    raise OSError("no network in this test")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse
"""
_TELL = """
import threading
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(5)
print("openvino_telemetry.main" in sys.modules, len(asked))
"""
_QUIET_IN = ("CI", "TF_BUILD", "JENKINS_URL", "PYTEST_CURRENT_TEST")


def check_telemetry(code: str, *arguments: Path, reports: bool, home: Path) -> None:
    """Run ``code``; its telemetry is loaded if ``reports``, else nothing is asked of a network or left in ``home``.

    That code of which it is known to report is found to do so shows that a test would see it.
    """
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": str(REPOSITORY)}
    for name in _QUIET_IN:
        environment.pop(name, None)
    command = [sys.executable, "-c", _REFUSE_NETWORK + code + _TELL, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    loaded, asked = done.stdout.split()[-2:]
    assert loaded == str(reports)
    if not reports:
        assert asked == "0" and not any(home.iterdir())
