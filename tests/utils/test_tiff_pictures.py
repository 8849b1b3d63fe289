# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""TIFF pictures and labels: planes, opacity, packed numbers, small tiles, and files that cannot be read."""

import io
import sys

import numpy as np
import pytest

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import ReadOptions, read_image, read_label
from tests.messages import naming
from tests.tiff_files import tiff_file
from tests.utils.saving import save


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("meaning", [0, 1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
def test_opacity_does_not_change_the_colours_of_a_tiff(tmp_path, colours, planar, meaning, order):
    rgba = np.dstack([colours, colours[::-1, :, 0]])
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_file(rgba, planar=planar, extra_band=meaning, order=order))
    np.testing.assert_array_equal(read_image(path), colours)
    np.testing.assert_array_equal(read_image(path, channels=4), rgba[:, :, [2, 1, 0, 3]])
    np.testing.assert_array_equal(read_image(path, channels=1), read_image(save(tmp_path / "rgb.bmp", colours), 1))
    path.write_bytes(tiff_file(rgba[:, :, 2:], planar=planar, extra_band=meaning, order=order))
    np.testing.assert_array_equal(read_image(path, channels=1), rgba[:, :, 2:3])
    np.testing.assert_array_equal(read_label(path), rgba[:, :, 2])


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("bands", [3, 4])
def test_bands_of_which_the_first_is_called_grey_are_all_read(tmp_path, bands, dtype, planar):
    """As GDAL writes them: OpenCV gives the first alone, or of 16 bits numbers of all of them in a row."""
    pytest.importorskip("tifffile")
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, bands)).astype(dtype)
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_file(pixels, planar=planar, photometric=1))
    options = ReadOptions(value_range=(0, 255))
    np.testing.assert_array_equal(read_image(path, 3, options), pixels[:, :, :3])
    np.testing.assert_array_equal(
        read_image(path, bands, options), pixels if bands == 3 else pixels[:, :, [2, 1, 0, 3]]
    )
    with pytest.raises(DataError, match=naming("a.tif", f"{bands} channels")):
        read_label(path)


def test_a_damaged_tiff_that_opencv_does_not_read_is_one_line(tmp_path):
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 60000, (40, 50, 2), "uint16")
    form = {"photometric": "minisblack", "planarconfig": "contig", "compression": "zlib"}
    pytest.importorskip("tifffile").imwrite(file, noise, **form)
    data = bytearray(file.getvalue())
    data[-100] ^= 0xFF
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(DataError, match=naming("a.tif", "tifffile cannot read", "decompressing")):
        read_image(tmp_path / "a.tif", 2)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_a_packed_label_gives_its_stored_values(tmp_path, ids, bits):
    (tmp_path / "label.tif").write_bytes(tiff_file(ids.astype(np.uint16), bits=bits))
    np.testing.assert_array_equal(read_label(tmp_path / "label.tif"), ids)
    (tmp_path / "label.tif").write_bytes(tiff_file(ids.astype(np.uint16) + 300, bits=bits))
    with pytest.raises(DataError, match=naming("label.tif", "from 300 to 303")):
        read_label(tmp_path / "label.tif")


def test_a_16_bit_label_with_a_second_band_is_refused(tmp_path, ids):
    pytest.importorskip("tifffile")
    (tmp_path / "label.tif").write_bytes(tiff_file(np.dstack([ids, ids]).astype(np.uint16)))
    with pytest.raises(DataError, match=naming("label.tif", "2 channels")):
        read_label(tmp_path / "label.tif")


def tiles(pixels, **options):
    """A TIFF file of 8-bit tiles without compression, too small for OpenCV."""
    file = io.BytesIO()
    pytest.importorskip("tifffile").imwrite(file, pixels, tile=(16, 16), **options)
    return file.getvalue()


def test_small_tiles_that_opencv_does_not_decode_are_read(tmp_path, colours, ids):
    (tmp_path / "a.tif").write_bytes(tiles(colours))
    save(tmp_path / "strips.tif", colours)
    for channels in (1, 3):
        found, expected = (read_image(tmp_path / name, channels) for name in ("a.tif", "strips.tif"))
        np.testing.assert_array_equal(found, expected)
    clear = np.dstack([colours, ids])
    (tmp_path / "a.tif").write_bytes(tiles(clear, photometric="rgb", extrasamples=["unassalpha"]))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 3), colours)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 4), clear[:, :, [2, 1, 0, 3]])
    (tmp_path / "a.tif").write_bytes(tiles(ids))
    np.testing.assert_array_equal(read_label(tmp_path / "a.tif"), ids)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 3), np.repeat(ids[:, :, None], 3, axis=2))
    with_opacity = tiles(np.dstack([ids, ids[::-1]]), photometric="minisblack", extrasamples=["unassalpha"])
    (tmp_path / "a.tif").write_bytes(with_opacity)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 3), np.repeat(ids[:, :, None], 3, axis=2))
    (tmp_path / "a.tif").write_bytes(tiles(ids, photometric="miniswhite"))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 1)[:, :, 0], 255 - ids)


def test_small_tiles_are_damaged_or_need_tifffile_where_it_does_not_read_them(tmp_path, colours, monkeypatch):
    whole = tiles(colours)
    (tmp_path / "cut.tif").write_bytes(whole[:-100])
    with pytest.raises(DataError, match=naming("cut.tif", "damaged", "tifffile cannot read")):
        read_image(tmp_path / "cut.tif")
    (tmp_path / "whole.tif").write_bytes(whole)
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(DataError, match=naming("whole.tif", "damaged, or a file that OpenCV does not decode", "pip")):
        read_image(tmp_path / "whole.tif")


@pytest.mark.parametrize("kind", ["a palette of 16 bits", "CMYK of 16 bits"])
def test_a_tiff_whose_numbers_are_no_colours_is_named_and_not_called_damaged_alone(tmp_path, kind):
    if "CMYK" in kind:
        data = tiff_file(np.zeros((5, 4, 4), np.uint16), photometric=5)
    else:
        palette = {"photometric": "palette", "colormap": np.zeros((3, 1 << 16), np.uint16)}
        file = io.BytesIO()
        pytest.importorskip("tifffile").imwrite(file, np.zeros((5, 4), np.uint16), **palette)
        data = file.getvalue()
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(DataError, match=naming("a.tif", "kind that cannot be read", kind, "save it as grey or RGB")):
        read_image(tmp_path / "a.tif")


def test_a_tiff_that_is_cut_anywhere_in_its_directory_is_damaged(tmp_path, colours):
    data = tiff_file(colours)
    for length in range(8, len(data) - colours.size, 3):
        (tmp_path / "cut.tif").write_bytes(data[:length])
        with pytest.raises(DataError, match=naming("cut.tif", "damaged")):
            read_image(tmp_path / "cut.tif")
