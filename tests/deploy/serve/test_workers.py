# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Signals that arrive while a worker loads its network."""

import os
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow

SIGTERM_IN_CREATE_APP = """
import multiprocessing, os, signal, sys, threading, time, types
from paddleseg.deploy.serve.worker import AppFactory

def create_app(settings):
    import paddle  # puts its own handler of SIGTERM in place

    os.kill(os.getpid(), signal.SIGTERM)
    return "app"

def work(factory):
    assert "numpy" not in sys.modules  # whose threads would take the signal
    threading.Thread(target=time.sleep, args=[100], daemon=True).start()  # as uvicorn does, for health checks
    sys.modules["paddleseg.deploy.serve.app"] = types.SimpleNamespace(create_app=create_app)
    received = []
    signal.signal(signal.SIGTERM, lambda *_: received.append("SIGTERM"))
    assert factory() == "app"
    print(received, flush=True)

if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=work, args=[AppFactory(None)])
    worker.start()
    worker.join()
    sys.exit(worker.exitcode)
"""

KILLED_WHILE_IT_IS_ASKED = """
import ctypes, os, signal, sys, threading, time
from pathlib import Path
import uvicorn
from paddleseg.deploy.serve.supervisor import Supervisor

def hang():
    Path(sys.argv[1]).touch()
    ctypes.PyDLL(None).sleep(600)  # with the interpreter's lock, as large libraries are loaded: nobody can answer

if __name__ == "__main__":
    supervisor = Supervisor(uvicorn.Config(hang, factory=True, workers=1, timeout_worker_healthcheck=600), sockets=[])
    supervisor.init_processes()
    [first] = supervisor.processes
    while not Path(sys.argv[1]).exists():
        time.sleep(0.02)
    threading.Timer(1, os.kill, [first.pid, signal.SIGKILL]).start()
    start = time.monotonic()
    supervisor.keep_subprocess_alive()
    [second] = supervisor.processes
    assert time.monotonic() - start >= 1
    second.kill()
    print(second is not first)
"""


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, script, *arguments], env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_sigterm_that_comes_while_the_network_is_loaded_goes_to_uvicorn_and_not_to_paddle(tmp_path):
    (tmp_path / "script.py").write_text(SIGTERM_IN_CREATE_APP)
    done = run(tmp_path / "script.py")
    assert (done.returncode, done.stdout) == (0, "['SIGTERM']\n"), done.stderr


def test_a_worker_that_dies_while_it_is_asked_for_its_health_is_replaced_at_once(tmp_path):
    (tmp_path / "script.py").write_text(KILLED_WHILE_IT_IS_ASKED)
    done = run(tmp_path / "script.py", tmp_path / "loading")
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
