# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``--profiler_options``: the string, and what is recorded."""

import json
import re

import pytest

from paddleseg.training.profiler_options import ProfilerOptions, parse_profiler_options
from paddleseg.utils.errors import ConfigError


def recorded_steps(path):
    """The numbers of the steps in a timeline."""
    events = json.loads(path.read_text())["traceEvents"]
    return sorted(
        {int(number) for event in events for number in re.findall(r"^ProfileStep#(\d+)", event.get("name", ""))}
    )


@pytest.mark.parametrize("quote", ["", "'"])
def test_the_string_of_tipc_is_understood(quote):
    text = "batch_range=[10,20];state=GPU;tracer_option=Default;profile_path=model.profile"
    assert parse_profiler_options(f"{quote}{text}{quote}") == ProfilerOptions(
        batch_range=(10, 20), state="GPU", tracer_option="Default", profile_path="model.profile"
    )


def test_keys_that_are_not_given_have_paddlesegs_defaults_but_for_the_timer():
    options = parse_profiler_options(" batch_range = [ 2, 5 ] ; sorted_key=max;exit_on_finished=False; ")
    assert options == ProfilerOptions((2, 5), "All", "max", "Default", None, exit_on_finished=False, timer_only=False)
    assert parse_profiler_options("timer_only=True") == ProfilerOptions((10, 20), timer_only=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch_rang=[1,2]", "there is no key 'batch_rang'. Did you mean 'batch_range'? Known: batch_range, state"),
        ("batch_range=[5,5]", "batch_range is [5,5]; it must be the first step and the one after the last"),
        ("batch_range=[-1,5]", "batch_range is [-1,5]"),
        ("batch_range=[1,2,3]", "batch_range is [1,2,3]"),
        ("batch_range=[1,²]", "batch_range is [1,²]"),
        ("batch_range=5", "batch_range is 5"),
        ("state=NPU", "state is NPU; it must be one of CPU, GPU, All"),
        ("sorted_key=calls", "sorted_key is calls; it must be one of total, ave, max, min"),
        ("tracer_option=None", "tracer_option is None; it must be one of Default, OpDetail, AllOpDetail"),
        ("exit_on_finished=maybe", "exit_on_finished is maybe; it must be True or False"),
        ("state", "found 'state'; it must be key=value"),
        ("state=", "found 'state='; it must be key=value"),
        ("state=CPU;state=GPU", "state is given twice"),
        ("profile_path=/", "profile_path / is a folder; give a file"),
        (
            "timer_only=True;state=CPU;profile_path=p",
            "timer_only=True measures times only, so state, profile_path would",
        ),
    ],
)
def test_a_wrong_string_is_refused_before_anything_is_built(text, message, train_here, tmp_path):
    with pytest.raises(ConfigError) as error:
        train_here("--profiler_options", text)
    assert str(error.value).startswith(f"--profiler_options: {message}")
    assert not (tmp_path / "run").exists()


def test_the_steps_are_recorded_and_the_run_ends_with_a_checkpoint(train_here, tmp_path, capsys):
    path = tmp_path / "new folder" / "model.profile"
    log = train_here("--profiler_options", f"batch_range=[1,3];state=GPU;tracer_option=Default;profile_path={path}")
    assert recorded_steps(path) == [0, 1]
    assert '"[memory]"' not in path.read_text()
    assert "profiled iter 2 to 3: batch_cost:" in log
    assert "state is GPU, but training runs on cpu" in log
    assert re.search("stopped at iter 3: .*exit_on_finished", log)
    assert (tmp_path / "run/iter_3/model.pdparams").is_file()
    assert "Operator Summary" in capsys.readouterr().out


def test_the_run_goes_on_when_asked_to(train_here, tmp_path, capsys):
    log = train_here("--profiler_options", "batch_range=[0,1];exit_on_finished=False;tracer_option=AllOpDetail")
    assert "profiled iter 1 to 1" in log
    assert (tmp_path / "run/iter_4").is_dir()
    timeline = tmp_path / "run/profile.json"
    assert recorded_steps(timeline) == [0]
    assert '"[memory]"' in timeline.read_text()
    assert "Memory Summary" in capsys.readouterr().out


def test_times_alone_leave_no_file(train_here, tmp_path):
    log = train_here("--profiler_options", "batch_range=[1,2];timer_only=True")
    assert re.search(r"profiled iter 2 to 2: batch_cost: [\d.]+, reader_cost: [\d.]+, ips: [\d.]+ samples/sec", log)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "config.yml", "iter_2", "losses.jsonl", "metrics.jsonl", "run.json",
    }  # fmt: skip


def test_a_range_beyond_the_end_of_the_run_is_refused_before_the_first_step(train_here, tmp_path):
    with pytest.raises(ConfigError, match=r"batch_range is \[2,5\], but this run has 4 steps; end it at 4"):
        train_here("--profiler_options", "batch_range=[2,5]")
    assert not (tmp_path / "run").exists()


def test_a_path_that_cannot_be_written_is_refused_before_the_first_step(train_here, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="profile_path .*file/model.profile cannot be written"):
        train_here("--profiler_options", f"batch_range=[0,1];profile_path={tmp_path}/file/model.profile")
