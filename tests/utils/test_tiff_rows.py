# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""TIFF files by rows: the reader of whole files is the oracle."""

import sys
import tracemalloc

import cv2
import numpy as np
import pytest

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import ReadOptions, read_image
from paddleseg.utils.picture_rows import ArrayRows, opened_rows
from paddleseg.utils.tiff_rows import TiffRows
from tests.messages import naming

tifffile = pytest.importorskip("tifffile")

LAYOUTS = {
    "one strip": {},
    "strips": {"rowsperstrip": 32},
    "tiles": {"tile": (64, 48)},
    "deflated strips": {"rowsperstrip": 32, "compression": "zlib"},
    "deflated tiles of differences": {"tile": (64, 48), "compression": "zlib", "predictor": True},
}
CUTS = (0, 10, 75, 76, 150)


def write(path, bands, layout, *, planar=False, order="<", photometric=None):
    pixels = bands[:, :, 0] if bands.shape[2] == 1 else np.moveaxis(bands, -1, 0) if planar else bands
    kind = {"photometric": photometric or ("rgb" if bands.shape[2] in (3, 4) else "minisblack")}
    if bands.shape[2] > 1:
        kind["planarconfig"] = "separate" if planar else "contig"
    extra = bands.shape[2] - (3 if kind["photometric"] == "rgb" else 1)
    if extra:
        kind["extrasamples"] = ["unspecified"] * extra
    with tifffile.TiffWriter(path, byteorder=order) as writer:
        writer.write(pixels, metadata=None, **kind, **layout)
    return path


def by_rows(path, channels=3, options=None):
    with opened_rows(path, channels, *([] if options is None else [options])) as picture:
        assert isinstance(picture, TiffRows)
        return np.concatenate([picture.rows(top, bottom) for top, bottom in zip(CUTS, CUTS[1:])])


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_rows_are_those_of_the_whole_file(tmp_path, layout, planar, order):
    random = np.random.default_rng(0)
    for dtype in ("uint8", "uint16", "int16"):
        options = ReadOptions(value_range=(0, 200)) if dtype == "int16" else None
        for bands, channels in ((1, 1), (1, 3), (3, 3), (4, 3), (4, 4), (5, 5)):
            pixels = random.integers(0, 200, (150, 93, bands)).astype(dtype)
            path = write(tmp_path / "a.tif", pixels, layout, planar=planar and bands > 1, order=order)
            expected = read_image(path, channels, *([] if options is None else [options]))
            found = by_rows(path, channels, options)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("planar", [False, True])
def test_so_are_rows_of_bands_of_which_the_first_is_called_grey(tmp_path, layout, planar):
    random = np.random.default_rng(0)
    for dtype, bands, channels in (
        ("uint8", 2, 3),
        ("uint8", 4, 3),
        ("uint8", 4, 4),
        ("uint16", 3, 3),
        ("uint16", 4, 4),
    ):
        pixels = random.integers(0, 200, (150, 93, bands)).astype(dtype)
        path = write(tmp_path / "a.tif", pixels, layout, planar=planar, photometric="minisblack")
        np.testing.assert_array_equal(by_rows(path, channels), read_image(path, channels))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("value_range", [None, (10, 100)])
def test_grey_whose_0_is_white_is_turned_round(tmp_path, dtype, value_range):
    pixels = np.random.default_rng(0).integers(0, 200, (150, 93, 1)).astype(dtype)
    path = write(tmp_path / "a.tif", pixels, {"rowsperstrip": 32}, photometric="miniswhite")
    options = ReadOptions(value_range=value_range)
    np.testing.assert_array_equal(by_rows(path, 3, options), read_image(path, 3, options))


def test_one_strip_that_holds_the_whole_picture_is_not_read_as_a_whole(tmp_path):
    picture = tifffile.memmap(tmp_path / "a.tif", shape=(4000, 1000, 3), dtype=np.uint8, photometric="rgb")
    picture[:] = np.arange(4000)[:, None, None] % 251
    picture.flush()
    with opened_rows(tmp_path / "a.tif") as rows:
        tracemalloc.start()
        found = rows.rows(3000, 3010)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    np.testing.assert_array_equal(found, picture[3000:3010])
    assert peak < 40 * 1000 * 10  # 10 rows of 3000 bytes, a few times


