# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Label files whose values are not the class ids."""

import numpy as np
import pytest
from PIL import Image

from paddleseg.config.build import build_dataset
from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.datasets import Dataset
from paddleseg.datasets.data_check import examine
from paddleseg.utils.errors import ConfigError, DataError

VALUES = np.array([[0, 1, 2], [149, 150, 255]], np.uint8)


@pytest.fixture
def root(tmp_path):
    """One picture whose label has the values of ADE20K, where 0 is "other" and 150 the last class."""
    Image.fromarray(np.zeros((*VALUES.shape, 3), np.uint8)).save(tmp_path / "picture.png")
    Image.fromarray(VALUES).save(tmp_path / "label.png")
    for name in ("train.txt", "val.txt"):
        (tmp_path / name).write_text("picture.png label.png\n")
    return tmp_path


def make(root, mode="train", **arguments):
    arguments = {"num_classes": 150, "train_path": str(root / "train.txt"), **arguments}
    return Dataset(mode, str(root), [], val_path=str(root / "val.txt"), **arguments)


def test_reduce_zero_label_ignores_0_and_makes_every_class_one_less(root):
    label = make(root, reduce_zero_label=True).read(0)["label"]
    assert label.tolist() == [[255, 0, 1], [148, 149, 255]]
    with pytest.raises(DataError, match=r"the values 150 \(1 pixels\); allowed with num_classes 150"):
        make(root).read(0)


def test_label_map_renumbers_the_values_it_names_and_leaves_the_others(root):
    label = make(root, label_map={0: 255, 150: 0, 149: 0}).read(0)["label"]
    assert label.tolist() == [[255, 1, 2], [0, 0, 255]]


def test_checks_count_renumbered_labels_and_say_so(root):
    [statistics] = examine(make(root, reduce_zero_label=True)).statistics
    assert np.flatnonzero(statistics.class_pixels).tolist() == [0, 1, 148, 149]
    assert statistics.ignored_share == 2 / 6
    dataset = make(root, num_classes=149, reduce_zero_label=True)
    assert examine(dataset).statistics[0].bad_values == [149]
    with pytest.raises(DataError, match="255 .ignored., as label_map or reduce_zero_label leaves them"):
        dataset.read(0)


@pytest.mark.parametrize("cache", ["disk", "ram"])
def test_a_cache_of_labels_as_they_were_is_not_taken_for_renumbered_ones(root, cache):
    rng = np.random.default_rng(0)
    for arguments, first in [({"num_classes": 151}, 0), ({"reduce_zero_label": True}, 255), ({"num_classes": 151}, 0)]:
        for _ in range(2):
            assert make(root, cache=cache, **arguments).sample(0, rng)["label"][0, 0] == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"label_map": {0: 256}}, "label_map: found 256; both sides of each pair must be whole numbers from 0 to 255"),
        ({"label_map": {"sky": 0}}, "label_map: found 'sky'"),
        ({"label_map": {0: 1.5}}, "label_map: found {0: 1.5}; it must be a mapping of whole numbers"),
        ({"label_map": {0: 1}, "reduce_zero_label": True}, "label_map: does not go with reduce_zero_label"),
        ({"reduce_zero_label": True, "ignore_index": 0}, "reduce_zero_label: with ignore_index: 0"),
        ({"reduce_zero_label": True, "ignore_index": 2}, "ignore_index: 2 would take one"),
    ],
)
def test_wrong_arguments_name_the_key(root, arguments, message):
    with pytest.raises(ConfigError, match=message):
        make(root, **arguments)


@pytest.mark.parametrize("line", ["label_map: {0: 255, 150: 0, 149: 0}", "reduce_zero_label: True"])
@pytest.mark.parametrize("stating", ["train", "val"])
def test_what_one_data_set_states_holds_for_both(root, line, stating):
    sections = [
        f"{mode}_dataset:\n  type: Dataset\n  dataset_root: {root}\n  {mode}_path: {root}/{mode}.txt\n"
        f"  num_classes: 150\n  transforms: [{{type: Normalize}}]\n" + (f"  {line}\n" if mode == stating else "")
        for mode in ("train", "val")
    ]
    path = root / "config.yml"
    path.write_text("\n".join(["model: {type: DDRNet_23_slim}", *sections]))
    config = load_config(path)
    check_config(config, command="val")
    labels = [build_dataset(config, mode).read(0)["label"] for mode in ("train", "val")]
    assert labels[0][0, 0] == 255
    np.testing.assert_array_equal(*labels)
