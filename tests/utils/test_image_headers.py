# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes in the headers of image files, their bound before decoding, and lossy labels."""

import io
import struct
import time

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import ConfigError, DataError, TooLargeError
from paddleseg.utils.image_headers import image_size, jpeg_frame, stored_format
from paddleseg.utils.image_io import decode_image, read_image, read_label
from tests.faults.broken_pictures import huge_png
from tests.messages import naming

SIZE_WH = (37, 21)


def encoded(kind, mode="RGB", **options):
    file = io.BytesIO()
    Image.new(mode, SIZE_WH, 1).save(file, kind, **options)
    return file.getvalue()


def bmp(width, height, *, compression=0, bits=8, content=b""):
    """A BMP file with a palette of 256 entries."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(content), 0, 0, 256, 0)
    start = 14 + 40 + 1024
    return b"BM" + struct.pack("<IHHI", start + len(content), 0, 0, start) + header + bytes(1024) + content


def tiff(width, height, order="<", *, is_big=False):
    """The first directory of a TIFF file with nothing in it."""
    tags = [(256, width), (257, height)]
    head, entry = ("HHHQ", "HHQQ") if is_big else ("HI", "HHII")
    values = (43, 8, 0, 16) if is_big else (42, 8)
    data = (b"II" if order == "<" else b"MM") + struct.pack(order + head, *values)
    data += struct.pack(order + ("Q" if is_big else "H"), len(tags))
    return data + b"".join(struct.pack(order + entry, tag, 16 if is_big else 4, 1, value) for tag, value in tags)


WHOLE = {
    "png": lambda: encoded("PNG"),
    "jpeg": lambda: encoded("JPEG"),
    "progressive jpeg": lambda: encoded("JPEG", progressive=True),
    "bmp": lambda: encoded("BMP"),
    "bmp from above": lambda: bmp(37, -21),
    "tiff": lambda: encoded("TIFF"),
    "webp, lossy": lambda: encoded("WEBP"),
    "webp, lossless": lambda: encoded("WEBP", lossless=True),
    "webp with alpha": lambda: encoded("WEBP", "RGBA"),
    "webp with exif": lambda: encoded("WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    "ppm": lambda: encoded("PPM"),
    "pgm": lambda: encoded("PPM", "L"),
    "pbm": lambda: encoded("PPM", "1"),
    "ppm with comments": lambda: b"P3\n# made by hand 99 99\n37\n# height\n 21\n255\n" + b"1 " * (37 * 21 * 3),
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_size_is_that_of_the_picture(name, tmp_path):
    data = WHOLE[name]()
    assert image_size(data) == SIZE_WH
    if not name.startswith("bmp from"):
        (tmp_path / "picture").write_bytes(data)
        assert read_image(tmp_path / "picture").shape == (*SIZE_WH[::-1], 3)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_big", [False, True])
def test_the_size_of_both_generations_of_tiff_in_both_byte_orders(order, is_big):
    assert image_size(tiff(70000, 50000, order, is_big=is_big)) == (70000, 50000)


def test_the_frame_of_a_jpeg_is_found_behind_stray_bytes_as_libjpeg_does(tmp_path):
    data = encoded("JPEG")
    place = data.index(b"\xff\xc0")
    stray = data[:place] + b"\x12\x34\xff\xff" + data[place:]
    assert jpeg_frame(stray) == (0xC0, *SIZE_WH, 3)
    assert cv2.imdecode(np.frombuffer(stray, np.uint8), cv2.IMREAD_COLOR).shape == (*SIZE_WH[::-1], 3)


@pytest.mark.parametrize("name", WHOLE)
def test_a_cut_header_raises_nothing(name):
    data = WHOLE[name]()
    for length in range(min(len(data), 300)):
        image_size(data[:length])


HUGE = {
    "run lengths of a bmp": lambda: bmp(30000, 30000, compression=1, content=b"\0\1"),
    "palette of a png": lambda: huge_png(30000, colour_type=3),
    "png": lambda: huge_png(12000),
    "tiff": lambda: tiff(60000, 60000),
    "webp, lossless": lambda: b"RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f" + struct.pack("<I", 0xFFFFFFF) + bytes(5),
    "pgm": lambda: b"P5 99999 99999 255\n" + bytes(10),
}


@pytest.mark.parametrize("read", [read_image, read_label])
@pytest.mark.parametrize("name", HUGE)
def test_a_small_file_that_claims_a_huge_picture_is_refused_at_once(name, read, tmp_path):
    (tmp_path / "bomb.png").write_bytes(HUGE[name]())
    started = time.monotonic()
    with pytest.raises(DataError, match=naming("bomb.png", 134217728, "PADDLESEG_MAX_PIXELS")):
        read(tmp_path / "bomb.png")
    assert time.monotonic() - started < 1


def test_the_bound_is_moved_by_an_environment_variable(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    monkeypatch.setenv("PADDLESEG_MAX_PIXELS", str(37 * 21))
    assert read_image(tmp_path / "a.png").shape == (21, 37, 3)
    monkeypatch.setenv("PADDLESEG_MAX_PIXELS", str(37 * 21 - 1))
    with pytest.raises(DataError, match=naming("a.png", "37x21", 776)):
        read_image(tmp_path / "a.png")
    for wrong in ("many", "0", "-5", "1e9"):
        monkeypatch.setenv("PADDLESEG_MAX_PIXELS", wrong)
        with pytest.raises(ConfigError, match=naming("PADDLESEG_MAX_PIXELS", wrong, "whole number")):
            read_image(tmp_path / "a.png")


def test_a_bound_that_is_given_goes_before_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("PADDLESEG_MAX_PIXELS", "10")
    assert decode_image(encoded("PNG"), max_pixels=37 * 21).shape == (21, 37, 3)
    with pytest.raises(TooLargeError, match=naming("upload", "37x21", 776)) as caught:
        decode_image(encoded("PNG"), "upload", max_pixels=37 * 21 - 1)
    assert "PADDLESEG_MAX_PIXELS" not in str(caught.value)


def test_a_progressive_jpeg_of_a_hundred_scans_is_refused():
    data = encoded("JPEG", progressive=True)
    assert decode_image(data).shape == (21, 37, 3)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    many = data[:-2] + 100 * last_scan + data[-2:]
    with pytest.raises(DataError, match=naming("picture", 110, 64)):
        decode_image(many)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (lambda: encoded("JPEG", "L"), "JPEG"),
        (lambda: encoded("JPEG"), "JPEG"),
        (lambda: encoded("WEBP"), "lossy WebP"),
        (lambda: encoded("TIFF", "L", compression="jpeg"), "TIFF with JPEG"),
    ],
)
def test_a_label_whose_compression_changes_ids_is_refused_whatever_its_suffix(data, name, tmp_path):
    (tmp_path / "label.png").write_bytes(data())
    with pytest.raises(DataError, match=naming("label.png", name, "again as PNG")):
        read_label(tmp_path / "label.png")


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}])
def test_a_label_in_a_lossless_tiff_is_read(options, tmp_path):
    (tmp_path / "label.tif").write_bytes(encoded("TIFF", "L", **options))
    assert (read_label(tmp_path / "label.tif") == 1).all()


@pytest.mark.parametrize("cut", [16, 19, 20])
def test_a_webp_that_ends_in_its_header_raises_nothing(cut):
    assert stored_format((b"RIFF\x0c\0\0\0WEBPVP8X" + bytes(8))[:cut]).bands == 3


def test_a_long_comment_without_an_end_takes_no_time():
    start = time.perf_counter()
    assert image_size(b"P5\n" + b"#" * 100_000 + b"\nx") == (0, 0)
    assert time.perf_counter() - start < 1
    assert image_size(b"P5 # one\n# two\r 12 #three\n 13\n255\n") == (12, 13)


def _saved(kind, mode, **options):
    file = io.BytesIO()
    Image.new(mode, (2, 1), 1).save(file, kind, **options)
    return file.getvalue()


def _grey_bmp(greys):
    data = bytearray(_saved("BMP", "L"))
    data[54 : 54 + 4 * 256] = b"".join(bytes([g, g, g, 0]) for g in greys)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"P1\n2 1\n0 1\n", b"P4\n2 1\n\x40", b"P2\n2 1\n18\n0 18\n", _saved("TIFF", "1"), _saved("BMP", "1"),
        _saved("TIFF", "L", tiffinfo={262: 0}), _grey_bmp(range(255, -1, -1)),
    ],
    ids=["P1", "P4", "P2", "TIFF of 1 bit", "BMP of 1 bit", "TIFF, 0 is white", "BMP with a palette"],
)  # fmt: skip
def test_a_label_of_which_decoders_give_other_numbers_is_refused(data, tmp_path):
    (tmp_path / "label").write_bytes(data)
    with pytest.raises(DataError, match=naming("label", "save it as an 8-bit grey or palette PNG")):
        read_label(tmp_path / "label")


@pytest.mark.parametrize(
    "data",
    [_saved("TIFF", "L"), _saved("BMP", "L"), b"P5\n2 1\n18\n\x01\x01", b"P2\n2 1\n255\n1 1\n"],
    ids=["TIFF", "BMP", "P5", "P2"],
)
def test_a_label_that_is_stored_plainly_is_read(data, tmp_path):
    (tmp_path / "label").write_bytes(data)
    assert read_label(tmp_path / "label").tolist() == [[1, 1]]
