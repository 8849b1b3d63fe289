# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that live as long as the one that started them."""

import subprocess
import sys

import pytest

PROGRAM = """\
import multiprocessing, os, signal, sys, time
from paddleseg.utils.parent_process import heed_sigterm_of_parent_alone

def work(ready):
    heed_sigterm_of_parent_alone()
    ready.set()
    while True:
        time.sleep(0.1)

context = multiprocessing.get_context("fork")
ready = context.Event()
worker = context.Process(target=work, args=(ready,), daemon=True)
worker.start()
ready.wait()
os.kill(worker.pid, signal.SIGTERM)
time.sleep(0.5)
print("alive" if worker.is_alive() else "gone", flush=True)
sys.exit(3)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: elsewhere no process of its own reads data")
def test_a_worker_ignores_sigterm_until_its_parent_leaves():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.returncode) == ("alive\n", 3), done.stderr
