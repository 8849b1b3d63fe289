# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Backend and number of threads, by the request, the environment and the machine."""

import paddle
import pytest

from paddleseg import onednn
from paddleseg.onednn import CpuSettings, cpu_settings, entered, threads
from paddleseg.onednn.primitive import CACHE
from paddleseg.utils import cpus, omp_environment
from paddleseg.utils.errors import ConfigError
from tests.needs import needs_onednn


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Eight cores for this process, and an environment that says nothing."""
    paddle.set_device("cpu")
    monkeypatch.delenv(cpu_settings.ENVIRONMENT, raising=False)
    monkeypatch.setattr(omp_environment, "_GIVEN", None)
    for module in (threads, cpus):
        monkeypatch.setattr(module, "usable_cpus", lambda: 8)
    monkeypatch.setattr(threads, "processes_here", lambda: 1)


@pytest.fixture
def without_library(monkeypatch):
    monkeypatch.setattr(cpu_settings, "why_unavailable", lambda: "this Paddle carries no oneDNN")


@needs_onednn
def test_onednn_with_the_share_of_the_cores_is_the_default(monkeypatch):
    assert CpuSettings.choose() == CpuSettings("onednn", 8)
    monkeypatch.setattr(threads, "processes_here", lambda: 3)
    assert CpuSettings.choose() == CpuSettings("onednn", 2)
    monkeypatch.setattr(threads, "processes_here", lambda: 9)
    assert CpuSettings.choose() == CpuSettings("onednn", 1)


@needs_onednn
def test_what_is_asked_for_wins_over_the_environment_and_that_over_the_machine(monkeypatch):
    monkeypatch.setenv(cpu_settings.ENVIRONMENT, "paddle")
    monkeypatch.setattr(omp_environment, "_GIVEN", "3")
    assert CpuSettings.choose() == CpuSettings("paddle", 3)
    assert CpuSettings.choose(threads=5) == CpuSettings("paddle", 5)
    assert CpuSettings.choose("onednn") == CpuSettings("onednn", 3)
    assert CpuSettings.choose("onednn", 5) == CpuSettings("onednn", 5)


def test_paddles_kernels_get_one_thread_for_most_use_no_more():
    assert CpuSettings.choose("paddle") == CpuSettings("paddle", 1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"backend": "mkldnn"}, "cpu_backend: found 'mkldnn'; it must be one of onednn, paddle"),
        ({"threads": 0}, "cpu_threads: found 0; it must be 1 or more"),
        ({"threads": 2.0}, "cpu_threads: found 2.0"),
        ({"threads": 100_000}, "cpu_threads: found 100000; at most 1024 are allowed"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_name(asked, message):
    with pytest.raises(ConfigError, match=message):
        CpuSettings.choose(**asked)


def test_an_environment_variable_with_another_name_is_refused(monkeypatch):
    monkeypatch.setenv(cpu_settings.ENVIRONMENT, "mkl")
    with pytest.raises(ConfigError, match="PADDLESEG_CPU_BACKEND: found 'mkl'; allowed are onednn, paddle"):
        CpuSettings.choose()


def test_where_there_is_no_library_paddles_kernels_compute_unless_onednn_was_asked_for(monkeypatch, without_library):
    assert CpuSettings.choose() == CpuSettings("paddle", 1)
    with pytest.raises(ConfigError, match="cpu_backend: onednn: this Paddle carries no oneDNN; leave it out, or give"):
        CpuSettings.choose("onednn")
    monkeypatch.setenv(cpu_settings.ENVIRONMENT, "onednn")
    with pytest.raises(ConfigError, match="this Paddle carries no oneDNN"):
        CpuSettings.choose()


def test_on_a_card_nothing_is_chosen_and_what_is_asked_for_is_refused(monkeypatch):
    monkeypatch.setattr(paddle, "get_device", lambda: "gpu:0")
    assert CpuSettings.choose() is None
    with entered(None):
        assert not onednn.is_active()
    with pytest.raises(ConfigError, match="cpu_backend, cpu_threads: no effect on gpu:0; leave it out"):
        CpuSettings.choose("paddle", 2)


@needs_onednn
def test_within_a_context_its_settings_hold_where_nothing_is_asked_for(log):
    outer = CpuSettings("paddle", 1)
    with outer.entered():
        assert CpuSettings.choose() == outer
        assert CpuSettings.choose(threads=2) == CpuSettings("onednn", 2)
        assert not onednn.is_active()
        with CpuSettings("onednn", 2).entered():
            assert onednn.is_active()
            with threads.for_large_work():
                assert threads._openmp().omp_get_max_threads() == 2
        assert not onednn.is_active() and threads._openmp().omp_get_max_threads() == 1
    assert log.text.count("CPU: ") == 1 and "CPU: Paddle's kernels, 1 thread" in log.text
    assert CpuSettings.choose() == CpuSettings("onednn", 8)


@needs_onednn
def test_contexts_of_either_backend_stand_within_each_other():
    layer, x = paddle.nn.Conv2D(3, 2, 3), paddle.ones([1, 3, 8, 8])
    layer.eval()

    def computes_by_onednn():
        with paddle.no_grad():
            made = len(CACHE)
            layer(x)
            found = len(CACHE) > made
        CACHE.clear()
        assert found is onednn.is_active()
        return found

    CACHE.clear()
    fast, plain = CpuSettings("onednn", 1), CpuSettings("paddle", 1)
    with fast.entered():
        assert computes_by_onednn()
        with plain.entered():
            assert not computes_by_onednn()
            with fast.entered():
                assert computes_by_onednn()
            assert not computes_by_onednn()
        assert computes_by_onednn()
    assert not computes_by_onednn()


@needs_onednn
def test_the_line_of_the_log_names_version_and_threads(log):
    with CpuSettings("onednn", 2).entered():
        version = CpuSettings("onednn", 2).facts()["version"]
    assert f"CPU: oneDNN {version}, 2 threads" in log.text


@needs_onednn
def test_facts_name_all_that_decides_the_last_bits():
    facts = CpuSettings("onednn", 2).facts()
    assert set(facts) == {"backend", "threads", "paddle", "version", "instruction_set"}
    assert (facts["backend"], facts["threads"], facts["paddle"]) == ("onednn", 2, paddle.__version__)
    assert CpuSettings("paddle", 1).facts() == {"backend": "paddle", "threads": 1, "paddle": paddle.__version__}


def test_threads_and_loader_processes_do_not_depend_on_each_other(monkeypatch):
    workers = cpus.default_num_workers()
    for given in ("1", "7"):
        monkeypatch.setattr(omp_environment, "_GIVEN", given)
        with CpuSettings.choose().entered():
            assert cpus.default_num_workers() == workers
