# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""val.py --report on the tiny data set, and what it refuses."""

import json

import numpy as np
import pytest

from paddleseg.utils.errors import ConfigError, DataError
from tests.commands.evaluating import run_here


def arguments(config, weights, *more):
    return ("--config", config, "--model_path", weights, "--num_workers", 0, *more)


def test_the_report_has_the_figures_of_the_evaluation(tiny_config, weights, tmp_path):
    folder = tmp_path / "report"
    run_here(*arguments(tiny_config, weights, "--report", folder, "--json", tmp_path / "val.json", "--batch_size", 2))
    figures, scores = (json.loads(file.read_text()) for file in (tmp_path / "val.json", folder / "scores.json"))
    assert scores["confusion_matrix"] == figures["confusion_matrix"]
    assert scores["values"] == {"mIoU": figures["mean_iou"], "Acc": figures["pixel_accuracy"]}
    for ours, theirs in zip(scores["classes"], figures["classes"], strict=True):
        assert {name: value for name, value in ours.items() if name != "boundary_iou"} == theirs
        assert 0 <= ours["boundary_iou"] <= 1
    accuracy = np.mean([one["accuracy"] for one in scores["pictures"]])
    assert len(scores["pictures"]) == 3 and accuracy == pytest.approx(figures["pixel_accuracy"])
    page = (folder / "report.html").read_text()
    assert f"{100 * figures['mean_iou']:.2f} %" in page and page.count("<article") == 3


def test_the_report_leaves_the_evaluation_as_it_is(tiny_config, weights, tmp_path):
    for name, more in (("without", ()), ("with", ("--report", tmp_path / "report", "--report_pictures", 0))):
        run_here(*arguments(tiny_config, weights, "--json", tmp_path / f"{name}.json", *more))
    assert (tmp_path / "with.json").read_text() == (tmp_path / "without.json").read_text()
    assert "<article" not in (tmp_path / "report/report.html").read_text()


def test_it_replaces_reports_and_nothing_else(tiny_config, weights, tmp_path):
    folder = tmp_path / "report"
    for _ in range(2):
        run_here(*arguments(tiny_config, weights, "--report", folder))
    (folder / "report.html").write_text("mine")
    with pytest.raises(DataError, match=r"report\.html: would be replaced"):
        run_here(*arguments(tiny_config, weights, "--report", folder))
    assert (folder / "report.html").read_text() == "mine"


def test_places_and_numbers_that_cannot_be_are_refused_before_anything_is_loaded(tmp_path):
    (tmp_path / "file").write_text("")
    for more, message in (
        (("--report", tmp_path / "file"), "--report .*file: this is not a folder"),
        (("--report", tmp_path / "file/report"), "--report .*report: .*file cannot be written to"),
        (("--report", tmp_path / "new", "--report_pictures", -1), "--report_pictures -1: must be 0"),
    ):
        with pytest.raises(ConfigError, match=message):
            run_here(*arguments("missing.yml", "missing", *more))
