# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of threads: set, restored, warned of if there are fewer cores, and with repeatable results."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import paddle
import pytest
from paddle import nn

from paddleseg.onednn import CpuSettings, threads
from paddleseg.onednn.primitive import Primitive
from paddleseg.onednn.resize import Product
from paddleseg.utils.omp_environment import given_threads, prepare_environment
from tests.needs import needs_onednn


def gradients(count):
    """All gradients of a convolution that is large enough for several threads, computed with so many."""
    paddle.set_device("cpu")
    random = np.random.default_rng(1)
    paddle.seed(1)
    layer = nn.Conv2D(32, 64, 3, padding=1)
    x = paddle.to_tensor(random.normal(size=(2, 32, 65, 64)).astype("float32"), stop_gradient=False)
    with CpuSettings("onednn", count).entered():
        layer(x).square().sum().backward()
    return [tensor.grad.numpy() for tensor in (x, layer.weight, layer.bias)]


@needs_onednn
@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_count_gives_the_same_bytes_each_time(count):
    first = gradients(count)
    for _ in range(3):
        assert [one.tobytes() for one in gradients(count)] == [one.tobytes() for one in first]


@needs_onednn
def test_counts_agree_but_for_rounding():
    for one, two in zip(gradients(1), gradients(2)):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-5 * np.abs(one).max())


@needs_onednn
def test_a_count_holds_within_its_context_alone():
    openmp = threads._openmp()
    before = openmp.omp_get_max_threads()
    with pytest.raises(KeyError), threads.compute_with(before + 1):
        assert openmp.omp_get_max_threads() == before + 1
        raise KeyError
    assert openmp.omp_get_max_threads() == before


@needs_onednn
@pytest.mark.parametrize(("channels", "expected"), [(64, 2), (8, 1)])
def test_only_large_work_is_divided(channels, expected, monkeypatch):
    used = []
    execute = Primitive.execute
    count = threads._openmp().omp_get_max_threads
    monkeypatch.setattr(Primitive, "execute", lambda *arguments: used.append(count()) or execute(*arguments))
    convolution = nn.Conv2D(channels, channels, 3, padding=1)
    norm = nn.BatchNorm2D(channels, data_format="NHWC")
    x = paddle.ones([4, channels, 65, 65])
    x.stop_gradient = False
    before = count()
    with CpuSettings("onednn", 2).entered():
        norm(convolution(x).transpose([0, 2, 3, 1])).sum().backward()
        assert count() == 1  # Paddle's own kernels
    assert count() == before
    assert used == [expected] * 5  # two forward, three backward


@needs_onednn
@pytest.mark.parametrize(
    ("product", "is_small"), [(Product((1, 64, 8), (9, 8, 64)), True), (Product((1, 512, 64), (38, 64, 512)), False)]
)
def test_upsampling_is_divided_where_it_is_large(product, is_small):
    assert product.is_small == is_small


@needs_onednn
def test_each_context_and_python_thread_has_its_own_count_for_large_work():
    def count():
        with threads.for_large_work():
            return threads.current_threads()

    outside = count()
    with threads.compute_with(3, only_large_work=True):
        with threads.compute_with(2, only_large_work=True):
            assert count() == 2
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(count).result() == outside
        assert count() == 3
        with pytest.raises(KeyError), threads.for_large_work():
            raise KeyError
        assert threads.current_threads() == 1
    assert count() == outside


@needs_onednn
def test_more_threads_than_cores_are_taken_and_said(log, monkeypatch):
    monkeypatch.setattr(threads, "usable_cpus", lambda: 4)
    monkeypatch.setattr(threads, "processes_here", lambda: 2)
    with threads.compute_with(2):
        assert log.text == ""
    with threads.compute_with(3):
        assert threads._openmp().omp_get_max_threads() == 3
    assert "3 threads in each of 2 processes share 4 cores, so they wait for each other" in log.text


def test_without_a_known_openmp_one_thread_computes_which_is_said(log, monkeypatch):
    monkeypatch.setattr(threads, "_openmp", lambda: None)
    with threads.compute_with(1):
        pass
    assert log.text == ""
    with threads.compute_with(2):
        pass
    assert "no OpenMP was found in this Paddle: one thread computes, not 2" in log.text


@pytest.mark.parametrize(
    ("variables", "paddle_was_first", "expected"),
    [
        ({}, False, None),
        ({"OMP_NUM_THREADS": "3"}, False, 3),
        ({"OMP_NUM_THREADS": "1"}, False, 1),
        ({"OMP_NUM_THREADS": "4,2"}, False, 4),
        ({"OMP_NUM_THREADS": "many"}, False, None),
        ({"OMP_NUM_THREADS": "3"}, True, 3),
        ({"OMP_NUM_THREADS": "1"}, True, None),  # Paddle wrote it
        ({"OMP_NUM_THREADS": "1", "PADDLE_TRAINER_ID": "0"}, False, None),  # its launcher wrote it
        ({"OMP_NUM_THREADS": "2", "PADDLE_TRAINER_ID": "0"}, False, 2),
    ],
)
def test_the_environment_counts_as_far_as_the_user_wrote_it(variables, paddle_was_first, expected, monkeypatch):
    for name in ("OMP_NUM_THREADS", "PADDLE_TRAINER_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("paddleseg.utils.omp_environment._GIVEN", None)
    monkeypatch.setattr("paddleseg.utils.omp_environment._is_in_first_environment", lambda: False)
    if not paddle_was_first:
        monkeypatch.delitem(sys.modules, "paddle")
    monkeypatch.setenv("KMP_BLOCKTIME", "7")
    prepare_environment()
    assert given_threads() == expected
    assert os.environ["KMP_BLOCKTIME"] == "7"  # the user's stays


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux", reason="needs Linux, whose /proc tells if it was the user who set OMP_NUM_THREADS"
)
@pytest.mark.parametrize("imports", ["paddleseg, paddle", "paddle, paddleseg"])
def test_one_thread_of_the_users_is_told_from_the_one_that_paddle_writes(imports, run_command):
    program = f"import {imports}\nfrom paddleseg.utils.omp_environment import given_threads\nprint(given_threads())"
    given = run_command("-c", program, env={"OMP_NUM_THREADS": "1"})
    assert given.stdout.split()[-1] == "1", given.stderr
    words = [sys.executable, "-c", program]
    without = f"import os\nos.environ.pop('OMP_NUM_THREADS', None)\nos.execv({words[0]!r}, {words!r})"
    assert run_command("-c", without).stdout.split()[-1] == "None"
