# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of 16 bits, floats and many bands: every stored value reaches the network, in units of 255."""

import io
import os
import subprocess
import sys
import types

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.image_headers import StoredFormat, stored_format
from paddleseg.utils.image_io import ReadOptions, read_image
from paddleseg.utils.value_range import check_value_range, scale_values, stored_values
from tests.conftest import REPOSITORY
from tests.messages import naming
from tests.tiff_files import tiff_file

needs_tifffile_itself = pytest.mark.skipif(
    "tifffile" in sys.modules, reason="needs tifffile itself: what was imported before may be a stand-in for it"
)
SIZE_HW = (6, 7)
TWELVE_BITS = ReadOptions(value_range=(0.0, 4095.0))


@pytest.fixture
def random():
    return np.random.default_rng(0)


def pixels_of(random, channels, dtype="uint16", high=4096):
    return random.integers(0, high, (*SIZE_HW, channels)).astype(dtype)


def saved(path, pixels):
    """A PNG or PNM file by OpenCV, which takes blue first; or a TIFF file."""
    if path.suffix == ".tif":
        path.write_bytes(tiff_file(pixels))
    else:
        cv2.imwrite(str(path), pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]] if pixels.shape[2] > 1 else pixels)
    return path


@pytest.mark.parametrize("suffix", ["png", "tif", "ppm"])
def test_a_picture_of_16_bits_keeps_all_of_its_levels(random, tmp_path, suffix):
    pixels = pixels_of(random, 3)
    path = saved(tmp_path / f"deep.{suffix}", pixels)
    found = read_image(path, 3, TWELVE_BITS)
    assert found.dtype == np.float32 and found.flags["C_CONTIGUOUS"]
    np.testing.assert_allclose(found, pixels * (255 / 4095), rtol=1e-6)
    np.testing.assert_allclose(read_image(path, 3), pixels / 257, rtol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_grey_of_16_bits_is_read_as_one_channel_and_as_three(random, tmp_path, suffix):
    pixels = pixels_of(random, 1)
    path = saved(tmp_path / f"deep.{suffix}", pixels)
    grey = read_image(path, 1, TWELVE_BITS)
    np.testing.assert_allclose(grey, pixels * (255 / 4095), rtol=1e-6)
    np.testing.assert_array_equal(read_image(path, 3, TWELVE_BITS), np.repeat(grey, 3, axis=2))


def test_colours_of_16_bits_become_grey_as_those_of_8_bits_do(random, tmp_path):
    pixels = pixels_of(random, 3, "uint8", 256)
    expected = read_image(saved(tmp_path / "shallow.png", pixels), 1)
    found = read_image(saved(tmp_path / "deep.png", pixels.astype(np.uint16) * 257), 1)
    assert np.abs(found - expected).max() <= 1.01  # libpng cuts off what OpenCV rounds


def test_a_picture_of_8_bits_stored_in_16_is_the_same_picture(random, tmp_path):
    pixels = pixels_of(random, 3, "uint8", 256)
    path = saved(tmp_path / "deep.png", pixels.astype(np.uint16) * 257)
    np.testing.assert_allclose(read_image(path), pixels, rtol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_four_channels_of_16_bits_come_in_opencvs_order_and_three_leave_the_fourth_out(random, tmp_path, suffix):
    pixels = pixels_of(random, 4)
    path = saved(tmp_path / f"deep.{suffix}", pixels)
    scaled = pixels * (255 / 4095)
    np.testing.assert_allclose(read_image(path, 4, TWELVE_BITS), scaled[:, :, [2, 1, 0, 3]], rtol=1e-6)
    np.testing.assert_allclose(read_image(path, 3, TWELVE_BITS), scaled[:, :, :3], rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int32", "uint32"])
def test_numbers_without_a_range_of_their_own_need_one(random, tmp_path, dtype, channels):
    pixels = (random.uniform(0, 100, (*SIZE_HW, channels)) - 20).clip(0 if dtype[0] == "u" else None).astype(dtype)
    path = saved(tmp_path / "deep.tif", pixels)
    options = ReadOptions(value_range=(-20.0, 80.0))
    np.testing.assert_allclose(read_image(path, channels, options), (pixels + 20.0) * 2.55, rtol=1e-5, atol=1e-4)
    with pytest.raises(DataError, match=naming("deep.tif", dtype, "value_range: [low, high]")):
        read_image(path, channels)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_floats_that_are_no_numbers_are_named(random, tmp_path, value):
    pixels = random.uniform(0, 1, (*SIZE_HW, 3)).astype(np.float32)
    pixels[2, 3, 1] = value
    with pytest.raises(DataError, match=naming("deep.tif", "NaN")):
        read_image(saved(tmp_path / "deep.tif", pixels), 3, ReadOptions(value_range=(0.0, 1.0)))


def test_8_bits_stay_8_bits_unless_another_range_is_given(random, tmp_path):
    pixels = pixels_of(random, 3, "uint8", 100)
    path = saved(tmp_path / "a.png", pixels)
    for options in (ReadOptions(), ReadOptions(value_range=(0.0, 255.0))):
        found = read_image(path, 3, options)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, pixels)
    np.testing.assert_allclose(read_image(path, 3, ReadOptions(value_range=(0.0, 100.0))), pixels * 2.55, rtol=1e-6)


def test_exif_turns_pictures_of_16_bits_too(random, tmp_path):
    pixels = pixels_of(random, 1)[:, :, 0]
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "deep.png", exif=exif)
    np.testing.assert_allclose(read_image(tmp_path / "deep.png", 1)[:, :, 0], np.rot90(pixels, -1) / 257, rtol=1e-6)
    (tmp_path / "deep.tif").write_bytes(tiff_file(pixels, orientation=6))
    np.testing.assert_allclose(read_image(tmp_path / "deep.tif", 1)[:, :, 0], np.rot90(pixels, -1) / 257, rtol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "channels", "planar"),
    [("uint8", 2, False), ("uint8", 5, False), ("uint16", 2, True), ("uint16", 13, False), ("uint16", 4, True)],
)
def test_bands_that_opencv_does_not_read_right_need_tifffile_and_say_so(
    random, tmp_path, monkeypatch, dtype, channels, planar
):
    (tmp_path / "bands.tif").write_bytes(tiff_file(pixels_of(random, channels, dtype, 200), planar=planar))
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(DataError, match=naming("bands.tif", channels, dtype, "pip install tifffile")):
        read_image(tmp_path / "bands.tif", channels)
    with pytest.raises(DataError, match=naming("bands.tif", f"{channels} channels", 6)):
        read_image(tmp_path / "bands.tif", 6)


