# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The differences between two runs."""

import json

import pytest

from paddleseg.reports.run_comparison import compare_runs, describe, open_run
from paddleseg.utils.errors import DataError


def make_run(folder, config="", classes=None, **values):
    (folder / "best_model").mkdir(parents=True)
    (folder / "config.yml").write_text(config or "iters: 10\n")
    if classes is not None:
        details = [{"id": number, "name": name, "iou": iou} for number, (name, iou) in enumerate(classes.items())]
        content = {"step": 10, "weights": "model.pdparams", "values": values, "classes": details}
        (folder / "best_model/scores.json").write_text(json.dumps(content))
    return open_run(str(folder))


@pytest.fixture
def runs(tmp_path):
    a = make_run(
        tmp_path / "a", "iters: 10\nlr_scheduler: {learning_rate: 0.1}\nmodel: {type: A}\n",
        {"road": 0.9, "car": 0.5, "bus": None}, mIoU=0.7, Acc=0.8,
    )  # fmt: skip
    b = make_run(
        tmp_path / "b", "iters: 10\nlr_scheduler: {learning_rate: 0.2}\nseed: 3\nmodel: {type: A}\n",
        {"road": 0.95, "car": 0.2, "bus": 0.1}, mIoU=0.6, Acc=0.9,
    )  # fmt: skip
    return a, b


def test_settings_and_scores_that_differ_are_found(runs):
    found = compare_runs(*runs)
    assert found.settings == [("lr_scheduler.learning_rate", 0.1, 0.2), ("seed", None, 3)]
    assert found.values == [("mIoU", 0.7, 0.6), ("Acc", 0.8, 0.9)]
    assert found.class_figure == "iou"
    assert found.classes == [("road", 0.9, 0.95), ("car", 0.5, 0.2), ("bus", None, 0.1)]


def test_the_table_has_the_largest_loss_first(runs):
    lines = describe(compare_runs(*runs), ("a", "b")).splitlines()
    rows = [line.split() for line in lines if line.split()[:1] in (["car"], ["bus"], ["road"])]
    assert rows == [
        ["car", "50.00", "20.00", "-30.00"],
        ["bus", "absent", "10.00"],
        ["road", "90.00", "95.00", "+5.00"],
    ]


def test_other_classes_are_refused_with_those_that_differ(runs, tmp_path):
    other = make_run(tmp_path / "c", classes={"road": 0.9, "tree": 0.1}, mIoU=0.5)
    with pytest.raises(DataError, match=r"different classes.*: 3 and 2; .*a alone has car, bus, .*c alone has tree"):
        compare_runs(runs[0], other)


def test_what_is_no_run_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.json").write_text('{"a": 1}')
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/scores.json").write_text('{"values": ')
    for place, message in (
        ("missing", "there is no such folder"),
        ("empty", "is not a run's folder"),
        ("x.json", "holds no scores"),
        ("broken", "holds no scores"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            open_run(str(tmp_path / place))
        assert "\n" not in str(caught.value)


def test_a_damaged_manifest_is_named(tmp_path):
    make_run(tmp_path / "a")
    (tmp_path / "a/best_model/model.pdstates").write_bytes(b"")
    for content in ("{", "[]"):
        (tmp_path / "a/best_model/manifest.json").write_text(content)
        with pytest.raises(DataError, match=r"a/best_model/manifest\.json: ") as caught:
            open_run(str(tmp_path / "a"))
        assert "\n" not in str(caught.value)


def test_runs_with_nothing_in_common_are_refused_and_unevaluated_ones_compared_by_settings(runs, tmp_path):
    unevaluated = make_run(tmp_path / "c", "iters: 20\n")
    found = compare_runs(runs[0], unevaluated)
    assert found.classes == [] and ("iters", 10, 20) in found.settings
    assert "results: scores.json is not in both" in describe(found, ("a", "c"))
    alone = tmp_path / "scores.json"
    alone.write_text(json.dumps({"values": {"mIoU": 0.5}}))
    with pytest.raises(DataError, match="nothing to compare"):
        compare_runs(unevaluated, open_run(str(alone)))


def test_runs_of_classifiers_are_compared_by_recall(tmp_path):
    def classifier(name, recall):
        file = tmp_path / name
        file.write_text(
            json.dumps({"values": {"top1": recall}, "classes": [{"id": 0, "name": "cat", "recall": recall}]})
        )
        return open_run(str(file))

    found = compare_runs(classifier("a.json", 0.5), classifier("b.json", 0.75))
    assert (found.class_figure, found.classes) == ("recall", [("cat", 0.5, 0.75)])
