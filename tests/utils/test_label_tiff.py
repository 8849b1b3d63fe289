# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Label maps written as TIFF files while they are computed."""

import io

import numpy as np
import pytest
from PIL import Image

from paddleseg.utils import label_tiff
from paddleseg.utils.image_io import read_file
from paddleseg.utils.label_tiff import strips_of, write_label_tiff
from paddleseg.utils.visualize import default_palette

tifffile = pytest.importorskip("tifffile")


def bands_of(labels, cuts):
    return (labels[first:last] for first, last in zip(cuts, cuts[1:]))


def test_ids_colours_and_further_tags_are_read_by_others(tmp_path):
    labels = np.random.default_rng(0).integers(0, 5, (300, 77)).astype(np.uint8)
    with open(tmp_path / "a.tif", "wb") as file:
        tag = (33550, 12, 3, (0.5, 0.5, 0.0), True)
        write_label_tiff(file, bands_of(labels, [0, 3, 3, 200, 300]), labels.shape, default_palette(), [tag])
    with Image.open(tmp_path / "a.tif") as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), labels)
        np.testing.assert_array_equal(np.reshape(image.getpalette(), (256, 3)), default_palette())
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert not file.is_bigtiff and file.pages[0].tags[33550].value == (0.5, 0.5, 0.0)
    assert len(read_file(tmp_path / "a.tif", "label")) < labels.size


def test_what_offsets_of_32_bits_cannot_reach_is_bigtiff(monkeypatch):
    labels = np.ones((300, 77), np.uint8)
    for bound, is_big in ((labels.size, False), (labels.size - 1, True)):
        monkeypatch.setattr(label_tiff, "_CLASSIC_BYTES", bound)
        buffer = io.BytesIO()
        write_label_tiff(buffer, [labels], labels.shape, default_palette())
        with tifffile.TiffFile(io.BytesIO(buffer.getvalue())) as file:
            assert file.is_bigtiff == is_big
            np.testing.assert_array_equal(file.asarray(), labels)


@pytest.mark.parametrize("cuts", [[0, 100], [0, 1, 2, 99, 100], [0, 0, 64, 64, 100], [0, 10, 20, 30, 70, 100]])
def test_strips_are_the_same_rows_in_parts_of_one_length(cuts):
    labels = np.arange(300).reshape(100, 3)
    strips = list(strips_of(bands_of(labels, cuts), 16))
    assert [len(strip) for strip in strips] == [16] * 6 + [4]
    np.testing.assert_array_equal(np.concatenate(strips), labels)