class StandIn(types.ModuleType):
    """What is used of tifffile, which need not be installed here."""

    def __init__(self, pixels, axes, error=None):
        super().__init__("tifffile")
        self.pixels, self.axes, self.error = pixels, axes, error

    def TiffFile(self, file):  # noqa: N802 (its name)
        assert isinstance(file, io.BytesIO)
        return self

    def __enter__(self):
        return types.SimpleNamespace(pages=[self])

    def __exit__(self, *_):
        pass

    def asarray(self):
        if self.error is not None:
            raise self.error
        return self.pixels


@pytest.mark.parametrize(("planar", "axes"), [(False, "YXS"), (True, "SYX")])
def test_what_tifffile_gives_is_brought_into_order_and_to_units_of_255(random, tmp_path, monkeypatch, planar, axes):
    pixels = pixels_of(random, 5)
    (tmp_path / "bands.tif").write_bytes(tiff_file(pixels, planar=planar))
    given = pixels.transpose(2, 0, 1) if planar else pixels
    monkeypatch.setitem(sys.modules, "tifffile", StandIn(given, axes))
    np.testing.assert_allclose(read_image(tmp_path / "bands.tif", 5, TWELVE_BITS), pixels * (255 / 4095), rtol=1e-6)


def test_a_compression_that_tifffile_cannot_read_is_one_line(random, tmp_path, monkeypatch):
    (tmp_path / "bands.tif").write_bytes(tiff_file(pixels_of(random, 5)))
    error = ValueError("<COMPRESSION.LZW: 5> requires\nthe 'imagecodecs' package")
    monkeypatch.setitem(sys.modules, "tifffile", StandIn(None, "YXS", error))
    with pytest.raises(DataError, match=naming("bands.tif", "requires the 'imagecodecs' package")) as info:
        read_image(tmp_path / "bands.tif", 5)
    assert "\n" not in str(info.value)


@needs_tifffile_itself
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("channels", [2, 4, 7])
def test_the_package_itself_reads_bands(random, tmp_path, channels, planar):
    pytest.importorskip("tifffile")
    pixels = pixels_of(random, channels)
    (tmp_path / "bands.tif").write_bytes(tiff_file(pixels, planar=planar))
    expected = pixels if channels != 4 else pixels[:, :, [2, 1, 0, 3]]
    np.testing.assert_allclose(
        read_image(tmp_path / "bands.tif", channels, TWELVE_BITS), expected * (255 / 4095), rtol=1e-6
    )


