# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""infer.py and export.py replace only their own files."""

import pytest

from paddleseg.utils.errors import DataError
from tests.commands.exported.running import export_here, infer_here, labels_below


def test_no_picture_is_replaced_by_its_label_map(exported, pictures):
    before = {path: path.read_bytes() for path in pictures.rglob("*.*")}
    for image_path in (pictures, pictures / "a.png"):
        with pytest.raises(DataError, match=r"a\.png: the label map of .* would be written there too"):
            infer_here(exported, image_path, pictures)
    assert {path: path.read_bytes() for path in pictures.rglob("*.*")} == before


def test_label_maps_that_no_run_wrote_are_not_replaced(exported, pictures, tmp_path):
    theirs = tmp_path / "labels" / "night" / "d.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"drawn by hand")
    with pytest.raises(DataError, match=f"^{theirs}: would be replaced"):
        infer_here(exported, pictures, tmp_path / "labels")
    assert [path for path in (tmp_path / "labels").rglob("*") if path.is_file()] == [theirs]


def test_label_maps_beside_their_pictures_are_replaced_by_the_next_run(exported, pictures):
    for path in pictures.rglob("*.png"):
        path.unlink()
    for _ in range(2):
        infer_here(exported, pictures, pictures)
    assert set(labels_below(pictures)) == {"c.png"}


def test_earlier_results_in_the_folder_of_the_pictures_are_left_out(exported, pictures):
    for _ in range(2):
        infer_here(exported, pictures, pictures / "out")
    assert set(labels_below(pictures / "out")) == {"a.png", "b.png", "c.png", "night/a.png", "night/d.png"}


def test_an_export_replaces_an_export_and_no_file_of_somebody_else(config, weights, tmp_path):
    export_here(config, weights, tmp_path / "out", "--no_verify")
    export_here(config, weights, tmp_path / "out", "--no_verify", "--output_op", "softmax")
    assert "softmax" in (tmp_path / "out" / "deploy.yaml").read_text()
    theirs = tmp_path / "theirs" / "model.json"
    theirs.parent.mkdir()
    theirs.write_text("{}")
    with pytest.raises(DataError, match=f"^{theirs}: would be replaced"):
        export_here(config, weights, tmp_path / "theirs", "--no_verify")
    assert list(theirs.parent.iterdir()) == [theirs]
