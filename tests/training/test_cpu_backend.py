# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs on the CPU: backend, threads and order of the axes are part of a run, and determine its bytes."""

import pickle
import shutil

import paddle
import pytest

from benchmark import train_step
from paddleseg import onednn
from paddleseg.onednn import cpu_settings
from paddleseg.training import cpu as cpu_of_runs
from paddleseg.training.run_settings import RunSettings
from paddleseg.utils import omp_environment
from paddleseg.utils.errors import ConfigError
from tests.needs import needs_onednn
from tests.training.old_run import run as run_old
from tests.training.resumed import assert_same_losses, assert_same_state
from tests.training.test_old_checkpoint import OLD

OTHER_BYTES = "its last digits will differ from those of an uninterrupted run: "


@pytest.fixture(autouse=True)
def default_backend(monkeypatch):
    monkeypatch.delenv(cpu_settings.ENVIRONMENT, raising=False)
    monkeypatch.setattr(omp_environment, "_GIVEN", "1")


def facts_of(checkpoint):
    return pickle.loads((checkpoint / "model.pdstates").read_bytes())["run"]["cpu"]


def rewrite(checkpoint, monkeypatch, **facts):
    """Let a checkpoint say something else of the CPU; without facts, nothing at all."""

    def changed(start):
        run = {name: value for name, value in states["run"].items() if name != "cpu"}
        if facts:
            run["cpu"] = facts.get("cpu", {**states["run"]["cpu"], **facts})
        return {**states, "run": run}

    states = pickle.loads((checkpoint / "model.pdstates").read_bytes())
    monkeypatch.setattr("paddleseg.training.checkpoint.Checkpoint.states", property(changed))


@needs_onednn
@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_equal_runs_have_equal_bytes_and_a_resumed_one_those_of_an_uninterrupted_one(threads, train_here, tmp_path):
    options = ("--do_eval", "--use_ema", "--save_interval", 2)
    straight = train_here("--cpu_threads", threads, *options, save_dir="straight")
    assert f"CPU: oneDNN {facts_of(tmp_path / 'straight/iter_4')['version']}, {threads} thread" in straight
    again = train_here("--cpu_threads", threads, *options, save_dir="again")
    assert_same_losses(again, straight)
    assert_same_state(tmp_path / "again/iter_4", tmp_path / "straight/iter_4")
    shutil.copytree(tmp_path / "straight/iter_2", tmp_path / "split/iter_2")
    resumed = train_here("--resume_model", "auto", *options, save_dir="split")  # takes the threads of the checkpoint
    assert facts_of(tmp_path / "split/iter_4") == facts_of(tmp_path / "straight/iter_4")
    assert facts_of(tmp_path / "split/iter_4")["threads"] == threads
    assert_same_losses(resumed, straight, done=2)
    assert_same_state(tmp_path / "split/iter_4", tmp_path / "straight/iter_4")
    assert OTHER_BYTES not in resumed


@needs_onednn
@pytest.mark.slow
def test_twenty_steps_have_the_losses_of_paddles_kernels(monkeypatch):
    """Two right runs part by rounding: with weights changed by 6e-8 the same kernels part as far."""
    monkeypatch.setattr(train_step, "CROP", 384)
    batch, losses = train_step.make_batch(), {}
    for data_format, backend in (("NHWC", "onednn"), ("NCHW", "paddle")):
        model = train_step.make_model(data_format)
        step = train_step.on_cpu(train_step.trainer_step(batch, model), backend, threads=1)
        losses[backend] = [step() for _ in range(20)]
    assert losses["onednn"][0] == pytest.approx(losses["paddle"][0], rel=1e-6)
    assert losses["onednn"] == pytest.approx(losses["paddle"], rel=2e-3)
    assert losses["paddle"][-1] < 0.95 * losses["paddle"][0]


