# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The tools that inspect training data take class folders, too."""

import json

import pytest

from paddleseg.utils.errors import DataError
from tests.conftest import REPOSITORY
from tests.messages import naming
from tests.scripts import load_script


def run(name, *arguments):
    tool = load_script(REPOSITORY / f"tools/{name}.py")
    tool.main(tool.make_parser().parse_args(list(map(str, arguments))))


def test_check_dataset_counts_the_classes_and_names_damaged_pictures(class_config, class_folder, tmp_path, capsys):
    names = ("--opts", "train_dataset.class_names=[crane, crane, sea]")
    run("check_dataset", "--config", class_config, "--json", tmp_path / "found.json", *names)
    printed = capsys.readouterr().out
    assert "24 of 24 pictures of train_dataset read; 3 classes, 8 to 8 pictures each" in printed
    figures = json.loads((tmp_path / "found.json").read_text())
    assert figures["val_dataset"]["classes"] == [
        {"id": class_id, "name": name, "pictures": 4} for class_id, name in enumerate(["crane", "crane", "sea"])
    ]
    (class_folder / "val/sea/1.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=naming("val/sea/1.jpg")):
        run("check_dataset", "--config", class_config)


def test_profile_data_times_a_step_that_mixes_its_batch(class_config, capsys):
    task = "task={type: ClassificationTask, mixup_alpha: 0.8}"
    given = ("--config", class_config, "--num_batches", 1, "--num_workers", 1, "--device", "cpu", "--opts", task)
    run("profile_data", *given)
    assert "a step of 6 pictures takes" in capsys.readouterr().out
