# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The output of a benchmark."""

import json
import sys

import pytest

from benchmark import common


def test_a_ratio_above_one_is_better_whichever_way_the_unit_counts():
    assert common.compare("step", "ms", 50, 100).ratio == 2
    assert common.compare("speed", "images/s", 30, 10, higher_is_better=True).ratio == 3


def test_candidates_take_turns_and_medians_count(monkeypatch):
    calls, clock = [], [0.0]
    monkeypatch.setattr(common.time, "perf_counter", lambda: clock[0])

    def takes(name, seconds):
        def run():
            calls.append(name)
            clock[0] += next(seconds)

        return run

    candidates = {"a": takes("a", iter([9, 1, 2, 30])), "b": takes("b", iter([9, 5, 5, 5]))}
    assert common.median_seconds(candidates, rounds=3) == {"a": 2, "b": 5}
    assert calls == ["a", "b"] * 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "arguments", "names"),
    [
        ("evaluate.py", ["--repeats", "1"], {"evaluation_tail", "evaluation"}),
        (
            "exported.py",
            ["--repeats", "1", "--size", "64x128"],
            {"exported_64x128", "exported_onednn_64x128", "exported_ids_64x128"},
        ),
    ],
)
def test_each_line_of_the_json_file_has_value_reference_and_ratio(script, arguments, names, run_command, tmp_path):
    process = run_command(f"benchmark/{script}", *arguments, "--json", tmp_path / "report.json")
    assert process.returncode == 0, process.stderr
    assert "thread(s)" in process.stdout and "paddlepaddle" in process.stdout
    lines = json.loads((tmp_path / "report.json").read_text())
    assert {line["name"] for line in lines} == names
    for line in lines:
        assert set(line) == {"written_by", "name", "unit", "value", "reference", "ratio"}
        assert line["ratio"] == pytest.approx(line["reference"] / line["value"])


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_timed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmark.py", "--json", ""])
    with pytest.raises(SystemExit):
        common.parse_arguments("A benchmark.")
    assert "error: --json: the name is empty; give a file" in capsys.readouterr().err
