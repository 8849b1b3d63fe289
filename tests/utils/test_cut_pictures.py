# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Truncated PNG and JPEG pictures, and ones with exaggerated sizes, are refused; bytes after the end do no harm."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image
from tests.messages import naming
from tests.utils.saving import save


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_picture_is_refused(tmp_path, suffix, kept):
    noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(tmp_path / f"cut.{suffix}", noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(DataError, match=f"cut.{suffix}: the picture is (truncated|damaged)"):
        read_image(path)


def test_a_truncated_jpeg_with_a_thumbnail_is_refused_and_a_whole_one_is_read(tmp_path, colours):
    thumbnail = io.BytesIO()
    Image.fromarray(colours).save(thumbnail, "jpeg")
    big = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(tmp_path / "photo.jpg", big, exif=b"Exif\x00\x00" + thumbnail.getvalue())
    assert read_image(path).shape == (64, 64, 3)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="photo.jpg: the picture is truncated"):
        read_image(path)


def jpeg(seed, **options):
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "jpeg", **options)
    return file.getvalue()


_JPEG_OPTIONS = [
    {}, {"progressive": True}, {"restart_marker_blocks": 1}, {"exif": b"Exif\0\0" + jpeg(0)},
    {"progressive": True, "exif": b"Exif\0\0" + jpeg(0)},
]  # fmt: skip


@pytest.mark.parametrize("options", _JPEG_OPTIONS)
@pytest.mark.parametrize(
    "trailer",
    [b"", b"\0\0\0\x18ftypmp42 \xff\xda a video", jpeg(4), jpeg(4)[:-200], b"\xff" * 9],
    ids=["nothing", "a video", "a second picture", "part of one", "fill bytes"],
)
def test_what_comes_behind_a_jpeg_picture_does_not_count(tmp_path, options, trailer):
    data = jpeg(3, **options)
    (tmp_path / "whole.jpg").write_bytes(data)
    (tmp_path / "motion.jpg").write_bytes(data + trailer)
    np.testing.assert_array_equal(read_image(tmp_path / "motion.jpg"), read_image(tmp_path / "whole.jpg"))


@pytest.mark.parametrize("options", _JPEG_OPTIONS)
def test_a_jpeg_picture_that_is_cut_anywhere_is_refused(tmp_path, options):
    data = jpeg(3, **options)
    for length in range(4, len(data) - 1, 29):
        (tmp_path / "cut.jpg").write_bytes(data[:length])
        with pytest.raises(DataError, match="cut.jpg: the picture is truncated or damaged"):
            read_image(tmp_path / "cut.jpg")


@pytest.mark.parametrize("options", _JPEG_OPTIONS)
def test_the_end_of_a_second_picture_is_none_of_a_jpeg_that_is_cut_in_its_scan(tmp_path, options):
    data = jpeg(3, **options)
    (tmp_path / "cut.jpg").write_bytes(data[:-900] + jpeg(4))
    with pytest.raises(DataError, match="cut.jpg: the picture is truncated or damaged"):
        read_image(tmp_path / "cut.jpg")


def test_a_png_file_whose_chunks_lead_beyond_its_end_is_refused_at_once(tmp_path, colours):
    path = save(tmp_path / "chunks.png", colours)
    data = path.read_bytes()
    assert read_image(path).shape == colours.shape
    for length in (len(data), 0x49B5471A, 2**32 - 1):  # of a chunk between the header and the picture
        path.write_bytes(data[:33] + struct.pack(">I", length) + b"tEXt" + data[33:])
        with pytest.raises(DataError, match="chunks.png: the picture is truncated or damaged"):
            read_image(path)
    path.write_bytes(data + b"what some program adds after the end")
    assert read_image(path).shape == colours.shape


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_file_too_small_for_the_size_in_its_header_is_refused_at_once(tmp_path, colours, progressive):
    path = save(tmp_path / "small.jpg", colours, progressive=progressive, exif=b"Exif\x00\x00 a segment before")
    data = path.read_bytes()
    assert read_image(path).shape == colours.shape
    place = data.find(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    for fill in (b"", b"\xff\xff"):  # a marker may have fill bytes before it
        header = data[: place - 5] + fill + data[place - 5 : place]
        path.write_bytes(header + b"\x75\x30\x4e\x20" + data[place + 4 :])
        size = len(data + fill)
        with pytest.raises(DataError, match=naming("small.jpg", "20000x30000", size)):
            read_image(path)


def test_a_jpeg_file_as_small_as_one_can_be_is_read(tmp_path):
    path = tmp_path / "grey.jpg"
    Image.new("L", (4096, 4096), 128).save(path, optimize=True, progressive=True, quality=1)
    assert path.stat().st_size < 4096 * 4096 / 250  # most writers need two bits for a block of 64 pixels
    assert read_image(path, channels=1).shape == (4096, 4096, 1)
