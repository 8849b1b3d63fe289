# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""tools/dataset_converters/cityscapes.py: labels of train ids from those of all ids, and from polygons."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import ConfigError, DataError

SCRIPT = Path(__file__).resolve().parents[2] / "tools/dataset_converters/cityscapes.py"


def convert(*arguments):
    converter = runpy.run_path(str(SCRIPT))
    converter["main"](converter["make_parser"]().parse_args(arguments))


def test_labels_of_cityscapes_are_converted_and_those_that_are_there_stay(tmp_path):
    folder = tmp_path / "gtFine" / "val" / "ulm"
    folder.mkdir(parents=True)
    for name in "ab":
        Image.fromarray(np.arange(35, dtype=np.uint8)[None]).save(folder / f"{name}_gtFine_labelIds.png")
    (folder / "b_gtFine_labelTrainIds.png").write_bytes(b"theirs")
    convert(str(tmp_path))
    found = np.asarray(Image.open(folder / "a_gtFine_labelTrainIds.png"))[0]
    # cityscapesscripts/helpers/labels.py: car is id 26 and train id 13, bicycle 33 and 18; 0, 9 and 34 are ignored.
    assert [int(found[index]) for index in (0, 7, 8, 9, 26, 33, 34)] == [255, 0, 1, 255, 13, 18, 255]
    assert sorted(set(found.tolist())) == [*range(19), 255]
    assert (folder / "b_gtFine_labelTrainIds.png").read_bytes() == b"theirs"


def test_polygons_are_drawn_where_there_are_no_ids(tmp_path):
    folder = tmp_path / "gtFine" / "val" / "ulm"
    folder.mkdir(parents=True)
    road = {"label": "road", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    for name in "ab":
        (folder / f"{name}_gtFine_polygons.json").write_text(
            json.dumps({"imgWidth": 3, "imgHeight": 2, "objects": [road]})
        )
    Image.fromarray(np.full((2, 3), 26, np.uint8)).save(folder / "b_gtFine_labelIds.png")
    convert(str(tmp_path))
    assert np.asarray(Image.open(folder / "a_gtFine_labelTrainIds.png")).tolist() == [[0, 0, 255]] * 2
    assert np.asarray(Image.open(folder / "b_gtFine_labelTrainIds.png")).tolist() == [[13, 13, 13]] * 2


def test_a_folder_without_labels_is_told_what_is_expected(tmp_path):
    with pytest.raises(
        DataError, match=r"gtFine: no labels <train, val, ..>/<city>/\*_labelIds.png or \*_polygons.json"
    ):
        convert(str(tmp_path))


@pytest.mark.parametrize("flag", ["-o", "--out-dir"])
def test_a_folder_for_lists_of_the_labels_is_refused_with_what_it_is(flag, tmp_path):
    with pytest.raises(ConfigError, match="-o lists: leave it out; mmsegmentation writes lists"):
        convert(str(tmp_path), flag, "lists")