@needs_onednn
def test_a_network_of_the_toolkit_is_built_channels_last_unless_the_configuration_says_otherwise(train_here, tmp_path):
    onednn.FALLBACKS.clear()
    train_here("--iters", 1)
    facts = facts_of(tmp_path / "run/iter_1")
    assert (facts["backend"], facts["data_format"]) == ("onednn", "NHWC")
    assert not onednn.FALLBACKS
    train_here("--iters", 1, "--data_format", "NCHW", save_dir="stated")
    assert facts_of(tmp_path / "stated/iter_1")["data_format"] == "NCHW"
    log = train_here("--iters", 2, "--resume_model", tmp_path / "stated/iter_1", save_dir="more")
    assert facts_of(tmp_path / "more/iter_2")["data_format"] == "NCHW"  # the run's
    assert OTHER_BYTES not in log
    log = train_here("--iters", 3, "--resume_model", "auto", "--data_format", "NHWC", save_dir="more")
    assert OTHER_BYTES + "cpu.data_format was NCHW, now it is NHWC" in log


@needs_onednn
@pytest.mark.parametrize("way", ["flag", "environment"])
def test_paddles_kernels_compute_where_they_are_asked_for_and_a_resumed_run_keeps_them(
    way, train_here, tmp_path, monkeypatch
):
    if way == "environment":
        monkeypatch.setenv(cpu_settings.ENVIRONMENT, "paddle")
    log = train_here("--iters", 1, *(("--cpu_backend", "paddle") if way == "flag" else ()))
    assert "CPU: Paddle's kernels, 1 thread" in log
    expected = {"backend": "paddle", "threads": 1, "paddle": paddle.__version__, "data_format": "NCHW"}
    assert facts_of(tmp_path / "run/iter_1") == expected
    monkeypatch.delenv(cpu_settings.ENVIRONMENT, raising=False)
    log = train_here("--iters", 2, "--resume_model", "auto")
    assert "CPU: Paddle's kernels, 1 thread" in log and OTHER_BYTES not in log
    assert facts_of(tmp_path / "run/iter_2") == expected
    log = train_here("--iters", 3, "--resume_model", "auto", "--cpu_backend", "onednn")
    assert OTHER_BYTES + "cpu.backend was paddle, now it is onednn; cpu.data_format was NCHW, now it is NHWC" in log


@needs_onednn
def test_the_recorded_backend_and_threads_win_over_the_environment_and_flags_over_both(
    train_here, tmp_path, monkeypatch
):
    train_here("--iters", 1, "--cpu_threads", 2)
    monkeypatch.setenv(cpu_settings.ENVIRONMENT, "paddle")
    monkeypatch.setattr(omp_environment, "_GIVEN", "1")
    log = train_here("--iters", 2, "--resume_model", "auto")
    assert facts_of(tmp_path / "run/iter_2") == facts_of(tmp_path / "run/iter_1")
    assert OTHER_BYTES not in log
    log = train_here("--iters", 3, "--resume_model", "auto", "--cpu_threads", 1)
    assert f"{tmp_path / 'run/iter_2'}, but {OTHER_BYTES}cpu.threads was 2, now it is 1\n" in log


