# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A training is repeated from its run's folder with the same bytes, or refused in one line."""

import json
import shutil

import cv2
import numpy as np
import pytest

import train
from paddleseg.config.reproduce import reproduce
from paddleseg.training import run_facts
from paddleseg.training.repeat import as_text, compare_checkpoints
from paddleseg.training.run_facts import read_losses, read_starts
from paddleseg.utils.errors import ConfigError, UserError
from tests.conftest import TINY_CONFIG, make_dataset
from tests.messages import naming


def train_in(folder, config, *arguments):
    given = ("--config", config, "--save_dir", folder, "--num_workers", 0, "--device", "cpu", "--seed", 3)
    train.main(train.make_parser().parse_args([*map(str, given), *map(str, arguments)]))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of four steps with an average of its weights, and its data."""
    folder = tmp_path_factory.mktemp("made")
    make_dataset(folder / "data")
    (folder / "tiny.yml").write_text(TINY_CONFIG.format(root=folder / "data"))
    train_in(folder / "run", folder / "tiny.yml", "--use_ema", "--save_interval", 2, "--log_iters", 3)
    return folder


@pytest.fixture
def run(made, tmp_path):
    """A copy to be spoilt."""
    return str(shutil.copytree(made / "run", tmp_path / "run"))


def spoil(run, change):
    path = f"{run}/run.json"
    with open(path) as file:
        content = json.load(file)
    change(content["starts"])
    with open(path, "w") as file:
        json.dump(content, file)


def test_with_other_workers_in_another_folder_with_the_data_elsewhere_all_bytes_are_the_same(made, run, tmp_path):
    elsewhere = shutil.copytree(made / "data", tmp_path / "elsewhere" / "data")
    places = [f"train_dataset.dataset_root={elsewhere}", f"train_dataset.train_path={elsewhere}/train.txt"]
    hook = reproduce(run, str(tmp_path / "again"), num_workers=2, opts=places)
    assert hook.compared == 4 and hook.first_difference is None
    compared = {one.name: one.differing for one in compare_checkpoints(run, tmp_path / "again")}
    files = ("model.pdparams", "ema_model.pdparams")
    assert compared == {f"iter_{step}/{file}": () for step in (2, 4) for file in files}
    assert read_losses(tmp_path / "again") == read_losses(run)


def test_the_first_steps_alone_are_those_of_the_whole_run(run, tmp_path):
    hook = reproduce(run, str(tmp_path / "again"), until=2)
    assert hook.compared == 2
    assert [one.differing for one in compare_checkpoints(run, tmp_path / "again")] == [(), ()]


def test_the_first_loss_that_differs_ends_it(run, tmp_path):
    losses = read_losses(run)
    losses[2] += 1e-6
    with open(f"{run}/losses.jsonl", "w") as file:
        file.writelines(json.dumps({"iter": step, "loss": loss}) + "\n" for step, loss in losses.items())
    hook = reproduce(run, str(tmp_path / "again"))
    assert hook.compared == 1 and hook.first_difference.startswith(f"iter 2: {losses[2]!r} in {run}")
    assert max(read_losses(tmp_path / "again")) == 2


def test_weights_that_differ_are_named(made, tmp_path):
    run = shutil.copytree(made / "run", tmp_path / "run")
    shutil.rmtree(run / "iter_4")
    assert [one.name for one in compare_checkpoints(run, made / "run")][0] == "iter_2/model.pdparams"
    shutil.copytree(made / "run" / "iter_2", run / "iter_4")
    comparison = compare_checkpoints(run, made / "run")[-1]
    assert as_text(comparison) == 'iter_4: 1 differ, first "step 2 there, 4 here"'


def other_numpy(starts):
    starts[0]["versions"]["numpy"] = "1.0"


def other_code(starts):
    starts[0]["code (checksum)"] = "0"


def other_instructions(starts):
    starts[0]["identity"]["cpu"]["paddle"] = "2.0"


def other_weights(starts):
    starts[0]["weights (checksum)"] = "0"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_numpy, ("version.numpy was 1.0, now it is", np.__version__)),
        (other_code, ("code (checksum) was 0",)),
        (other_instructions, ("cpu.paddle was 2.0",)),
        (other_weights, ("weights before the first step",)),
    ],
)
def test_what_would_not_be_the_same_run_is_refused_before_its_first_step(run, tmp_path, change, words):
    spoil(run, change)
    with pytest.raises(UserError, match=naming(run, *words, "--force")):
        reproduce(run, str(tmp_path / "again"))
    assert not (tmp_path / "again").exists()


def test_a_picture_that_was_changed_is_seen_and_force_goes_on(made, run, tmp_path, log):
    elsewhere = shutil.copytree(made / "data", tmp_path / "data")
    places = [f"train_dataset.dataset_root={elsewhere}", f"train_dataset.train_path={elsewhere}/train.txt"]
    for picture in elsewhere.rglob("*.png"):
        array = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
        if array.ndim == 3:
            cv2.imwrite(str(picture), 255 - array)
    with pytest.raises(UserError, match=naming("data (checksum) was")):
        reproduce(run, str(tmp_path / "again"), opts=places)
    hook = reproduce(run, str(tmp_path / "again"), opts=places, force=True)
    assert hook.compared == 0 and hook.first_difference.startswith("iter 1: ")
    assert "data (checksum)" in log.text


def test_of_large_files_their_size_and_beginning_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(run_facts, "_MOST_BYTES", 4)

    def checksum(content):
        (tmp_path / "picture.tif").write_bytes(content)
        return run_facts.data_checksum([(str(tmp_path / "picture.tif"), None)])

    assert checksum(b"1234 of many") == checksum(b"1234 OF MANY")
    assert len({checksum(content) for content in (b"1234 of many", b"1235 of many", b"1234 of more", b"1234 of")}) == 3


def not_its_first(starts):
    starts[0]["step"] = 2


def other_later(starts):
    starts.append({**starts[0], "step": 2, "settings": {**starts[0]["settings"], "iters": 8}})


def more_processes(starts):
    starts[0]["identity"]["number of processes"] = 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (not_its_first, ("step 2", "another folder")),
        (other_later, ("step 2", "setting.iters was 4, now it is 8")),
        (more_processes, ("2 processes", "--nproc_per_node 2")),
        (list.clear, ("run.json", "damaged")),
        (lambda starts: starts[0]["settings"].pop("iters"), ("run.json", "damaged", "iters")),
        (lambda starts: starts[0].update({"data (checksum)": 1}), ("run.json", "damaged")),
    ],
)
def test_a_run_that_no_single_training_repeats_is_refused(run, tmp_path, change, words):
    spoil(run, change)
    with pytest.raises(UserError, match=naming(*words)):
        reproduce(run, str(tmp_path / "again"))


def test_a_run_that_went_on_with_another_learning_rate_is_refused(made, run, tmp_path):
    shutil.rmtree(f"{run}/iter_4")
    config = made / "faster.yml"
    config.write_text((made / "tiny.yml").read_text().replace("learning_rate: 0.05", "learning_rate: 0.07"))
    train_in(run, config, "--use_ema", "--save_interval", 2, "--log_iters", 3, "--resume_model", "auto")
    with pytest.raises(UserError, match=naming("iter_2", "lr_scheduler.learning_rate was 0.05, now it is 0.07")):
        reproduce(run, str(tmp_path / "again"))


def test_bad_arguments_are_refused(made, run, tmp_path):
    with pytest.raises(UserError, match=naming(str(tmp_path), "run.json")):
        reproduce(str(tmp_path), str(tmp_path / "again"))
    with pytest.raises(ConfigError, match=naming(run, "not empty")):
        reproduce(run, run)
    with pytest.raises(ConfigError, match=naming("--until 5", 4)):
        reproduce(run, str(tmp_path / "again"), until=5)


@pytest.mark.parametrize("item", ["lr_scheduler.learning_rate=1", "seed=4", "train_dataset.num_classes=3"])
def test_nothing_but_places_of_files_may_be_another_one(run, tmp_path, item):
    with pytest.raises(ConfigError, match=naming(f"--opts {item.partition('=')[0]}", "dataset_root")):
        reproduce(run, str(tmp_path / "again"), until=1, opts=[item])


def test_the_profile_of_the_run_stays_as_it_is(run, tmp_path):
    profile = tmp_path / "profile.json"
    profile.write_text("{}")
    options = f"batch_range=[1,2];profile_path={profile}"
    spoil(run, lambda starts: starts[0]["settings"].update(profiler_options=options))
    assert reproduce(run, str(tmp_path / "again"), until=2).compared == 2
    assert profile.read_text() == "{}"


def test_a_run_that_was_stopped_and_goes_on_can_be_repeated_too(made, run, tmp_path):
    shutil.rmtree(f"{run}/iter_4")
    with open(f"{run}/losses.jsonl") as file:
        before = file.read()
    train_in(run, made / "tiny.yml", "--use_ema", "--save_interval", 2, "--log_iters", 3, "--resume_model", "auto")
    with open(f"{run}/losses.jsonl") as file:
        assert file.read() == before
    assert [start["step"] for start in read_starts(run)] == [0, 2]
    assert all(one.differing == () for one in compare_checkpoints(run, made / "run"))
    assert reproduce(run, str(tmp_path / "again"), until=1).compared == 1