@needs_tifffile_itself
@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize(("bands", "channels"), [(3, 3), (4, 3), (3, 1), (4, 4)])
def test_both_layouts_of_a_deep_tiff_give_one_array(random, tmp_path, bands, channels, orientation):
    pytest.importorskip("tifffile")
    pixels = pixels_of(random, bands)
    for planar in (False, True):
        (tmp_path / f"{planar}.tif").write_bytes(tiff_file(pixels, planar=planar, orientation=orientation))
    pixelwise, planes = (read_image(tmp_path / f"{planar}.tif", channels, TWELVE_BITS) for planar in (False, True))
    np.testing.assert_array_equal(planes, pixelwise)


@needs_tifffile_itself
@pytest.mark.parametrize(("dtype", "value_range"), [("int8", (-128, 127)), ("float16", (-2, 2))])
def test_types_that_opencv_lacks_are_read_by_the_package(tmp_path, dtype, value_range):
    pytest.importorskip("tifffile")
    (tmp_path / "a.tif").write_bytes(tiff_file(np.array([[value_range]], dtype).reshape(1, 2, 1)))
    image = read_image(tmp_path / "a.tif", 1, ReadOptions.checked(True, value_range))
    assert image.ravel().tolist() == [0, 255]


@pytest.mark.parametrize("dtype", ["float64", "int32", "uint32"])
def test_a_narrow_range_of_large_numbers_keeps_its_levels(dtype):
    low = 1_000_000_000
    image = (np.arange(256) + low).astype(dtype).reshape(16, 16, 1)
    scaled = scale_values(image, (low, low + 255), "a.tif", StoredFormat(1, dtype))
    assert scaled.dtype == np.float32 and scaled.ravel().tolist() == list(range(256))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 9])
def test_the_header_of_a_tiff_says_bands_and_type(channels, dtype, order):
    stored = stored_format(tiff_file(np.zeros((*SIZE_HW, channels), dtype), order=order))
    assert (stored.bands, stored.dtype, stored.is_planar) == (channels, dtype, False)
    assert stored_format(tiff_file(np.zeros((*SIZE_HW, channels), dtype), order=order, planar=True)).is_planar


@pytest.mark.parametrize(
    ("kind", "mode", "bands", "dtype"),
    [
        ("PNG", "L", 1, "uint8"), ("PNG", "P", 3, "uint8"), ("PNG", "LA", 2, "uint8"), ("PNG", "RGBA", 4, "uint8"),
        ("PNG", "I;16", 1, "uint16"), ("JPEG", "L", 1, "uint8"), ("JPEG", "CMYK", 3, "uint8"),
        ("TIFF", "P", 3, "uint8"), ("TIFF", "1", 1, "uint8"), ("WEBP", "RGBA", 4, "uint8"), ("WEBP", "RGB", 3, "uint8"),
        ("BMP", "RGB", 3, "uint8"), ("PPM", "L", 1, "uint8"), ("PPM", "RGB", 3, "uint8"),
    ],
)  # fmt: skip
def test_the_headers_of_other_formats_say_it_too(kind, mode, bands, dtype):
    file = io.BytesIO()
    Image.new(mode, (5, 4), 0).save(file, kind)
    stored = stored_format(file.getvalue())
    assert (stored.bands, stored.dtype) == (bands, dtype)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bands", [1, 3, 4])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_numbers_are_those_of_the_file_and_its_bits_say_what_white_is(random, tmp_path, bits, bands, order):
    pixels = pixels_of(random, bands, high=2**bits)
    pixels[0, 0], pixels[0, 1] = 0, 2**bits - 1
    path = tmp_path / "packed.tif"
    path.write_bytes(tiff_file(pixels, bits=bits, order=order))
    wanted = pixels[:, :, [2, 1, 0, 3]] if bands == 4 else pixels
    found = read_image(path, bands)
    assert (found.min(), found.max()) == (0, 255)
    np.testing.assert_allclose(found, wanted * (255 / (2**bits - 1)), rtol=1e-6)
    np.testing.assert_allclose(read_image(path, bands, ReadOptions(value_range=(0.0, 510.0))), wanted / 2, rtol=1e-6)


@pytest.mark.parametrize(("bits", "bands", "planar"), [(11, 1, False), (12, 3, True), (12, 2, False), (15, 3, False)])
def test_packed_numbers_that_opencv_does_not_read_right_are_left_to_tifffile(
    random, tmp_path, monkeypatch, bits, bands, planar
):
    pixels = pixels_of(random, bands, high=2**bits)
    (tmp_path / "packed.tif").write_bytes(tiff_file(pixels, bits=bits, planar=planar))
    given = pixels.transpose(2, 0, 1) if planar else pixels
    monkeypatch.setitem(sys.modules, "tifffile", StandIn(given, "SYX" if planar else "YXS"))
    found = read_image(tmp_path / "packed.tif", bands)
    np.testing.assert_allclose(found, pixels * (255 / (2**bits - 1)), rtol=1e-6)


