# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Where figures of a run are found, and the message if there are none."""

import json

import pytest

from paddleseg.reports.run_records import append_record
from paddleseg.reports.runs import distinct_names, read_run
from paddleseg.utils.errors import DataError

PADDLESEG = "[TRAIN] epoch: 1, iter: 20/500, loss: 2.5, lr: 0.01, batch_cost: 0.5, ips: 3.7 samples/sec"


def test_a_folder_of_this_toolkit_a_log_and_a_work_dir_have_figures(tmp_path):
    append_record(tmp_path / "metrics.jsonl", 20, {"Train/loss": 2.5})
    (tmp_path / "train.log").write_text(PADDLESEG)
    for place, mode in (("old/20220101.log.json", "train"), ("new/20230101/vis_data/scalars.json", None)):
        (tmp_path / place).parent.mkdir(parents=True)
        record = {"iter": 20, "step": 20, "loss": 2.5, **({} if mode is None else {"mode": mode})}
        (tmp_path / place).write_text(json.dumps(record))
    for place in (".", "metrics.jsonl", "train.log", "old", "new"):
        assert read_run(str(tmp_path / place)).series["Train/loss"] == {20: 2.5}, place


def test_two_logs_of_a_run_that_went_on_are_one_run(tmp_path):
    for name, steps in (("1.log.json", (10, 20, 30)), ("2.log.json", (30, 40))):
        lines = [json.dumps({"mode": "train", "iter": step, "loss": step + len(steps)}) for step in steps]
        (tmp_path / name).write_text("\n".join(lines))
    assert read_run(str(tmp_path)).series["Train/loss"] == {10: 13, 20: 23, 30: 32, 40: 42}


def test_records_of_visualdl_are_read(tmp_path):
    from visualdl import LogWriter

    with LogWriter(str(tmp_path)) as writer:
        writer.add_scalar("Train/loss", 2.5, 20)
        writer.add_scalar("Evaluate/mIoU", 0.5, 20)
    run = read_run(str(tmp_path), "mine")
    assert run.name == "mine" and run.series == {"Train/loss": {20: 2.5}, "Evaluate/mIoU": {20: 0.5}}


def test_what_has_no_figures_is_refused_by_name(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "readme.txt").write_text("nothing here\n")
    (tmp_path / "picture.png").write_bytes(bytes(range(256)))
    for place, message in (
        ("missing", "there is no such folder or file"),
        ("empty", "is not a training's folder: it has none of metrics.jsonl"),
        ("readme.txt", "no figures found"),
        ("picture.png", "no figures found"),
    ):
        with pytest.raises(DataError, match=f"{place}: {message}") as caught:
            read_run(str(tmp_path / place))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/x/a", "/x/b"], ["a", "b"]),
        (["/x/a/log", "/x/b/log"], ["a/log", "b/log"]),
        (["/x/a", "/x/a"], ["/x/a (1)", "/x/a (2)"]),
    ],
)
def test_runs_are_named_by_what_tells_them_apart(paths, names):
    assert distinct_names(paths) == names
