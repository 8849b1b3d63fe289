# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A training's output besides its checkpoints: metrics.jsonl, its pictures, and the trackers' data."""

import json
import struct

import pytest
from PIL import Image

from paddleseg.reports.chart_files import is_chart
from paddleseg.reports.score_files import find_scores
from paddleseg.training import run_settings
from paddleseg.training.run_settings import RunSettings
from paddleseg.utils.errors import ConfigError

TIMES = {"Train/batch_cost", "Train/reader_cost", "Train/ips"}
MY_TRACKER = """import json

from paddleseg.registry import HOOKS
from paddleseg.training.hooks import Hook


@HOOKS.add_component
class MyTracker(Hook):
    def __init__(self, file: str):
        self.file = file

    def take_figures(self, trainer, figures):
        with open(self.file, "a") as file:
            file.write(json.dumps({"iter": trainer.step, **figures}) + "\\n")
"""


def records(file):
    """The records without what the clock says."""
    lines = map(json.loads, file.read_text().splitlines())
    return [{name: value for name, value in line.items() if name not in TIMES} for line in lines]


def test_figures_and_pictures_lie_in_the_folder_of_a_run(train_here, tmp_path):
    log = train_here("--do_eval", "--save_interval", 2, "--use_ema")
    run = tmp_path / "run"
    steps = [record["iter"] for record in records(run / "metrics.jsonl")]
    assert steps == [1, 2, 2, 2, 3, 4, 4, 4]
    lines = (run / "metrics.jsonl").read_text().splitlines()
    trained, evaluated, averaged = (json.loads(lines[number]) for number in (1, 2, 3))
    assert TIMES | {"Train/loss", "Train/lr", "Train/main", "Train/auxiliary", "Train/grad_norm"} == set(trained) - {
        "iter"
    }
    assert set(evaluated) == {"iter", "Evaluate/mIoU", "Evaluate/Acc"}
    assert set(averaged) == {"iter", "Evaluate/EMA_mIoU", "Evaluate/EMA_Acc"}
    for name in ("curves.png", "confusion_matrix.png"):
        assert is_chart(run / name) and Image.open(run / name).size[0] >= 400
    assert "curves.png and confusion_matrix.png: drawn in" in log


def test_without_evaluation_there_are_figures_and_no_pictures(train_here, tmp_path):
    train_here("--iters", 2)
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"config.yml", "iter_2", "losses.jsonl", "metrics.jsonl", "run.json"}


@pytest.mark.slow
def test_a_checkpoint_of_an_evaluated_step_has_its_scores(train_here, tmp_path):
    train_here("--do_eval", "--save_interval", 2, "--iters", 3)
    for folder, step in (("iter_2", 2), ("iter_3", 3)):
        scores = find_scores(tmp_path / "run" / folder)
        assert scores.content["step"] == step and scores.matrix.sum() == 3 * 64 * 46
        manifest = json.loads((tmp_path / "run" / folder / "manifest.json").read_text())
        assert manifest["metric"] == {"mIoU": scores.values["mIoU"]} and "scores.json" in manifest["files"]
        assert [one["id"] for one in scores.content["classes"]] == [0, 1, 2, 3]


@pytest.mark.slow
def test_a_resumed_run_has_the_figures_of_one_that_was_not_interrupted(train_here, tmp_path):
    options = ("--do_eval", "--save_interval", 2, "--use_ema")
    train_here(*options, save_dir="whole")
    train_here(*options, "--iters", 2, save_dir="run")
    first = records(tmp_path / "run/metrics.jsonl")
    train_here(*options, "--iters", 4, "--resume_model", "auto", save_dir="run")
    whole, resumed = (records(tmp_path / name / "metrics.jsonl") for name in ("whole", "run"))
    assert resumed[: len(first)] == first
    assert [record["iter"] for record in resumed] == [record["iter"] for record in whole]


@pytest.mark.slow
def test_steps_that_are_taken_again_are_there_once_and_the_other_branch_is_kept(train_here, tmp_path):
    options = ("--do_eval", "--save_interval", 2)
    train_here(*options, save_dir="run")
    before = records(tmp_path / "run/metrics.jsonl")
    with open(tmp_path / "run/metrics.jsonl", "a") as file:
        file.write('{"iter": 5, "Train/lo')  # a program that was killed while it wrote
    log = train_here(*options, "--resume_model", tmp_path / "run/iter_2")
    assert records(tmp_path / "run/metrics.jsonl") == before
    assert "3 lines of steps after 2 dropped; those steps are repeated" in log
    [aside] = (tmp_path / "run").glob("earlier_run_*")
    assert (aside / "metrics.jsonl").read_text().startswith((tmp_path / "run/metrics.jsonl").read_text()[:40])