@needs_onednn
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"version": "3.5.0"}, "cpu.version was 3.5.0, now it is "),
        ({"instruction_set": "SSE4.1"}, "cpu.instruction_set was SSE4.1, now it is "),
        ({"paddle": "3.0.0"}, "cpu.paddle was 3.0.0, now it is "),
        ({"cpu": None}, "device was another one than the CPU, now it is the CPU"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_had_again_is_named_and_the_run_goes_on(facts, said, train_here, tmp_path, monkeypatch):
    train_here("--iters", 1)
    rewrite(tmp_path / "run/iter_1", monkeypatch, **facts)
    log = train_here("--iters", 2, "--resume_model", "auto")
    assert OTHER_BYTES + said in log
    assert "iter: 2/2" in log


def test_a_run_of_onednn_goes_on_without_it_where_the_library_is_missing(train_here, tmp_path, monkeypatch):
    train_here("--iters", 1)
    rewrite(tmp_path / "run/iter_1", monkeypatch, backend="onednn", threads=3, data_format="NHWC")
    for module in (cpu_settings, cpu_of_runs):
        monkeypatch.setattr(module, "why_unavailable", lambda: "this Paddle carries no oneDNN")
    log = train_here("--iters", 2, "--resume_model", "auto")
    assert f"{OTHER_BYTES}cpu.backend was onednn, now it is paddle; cpu.threads was 3, now it is 1" in log
    assert "CPU: Paddle's kernels, 1 thread" in log
    with pytest.raises(ConfigError, match="cpu_backend: onednn: this Paddle carries no oneDNN; leave it out, or give"):
        train_here("--iters", 3, "--resume_model", "auto", "--cpu_backend", "onednn")


def test_a_checkpoint_of_a_run_on_another_device_says_so(monkeypatch, log, tmp_path):
    recorded = {"cpu": {"backend": "paddle", "threads": 1}}
    cpu_of_runs.warn_of_other_bytes(tmp_path, recorded, {"cpu": None})
    assert OTHER_BYTES + "device was the CPU, now it is another one than the CPU" in log.text
    log.clear()
    cpu_of_runs.warn_of_other_bytes(tmp_path, {"cpu": None}, {"cpu": None})
    cpu_of_runs.warn_of_other_bytes(tmp_path, {}, {"cpu": None})  # an older version does not say where it was
    assert log.text == ""


@needs_onednn
@pytest.mark.parametrize("given", [{}, {"cpu_backend": "onednn"}])
def test_a_run_of_an_older_version_goes_on_with_paddles_kernels_unless_onednn_is_asked_for(given, tmp_path, log):
    folder = tmp_path / "run"
    shutil.copytree(OLD / "iter_4", folder / "iter_4")
    run_old(folder, resume_model="auto", **given)
    advice = "iter_4 is from a version that had only Paddle's kernels, and the run continues with them"
    assert (advice in log.text) is (OTHER_BYTES not in log.text) is (not given)
    facts = facts_of(folder / "iter_8")
    if given:
        assert facts["backend"] == "onednn"
        assert OTHER_BYTES + "cpu.backend was paddle, now it is onednn\n" in log.text
    else:
        assert (facts["backend"], facts["threads"], facts["data_format"]) == ("paddle", 1, None)


@needs_onednn
@pytest.mark.slow
def test_a_static_graph_is_left_to_paddle_which_is_said(train_here, tmp_path):
    log = train_here("--iters", 1, "--to_static_training")
    assert "oneDNN does not compute static graphs here; without to_static_training steps are faster" in log
    assert "CPU: Paddle's kernels, 1 thread" in log
    assert facts_of(tmp_path / "run/iter_1")["data_format"] == "NCHW"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("--cpu_backend", "onednn", "--to_static_training"),
            "--cpu_backend: onednn cannot be combined with --to_static_training; leave one of them out",
        ),
        (("--cpu_threads", 0), "--cpu_threads: found 0; it must be 1 or more"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_loaded(flags, message, train_here, tmp_path):
    with pytest.raises(ConfigError, match=message):
        train_here(*flags)
    assert not (tmp_path / "run").exists()


@needs_onednn
def test_of_threads_that_are_not_given_all_processes_take_the_fewest(monkeypatch):
    monkeypatch.setattr(omp_environment, "_GIVEN", "8")
    assert cpu_of_runs.choose_cpu(RunSettings(), None).threads == 8
    monkeypatch.setattr(cpu_of_runs.dist, "world_size", lambda: 2)
    monkeypatch.setattr(cpu_of_runs.dist, "maximum_over_processes", lambda value: paddle.maximum(value, -other))
    other = paddle.to_tensor(3, dtype="int32")  # the threads of the other process
    assert cpu_of_runs.choose_cpu(RunSettings(), None).threads == 3
    other = paddle.to_tensor(9, dtype="int32")
    assert cpu_of_runs.choose_cpu(RunSettings(), None).threads == 8


def test_processes_of_a_run_may_have_processors_with_other_instructions_and_nothing_else():
    facts = {"backend": "onednn", "threads": 2, "version": "3.6.2", "instruction_set": "AVX2", "data_format": "NHWC"}
    left_out = facts.keys() - cpu_of_runs.shared_facts(facts).keys()
    assert left_out == {"instruction_set"}
    assert cpu_of_runs.shared_facts(None) is None


def test_on_a_card_the_settings_are_refused(monkeypatch):
    monkeypatch.setattr(paddle, "get_device", lambda: "gpu:0")
    assert cpu_of_runs.choose_cpu(RunSettings(), None) is None
    with pytest.raises(ConfigError, match="cpu_threads: no effect on gpu:0"):
        cpu_of_runs.choose_cpu(RunSettings(cpu_threads=2), None)
