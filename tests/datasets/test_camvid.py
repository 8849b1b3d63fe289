# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""CamVid: where it is searched for, and its real pictures if available."""

import numpy as np
import pytest

from paddleseg.datasets import CamVid
from paddleseg.utils.errors import ConfigError, DataError


@pytest.fixture
def root(tmp_path, pairs):
    pairs(tmp_path, [(16, 8)] * 2, num_classes=11)
    return tmp_path


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    monkeypatch.delenv("CAMVID_ROOT", raising=False)


def test_it_has_11_classes_with_names_and_colours(root):
    dataset = CamVid([], str(root))
    assert (dataset.num_classes, len(dataset.class_names), len(dataset.palette)) == (11, 11, 11)
    assert dataset.class_names[0] == "sky" and dataset.class_names[10] == "bicyclist"
    assert len({tuple(colour) for colour in dataset.palette}) == 11
    assert CamVid.num_classes == 11 and CamVid.ignore_index == 255


def test_without_a_root_it_is_found_in_the_working_directory_or_by_the_variable(root, tmp_path, monkeypatch):
    project = tmp_path / "work" / "project"
    project.mkdir(parents=True)
    monkeypatch.chdir(project)
    with pytest.raises(DataError, match="CamVid not found in data/camvid or ../shared/camvid; set dataset_root"):
        CamVid([])
    for place in (tmp_path / "work/shared/camvid", project / "data/camvid"):
        place.mkdir(parents=True)
        (place / "train.txt").write_text(f"{root}/images/0.png {root}/labels/0.png\n")
        assert len(CamVid([])) == 1
    monkeypatch.setenv("CAMVID_ROOT", str(root))
    assert len(CamVid([])) == 2


def test_a_wrong_root_or_variable_is_named(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="dataset_root: .*gone is not a folder"):
        CamVid([], str(tmp_path / "gone"))
    monkeypatch.setenv("CAMVID_ROOT", str(tmp_path / "gone"))
    with pytest.raises(DataError, match="CAMVID_ROOT: .*gone is not a folder"):
        CamVid([])


def test_some_drives_only_are_read_and_an_unknown_one_is_refused(root):
    for name in ("0001TP_0", "0006R0_f1", "0006R0_f2"):
        for folder in ("images", "labels"):
            (root / folder / f"{name}.png").write_bytes((root / folder / "0.png").read_bytes())
    names = ["0006R0_f2", "0001TP_0", "0006R0_f1"]
    (root / "train.txt").write_text("".join(f"images/{name}.png labels/{name}.png\n" for name in names))
    held_out = CamVid([], str(root), drives=["0006R0"])
    assert [picture.rpartition("/")[2] for picture, _ in held_out.file_list] == ["0006R0_f2.png", "0006R0_f1.png"]
    assert len(CamVid([], str(root), drives=["0001TP", "0006R0"])) == 3
    with pytest.raises(ConfigError, match="drives: no picture is of 0016E5; there are 0001TP, 0006R0"):
        CamVid([], str(root), drives=["0016E5", "0006R0"])
    with pytest.raises(ConfigError, match="drives: the list is empty; there are"):
        CamVid([], str(root), drives=[])


@pytest.mark.parametrize(("mode", "count"), [("train", 367), ("val", 101)])
def test_the_real_pictures_are_found_and_read(camvid_root, mode, count):
    dataset = CamVid([], str(camvid_root), mode=mode)
    assert len(dataset) == count
    sample = dataset.sample(count // 2, np.random.default_rng(0))
    assert sample["img"].shape == (360, 480, 3) and sample["label"].shape == (360, 480)
    assert len(np.unique(sample["label"])) > 5
