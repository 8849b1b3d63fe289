# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Processes forked after convolutions have run with several threads, like those that read data."""

import pytest

from tests.needs import needs_onednn

pytestmark = [pytest.mark.slow, needs_onednn]

# A process of its own, for a child that hangs has to be ended with it.
PROGRAM = """\
import multiprocessing
import os

import numpy as np
import paddle
from paddle import nn

from paddleseg import onednn
from paddleseg.onednn import CpuSettings

paddle.set_device("cpu")
paddle.seed(1)
layer = nn.Conv2D(64, 64, 3, padding=1)  # large enough for two threads


def computed(size):
    x = paddle.to_tensor(np.linspace(-1, 1, 64 * size * size, dtype="float32").reshape(1, 64, size, size))
    x.stop_gradient = False
    out = layer(x)
    out.square().sum().backward()
    return out.numpy().tobytes() + x.grad.numpy().tobytes()


def in_child(start, size):
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = start(context, lambda: sender.send_bytes(computed(size)))
    found = receiver.recv_bytes()
    process()
    return found


def by_multiprocessing(context, work):
    process = context.Process(target=work)
    process.start()
    return process.join


def by_fork(context, work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return lambda: os.waitpid(child, 0)


with CpuSettings("onednn", 2).entered():
    alone = len(os.listdir("/proc/self/task"))
    known, new = computed(64), None
    assert len(os.listdir("/proc/self/task")) > alone, "one thread computed"
    for start in (by_multiprocessing, by_fork):
        assert in_child(start, 64) == known  # a shape for which the parent has made its primitives
        found = in_child(start, 56)  # one for which it has not
        assert computed(64) == known  # the parent goes on
        assert new in (None, found)
        new = found
    assert computed(56) == new
assert not onednn.FALLBACKS, onednn.FALLBACKS
print("the same everywhere")
"""


def test_a_forked_process_computes_the_same_and_does_not_hang(run_command, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    done = run_command(tmp_path / "program.py", timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("the same everywhere\n")
