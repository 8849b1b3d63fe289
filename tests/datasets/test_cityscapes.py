# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cityscapes: pairing by name, labels that are missing or not converted."""

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets import Cityscapes
from paddleseg.utils.errors import ConfigError, DataError

NAMES = ("aachen/aachen_000000_000019", "aachen/aachen_000001_000019", "ulm/ulm_000000_000019")


def image_path(root, name, mode="train"):
    return root / "leftImg8bit" / mode / f"{name}_leftImg8bit.png"


def label_path(root, name, mode="train", kind="labelTrainIds"):
    return root / "gtFine" / mode / f"{name}_gtFine_{kind}.png"


@pytest.fixture
def root(tmp_path):
    for index, name in enumerate(NAMES):
        for path, shape in ((image_path(tmp_path, name), (8, 16, 3)), (label_path(tmp_path, name), (8, 16))):
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full(shape, index, np.uint8)).save(path)
    return tmp_path


def test_pictures_and_labels_are_paired_by_name(root):
    dataset = Cityscapes([], str(root))
    assert dataset.file_list == [(str(image_path(root, n)), str(label_path(root, n))) for n in NAMES]
    assert [int(dataset.read(i)["label"][0, 0]) for i in range(3)] == [0, 1, 2]


def test_it_has_19_named_classes_with_the_official_colours(root):
    dataset = Cityscapes([], str(root))
    assert dataset.num_classes == len(dataset.class_names) == len(dataset.palette) == 19
    colours = dict(zip(dataset.class_names, dataset.palette))
    assert colours["road"] == [128, 64, 128] and colours["bicycle"] == [119, 11, 32]
    assert dataset.class_names[13] == "car" and dataset.ignore_index == 255


def test_the_numbers_of_its_classes_are_known_without_its_files():
    assert Cityscapes.num_classes == len(Cityscapes.class_names) == 19 and Cityscapes.img_channels == 3


def test_a_deleted_label_is_named_and_does_not_shift_the_later_pairs(root):
    label_path(root, NAMES[1]).unlink()
    with pytest.raises(DataError, match=rf"{NAMES[1]}_leftImg8bit.png: no label .*\(1 of 3 files lack one\)"):
        Cityscapes([], str(root))


def test_a_label_without_picture_is_named(root):
    image_path(root, NAMES[2]).unlink()
    with pytest.raises(DataError, match=rf"{NAMES[2]}_gtFine_labelTrainIds.png: no picture"):
        Cityscapes([], str(root))


def test_train_ids_are_preferred_to_ids_and_ids_to_polygons(root):
    for name, forms in zip(NAMES, (["labelIds", "polygons"], ["polygons"], ["labelIds"])):
        for kind in forms:
            label_path(root, name, kind=kind).write_bytes(b"not read")
    assert Cityscapes([], str(root)).read(0)["label"].max() == 0
    for name in NAMES:
        label_path(root, name).unlink()
    with pytest.raises(DataError, match=rf"{NAMES[1]}_leftImg8bit.png: no label gtFine.*_gtFine_labelIds.png in"):
        Cityscapes([], str(root))


def test_test_mode_reads_no_labels(root):
    (root / "leftImg8bit/train").rename(root / "leftImg8bit/test")
    dataset = Cityscapes([], str(root), mode="test")
    assert len(dataset) == 3 and "label" not in dataset.read(0)


def test_an_empty_folder_a_wrong_mode_and_edge_are_refused(root):
    with pytest.raises(
        DataError, match=r"Cityscapes \(mode val\) finds no pictures leftImg8bit/val/\*/\*_leftImg8bit.png"
    ):
        Cityscapes([], str(root), mode="val")
    with pytest.raises(ConfigError, match="mode: 'trainval'"):
        Cityscapes([], str(root), mode="trainval")
    with pytest.raises(ConfigError, match="edge: found True"):
        Cityscapes([], str(root), edge=True)