@pytest.mark.parametrize("bits", [None, 12])
def test_grey_whose_zero_is_white_is_turned_round_with_16_bits_as_with_8(random, tmp_path, bits):
    white = 2 ** (bits or 16) - 1
    pixels = pixels_of(random, 1)
    (tmp_path / "a.tif").write_bytes(tiff_file(pixels, bits=bits, photometric=0))
    np.testing.assert_allclose(read_image(tmp_path / "a.tif", 1), 255 - pixels * (255 / white), rtol=1e-5, atol=1e-4)
    found = read_image(tmp_path / "a.tif", 1, TWELVE_BITS)
    np.testing.assert_allclose(found, 255 - pixels * (255 / 4095), rtol=1e-5, atol=1e-4)
    pixels = pixels_of(random, 1, "uint8", 256)
    (tmp_path / "a.tif").write_bytes(tiff_file(pixels, photometric=0))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", 1), 255 - pixels)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_range_of_grey_whose_zero_is_white_is_of_the_stored_values(random, tmp_path, dtype, channels):
    pixels = pixels_of(random, 1, dtype, 101)
    pixels[0, 0], pixels[0, 1] = 0, 100
    (tmp_path / "a.tif").write_bytes(tiff_file(pixels, photometric=0))
    found = read_image(tmp_path / "a.tif", channels, ReadOptions(value_range=(0.0, 100.0)))
    np.testing.assert_allclose(found, np.repeat(255 - pixels * 2.55, channels, axis=2), rtol=1e-5, atol=1e-4)
    stored = stored_format((tmp_path / "a.tif").read_bytes())
    assert stored_values((found.min(), found.max()), (0.0, 100.0), stored) == (0, 100)


@pytest.mark.parametrize("highest", [100, 1000, 4095])
@pytest.mark.parametrize("kind", ["P2", "P3", "P5", "P6"])
def test_the_highest_value_that_a_pixmap_states_is_white(random, tmp_path, kind, highest):
    pixels = pixels_of(random, 3 if kind in ("P3", "P6") else 1, high=highest + 1)
    pixels[0, 0] = highest
    digits = b" ".join(b"%d" % value for value in pixels.ravel()) + b"\n"
    raw = pixels.astype(">u2" if highest > 255 else "u1").tobytes()
    head = b"%s\n%d %d\n%d\n" % (kind.encode(), SIZE_HW[1], SIZE_HW[0], highest)
    (tmp_path / "a.pnm").write_bytes(head + (digits if kind in ("P2", "P3") else raw))
    found = read_image(tmp_path / "a.pnm", pixels.shape[2])
    assert found.max() == 255
    # Of digits up to 100 OpenCV makes whole numbers up to 255.
    np.testing.assert_allclose(found, pixels * (255 / highest), rtol=1e-6, atol=1 if found.dtype == np.uint8 else 0)


def test_a_colour_space_of_which_the_decoder_makes_8_bits_is_named(random, tmp_path):
    (tmp_path / "lab.tif").write_bytes(tiff_file(pixels_of(random, 3), photometric=8))
    with pytest.raises(DataError, match=naming("lab.tif", "uint16", "uint8", "RGB")):
        read_image(tmp_path / "lab.tif")


def test_large_pictures_are_scaled_as_small_ones_are(random):
    image = random.uniform(200, 300, (300, 300, 3)).astype(np.float32)
    scaled = scale_values(image, (273.15, 280.0), "a.tif", StoredFormat(3, "float32"))
    expected = (image.astype(np.float64) - 273.15) * (255 / (280.0 - 273.15))
    np.testing.assert_array_equal(scaled, expected.astype(np.float32))


@pytest.mark.parametrize("wrong", [[1, 0], [0, 0], [0], [0, "high"], [0, float("inf")], 4095])
def test_a_wrong_range_is_named(wrong):
    with pytest.raises(ConfigError, match="value_range: found .*must be"):
        check_value_range(wrong)


def test_opencv_says_nothing_of_tags_that_it_does_not_know(tmp_path):
    data = tiff_file(np.zeros((4, 5, 3), np.uint8))
    geo_tiff = data.replace(b"\x53\x01\x03\x00", b"\x0e\x83\x03\x00")  # ModelPixelScaleTag in the place of SampleFormat
    (tmp_path / "geo.tif").write_bytes(geo_tiff)
    code = "import sys; from paddleseg.utils.image_io import read_image; print(read_image(sys.argv[1]).shape)"
    environment = {name: value for name, value in os.environ.items() if name != "OPENCV_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "geo.tif"],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, env={**environment, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("(4, 5, 3)\n", "")
