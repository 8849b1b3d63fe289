# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/dataset_converters/voc_aug.py: the Semantic Boundaries Dataset's additions to Pascal VOC."""

import shutil

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import PascalVOC
from paddleseg.utils.errors import DataError
from tests.datasets.published_folders import LAYOUTS, write_folder
from tests.scripts import load_script
from tests.tools.test_cityscapes import SCRIPT

VOC_AUG = SCRIPT.with_name("voc_aug.py")


def convert(*arguments):
    script = load_script(VOC_AUG)
    script.main(script.make_parser().parse_args([*map(str, arguments)]))


@pytest.fixture
def devkit(tmp_path):
    """Pascal VOC without what the converter writes."""
    root = write_folder(tmp_path / "VOCdevkit", LAYOUTS["PascalVOC"])
    shutil.rmtree(root / "VOC2012/SegmentationClassAug")
    (root / "VOC2012/ImageSets/Segmentation/aug.txt").unlink()
    return root


def write_boundaries(root, labels):
    from scipy.io import savemat

    (root / "dataset/cls").mkdir(parents=True)
    (root / "dataset/train.txt").write_text("train_one\nnew_one\n")
    (root / "dataset/val.txt").write_text("new_two\n")
    for name, label in labels.items():
        content = {"GTcls": {"Segmentation": np.full((6, 18), label, np.uint8), "Boundaries": np.zeros((20, 1))}}
        savemat(root / f"dataset/cls/{name}.mat", content)


@pytest.mark.extras("scipy")
def test_the_pictures_that_voc_does_not_label_are_added_and_read_by_trainaug(devkit, tmp_path, capsys):
    root = devkit
    (root / "VOC2012/ImageSets/Segmentation/trainval.txt").write_text("train_one\ntrain_two\n")
    for name in ("new_one", "new_two"):
        Image.fromarray(np.zeros((6, 18, 3), np.uint8)).save(root / f"VOC2012/JPEGImages/{name}.jpg")
    write_boundaries(tmp_path / "benchmark_RELEASE", {"train_one": 3, "new_one": 7, "new_two": 20})
    convert(root, tmp_path / "benchmark_RELEASE")
    assert "2 labels written, 0 existed" in capsys.readouterr().out
    dataset = PascalVOC([], str(root), mode="trainaug")
    assert len(dataset) == 4 and [int(dataset.read(i)["label"].max()) for i in (2, 3)] == [7, 20]
    (root / "VOC2012/SegmentationClassAug/new_one.png").write_bytes(b"mine")
    convert(root, tmp_path / "benchmark_RELEASE")
    assert "0 labels written, 2 existed" in capsys.readouterr().out
    assert (root / "VOC2012/SegmentationClassAug/new_one.png").read_bytes() == b"mine"
    (root / "VOC2012/ImageSets/Segmentation/aug.txt").write_text("mine\n")
    with pytest.raises(DataError, match="aug.txt: already exists with other names than these 2; move it away"):
        convert(root, tmp_path / "benchmark_RELEASE")


@pytest.mark.extras("scipy")
def test_a_label_of_no_class_of_voc_is_refused(devkit, tmp_path):
    root = devkit
    write_boundaries(tmp_path / "benchmark_RELEASE", {"new_one": 21, "new_two": 1})
    with pytest.raises(DataError, match="new_one.mat: GTcls.Segmentation has the value 21; Pascal VOC has classes"):
        convert(root, tmp_path / "benchmark_RELEASE")
    assert not (root / "VOC2012/ImageSets/Segmentation/aug.txt").exists()


def test_folders_that_are_not_the_right_ones_are_named(devkit, tmp_path):
    with pytest.raises(DataError, match=r"trainval.txt: there is no such list; give the folder VOCdevkit with VOC2012"):
        convert(tmp_path, tmp_path)
    with pytest.raises(DataError, match="dataset/train.txt: there is no such list; give the folder benchmark_RELEASE"):
        convert(devkit, tmp_path)
