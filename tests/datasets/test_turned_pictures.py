# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures with an EXIF orientation, from the list file to the check of the data, and through the cache."""

import numpy as np
import pytest
from PIL import Image

from paddleseg.datasets.data_check import examine
from paddleseg.datasets.data_report import find_problems, find_warnings, to_dict
from paddleseg.utils.errors import DataError
from tests.datasets.cached import KINDS, make, samples
from tests.messages import assert_names, naming

UPSIDE_DOWN, ON_ITS_SIDE = 3, 6


@pytest.fixture
def root(tmp_path, pairs):
    pairs(tmp_path, [(32, 24), (32, 24), (32, 32)])
    return tmp_path


def mark(root, index, orientation):
    """Note an orientation in a picture; give its pixels as they are stored."""
    path = root / "images" / f"{index}.png"
    with Image.open(path) as picture:
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = np.asarray(picture)
        picture.save(path, exif=exif)
    return stored


@KINDS
def test_samples_are_turned_with_and_without_a_cache_and_labels_are_not(root, kind):
    stored = mark(root, 1, UPSIDE_DOWN)
    label = make(root, "none", mode="val").read(1)["label"]
    for _ in range(2):  # the second time from the cache
        sample = samples(make(root, kind, mode="val"))[1]
        np.testing.assert_array_equal(sample["img"], stored[::-1, ::-1])
        np.testing.assert_array_equal(sample["label"], label)


def test_a_cache_of_turned_pictures_is_not_used_for_pictures_as_stored(root):
    stored = mark(root, 2, ON_ITS_SIDE)
    for _ in range(2):
        np.testing.assert_array_equal(samples(make(root, "disk", mode="val"))[2]["img"], np.rot90(stored, -1))
        as_stored = samples(make(root, "disk", mode="val", apply_exif=False))[2]["img"]
        np.testing.assert_array_equal(as_stored, stored)


def test_a_cache_of_another_version_of_the_reader_is_not_used(root, monkeypatch):
    samples(make(root, "disk", mode="val"))
    stored = mark(root, 1, UPSIDE_DOWN)
    monkeypatch.setattr("paddleseg.datasets.segmentation.READER_VERSION", 99)
    entries = sorted((root / ".decoded_cache").iterdir())
    np.testing.assert_array_equal(samples(make(root, "disk", mode="val"))[1]["img"], stored[::-1, ::-1])
    assert sorted((root / ".decoded_cache").iterdir()) == entries  # replaced, not doubled


def test_a_label_that_fits_only_the_picture_as_stored_is_named_with_the_cause(root):
    mark(root, 1, ON_ITS_SIDE)
    with pytest.raises(DataError, match=naming("labels/1.png", "32x24", "24x32", "orientation 6", "apply_exif: False")):
        make(root, "none").read(1)
    make(root, "none", apply_exif=False).read(1)


def test_a_label_that_fits_only_the_upright_picture_is_named_with_the_cause(root):
    stored = mark(root, 1, ON_ITS_SIDE)
    Image.fromarray(np.zeros(stored.shape[1::-1], np.uint8)).save(root / "labels" / "1.png")
    make(root, "none").read(1)
    with pytest.raises(DataError, match=naming("labels/1.png", "remove apply_exif: False")):
        make(root, "none", apply_exif=False).read(1)


def test_a_label_on_its_side_without_any_note_is_named_as_that(root):
    Image.fromarray(np.zeros((32, 24), np.uint8)).save(root / "labels" / "1.png")
    with pytest.raises(DataError, match=naming("labels/1.png", "24x32", "the other way round")):
        make(root, "none").read(1)


def test_the_check_counts_turned_pictures_and_names_pairs_that_do_not_fit(root):
    assert not any("EXIF" in line for line in find_warnings(examine(make(root, "none"))))
    mark(root, 0, UPSIDE_DOWN)
    mark(root, 1, ON_ITS_SIDE)
    findings = examine(make(root, "none"))
    (warning,) = [line for line in find_warnings(findings) if "EXIF" in line]
    assert_names(warning, "train_dataset", "2 of 3", "apply_exif: False", f"{root}/images/0.png")
    (problem,) = find_problems(findings)
    assert_names(problem, f"{root}/labels/1.png", "orientation 6")
    figures = to_dict(findings)["datasets"]["train_dataset"]
    assert figures["pictures_with_orientation"] == [f"{root}/images/{i}.png" for i in (0, 1)]