@pytest.mark.slow
def test_a_run_that_goes_on_in_another_folder_takes_its_figures_along(train_here, tmp_path):
    train_here("--iters", 2, save_dir="run")
    train_here("--iters", 4, "--resume_model", tmp_path / "run/iter_2", save_dir="other")
    assert [record["iter"] for record in records(tmp_path / "other/metrics.jsonl")] == [1, 2, 3, 4]
    assert [record["iter"] for record in records(tmp_path / "run/metrics.jsonl")] == [1, 2]


@pytest.mark.slow
def test_a_new_run_in_the_folder_begins_anew_and_loses_nothing(train_here, tmp_path):
    train_here("--iters", 2)
    before = (tmp_path / "run/metrics.jsonl").read_text()
    (tmp_path / "run/curves.png").write_text("mine")
    train_here("--iters", 1, "--do_eval")
    [aside] = (tmp_path / "run").glob("earlier_run_*")
    assert (aside / "metrics.jsonl").read_text() == before and (aside / "curves.png").read_text() == "mine"
    assert {record["iter"] for record in records(tmp_path / "run/metrics.jsonl")} == {1}


@pytest.mark.slow
def test_a_file_that_cannot_be_written_does_not_end_a_training(train_here, tmp_path):
    train_here("--iters", 1, "--do_eval")
    (tmp_path / "run/metrics.jsonl").unlink()
    (tmp_path / "run/metrics.jsonl").mkdir()
    (tmp_path / "run/confusion_matrix.png").write_text("mine")
    log = train_here("--iters", 2, "--do_eval", "--resume_model", "auto")
    assert log.count("metrics.jsonl: cannot be written") == 1
    assert "confusion_matrix.png: already exists and is not a picture" in log
    assert (tmp_path / "run/confusion_matrix.png").read_text() == "mine"
    assert (tmp_path / "run/iter_2/manifest.json").is_file()


@pytest.mark.slow
def test_a_users_tracker_gets_what_metrics_jsonl_has(train_here, tiny_config, tmp_path):
    (tmp_path / "my_tracker.py").write_text(MY_TRACKER)
    text = f"custom_imports: [my_tracker.py]\nhooks:\n  - {{type: MyTracker, file: {tmp_path}/mine.jsonl}}\n"
    tiny_config.write_text(tiny_config.read_text() + text)
    train_here("--do_eval", "--save_interval", 2)
    assert (tmp_path / "mine.jsonl").read_text() == (tmp_path / "run/metrics.jsonl").read_text()


@pytest.mark.slow
def test_visualdl_gets_sample_predictions_and_settings(train_here, tmp_path):
    from visualdl import LogReader

    train_here("--do_eval", "--save_interval", 2, "--use_vdl")
    [file] = (tmp_path / "run").glob("vdlrecords.*.log")
    reader = LogReader(file_path=str(file))
    tags = reader.get_tags()
    assert sorted(tags["image"]) == [f"Samples/{number + 1}_val_{number}.png" for number in range(3)]
    image = reader.get_data("image", tags["image"][0])
    assert [point.id for point in image] == [2, 4]
    [content] = reader.get_data("hyper_parameters", tags["hyper_parameters"][0])
    assert b"lr_scheduler.learning_rate" in file.read_bytes() and content


@pytest.mark.slow
@pytest.mark.extras("tensorboardX")
def test_tensorboard_gets_the_same(train_here, tmp_path):
    from tensorboardX.proto.event_pb2 import Event

    train_here("--do_eval", "--save_interval", 2, "--use_tensorboard")
    events = []
    for file in sorted((tmp_path / "run/tensorboard").glob("events*")):
        data, place = file.read_bytes(), 0
        while place < len(data):  # length, its checksum, content, its checksum
            [length] = struct.unpack_from("<Q", data, place)
            events.append(Event.FromString(data[place + 12 : place + 12 + length]))
            place += length + 16
    values = [(event.step, value) for event in events for value in event.summary.value]
    scalars = {(step, value.tag): value.simple_value for step, value in values if value.HasField("simple_value")}
    for record in map(json.loads, (tmp_path / "run/metrics.jsonl").read_text().splitlines()):
        step = record.pop("iter")
        for tag, value in record.items():
            assert scalars[step, tag] == pytest.approx(value, rel=1e-6)
    images = {(step, value.tag) for step, value in values if value.HasField("image")}
    assert (4, "Samples/1_val_0.png") in images and len(images) == 6
    [settings] = (tmp_path / "run/tensorboard/settings").glob("events*")
    assert b"lr_scheduler.learning_rate" in settings.read_bytes()


def test_tensorboard_without_its_package_is_refused_before_anything_is_built(monkeypatch):
    monkeypatch.setattr(run_settings.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"use_tensorboard: needs tensorboardX: pip install -e '\.\[tens"):
        RunSettings(use_tensorboard=True).check()
