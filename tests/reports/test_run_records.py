# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""metrics.jsonl: written lines are read back, and a resumed run has no line twice."""

import json
import math

from paddleseg.reports.run_records import append_record, keep_records, read_metrics


def write(file, steps):
    for step in steps:
        append_record(file, step, {"Train/loss": 1 / step})


def test_what_is_written_is_read_step_by_step(tmp_path):
    file = tmp_path / "metrics.jsonl"
    append_record(file, 10, {"Train/loss": 0.5, "Train/lr": 0.1})
    append_record(file, 10, {"Evaluate/Acc": 0.25})
    append_record(file, 20, {"Train/loss": math.nan})
    run = read_metrics(file, "mine")
    assert run.series["Train/lr"] == {10: 0.1} and run.series["Evaluate/Acc"] == {10: 0.25}
    assert run.series["Train/loss"][10] == 0.5 and math.isnan(run.series["Train/loss"][20])
    for line in file.read_text().splitlines():
        json.loads(line, parse_constant=lambda name: 1 / 0)  # no NaN, which is not JSON


def test_later_lines_and_one_that_was_cut_off_are_left_out(tmp_path):
    file = tmp_path / "metrics.jsonl"
    write(file, [1, 2, 3, 4])
    kept = file.read_text().splitlines(keepends=True)[:2]
    with open(file, "a") as opened:
        opened.write('{"iter": 5, "Train/lo')
    assert keep_records(file, file, 2) == 2
    assert file.read_text() == "".join(kept)
    write(file, [3])
    assert list(read_metrics(file, "").series["Train/loss"]) == [1, 2, 3]


def test_nothing_is_rewritten_where_nothing_is_left_out(tmp_path):
    file = tmp_path / "metrics.jsonl"
    write(file, [1, 2])
    before = file.stat().st_ino, file.stat().st_mtime_ns
    assert keep_records(file, file, 2) == 0
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == before


def test_a_run_that_goes_on_elsewhere_takes_the_lines_along(tmp_path):
    write(tmp_path / "a", [1, 2, 3])
    assert keep_records(tmp_path / "a", tmp_path / "b", 2) == 1
    assert list(read_metrics(tmp_path / "b", "").series["Train/loss"]) == [1, 2]
    assert list(read_metrics(tmp_path / "a", "").series["Train/loss"]) == [1, 2, 3]


def test_lines_that_are_no_records_say_nothing(tmp_path):
    file = tmp_path / "metrics.jsonl"
    file.write_text('[1]\n{"iter": "x"}\n{"iter": true}\nnot json\n{"iter": 3, "Train/loss": "a", "Train/lr": 1}\n')
    assert read_metrics(file, "").series == {"Train/lr": {3: 1.0}}