def test_tags_that_place_a_picture_on_a_map_are_kept_and_others_not(tmp_path):
    tags = [(33550, 12, 3, (0.5, 0.5, 0.0), True), (34737, 2, 0, "WGS 84|", True), (305, 2, 0, "a program", True)]
    pixels = np.zeros((64, 64, 3), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", metadata=None, software=False, extratags=tags)
    with opened_rows(tmp_path / "a.tif") as rows:
        assert [(code, value) for code, _, _, value, _ in rows.georeference] == [
            (33550, (0.5, 0.5, 0.0)),
            (34737, "WGS 84|"),
        ]


def test_other_kinds_are_read_whole_within_the_bound(tmp_path, monkeypatch):
    colours = np.random.default_rng(0).integers(0, 256, (40, 50, 3), "uint8")
    path = tmp_path / "lzw.tif"
    cv2.imwrite(str(path), colours[:, :, ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    with opened_rows(path) as picture:
        assert isinstance(picture, ArrayRows)
        np.testing.assert_array_equal(picture.rows(3, 9), colours[3:9])
    floats = tmp_path / "floats.tif"  # in differences of bytes, which tifffile alone does not undo
    written_as = [cv2.IMWRITE_TIFF_COMPRESSION, 8, cv2.IMWRITE_TIFF_PREDICTOR, 3]
    cv2.imwrite(str(floats), colours[:, :, ::-1].astype(np.float32), written_as)
    with opened_rows(floats, options=ReadOptions(value_range=(0, 255))) as picture:
        np.testing.assert_array_equal(picture.rows(3, 9), colours[3:9])
    monkeypatch.setenv("PADDLESEG_MAX_PIXELS", "1999")
    with pytest.raises(DataError, match=naming("lzw.tif", "50x40", 1999, "LZW", "DEFLATE", "PADDLESEG_MAX_PIXELS")):
        with opened_rows(path):
            pass
    with opened_rows(write(tmp_path / "a.tif", colours, {})) as picture:  # by rows there is no bound
        np.testing.assert_array_equal(picture.rows(0, 40), colours)


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_picture_that_lies_on_its_side_is_read_whole(tmp_path, orientation):
    colours = np.random.default_rng(0).integers(0, 256, (40, 50, 3), "uint8")
    tags = [(274, 3, 1, orientation, True)]
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb", metadata=None, extratags=tags)
    with opened_rows(tmp_path / "a.tif") as picture:
        whole = read_image(tmp_path / "a.tif")
        assert picture.size_hw == whole.shape[:2]
        np.testing.assert_array_equal(picture.rows(0, len(whole)), whole)


@pytest.mark.parametrize("layout", ["one strip", "deflated strips"])
def test_a_file_that_is_cut_off_is_refused_before_anything_is_read(tmp_path, layout):
    pixels = np.random.default_rng(0).integers(0, 200, (150, 93, 3)).astype("uint8")
    path = write(tmp_path / "a.tif", pixels, LAYOUTS[layout])
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=naming("a.tif", "truncated")):
        with opened_rows(path):
            pass


def test_changed_bytes_in_a_deflated_strip_are_one_line(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 200, (150, 93, 3)).astype("uint8")
    path = write(tmp_path / "a.tif", pixels, LAYOUTS["deflated strips"])
    with tifffile.TiffFile(path) as file:
        place = file.pages[0].dataoffsets[2]
    content = bytearray(path.read_bytes())
    content[place : place + 40] = bytes(40)
    path.write_bytes(content)
    with opened_rows(path) as picture:
        np.testing.assert_array_equal(picture.rows(0, 64), pixels[:64])
        with pytest.raises(DataError, match=naming("a.tif", "damaged", 2)):
            picture.rows(60, 70)


def test_a_header_that_claims_more_pixels_than_there_are_is_refused(tmp_path):
    pixels = np.zeros((150, 93, 3), np.uint8)
    path = write(tmp_path / "a.tif", pixels, {})
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages[0].tags["ImageLength"].overwrite(60000)
    with pytest.raises(DataError, match=naming("a.tif", "93x60000")):
        with opened_rows(path):
            pass


def test_short_beginnings_of_a_file_and_changed_bytes_of_its_header_end_in_a_line_or_a_picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 200, (20, 30, 3)).astype("uint8")
    content = write(tmp_path / "a.tif", pixels, {"rowsperstrip": 8, "compression": "zlib"}).read_bytes()
    spoilt = [content[:length] for length in range(0, len(content), 23)]
    header = 8 + 2 + 12 * 16
    spoilt += [content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :] for at in range(0, header, 3)]
    read = 0
    for data in spoilt:
        (tmp_path / "b.tif").write_bytes(data)
        try:
            with opened_rows(tmp_path / "b.tif") as picture:
                read += picture.rows(0, min(20, picture.size_hw[0])).size > 0
        except DataError as error:
            assert "b.tif" in str(error)
    assert read > 0


def test_without_tifffile_the_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "a.tif", np.zeros((20, 30, 3), np.uint8), {})
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(DataError, match=r"a\.tif.*pip install -e '\.\[tiff\]'"):
        with opened_rows(path):
            pass
