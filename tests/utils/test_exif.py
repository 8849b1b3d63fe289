# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures marked as rotated by a camera, against Pillow's own rotation and against arrays written out by hand."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from paddleseg.utils.exif import orientation_of, turn
from paddleseg.utils.image_io import ReadOptions, read_image, read_label

ORIENTATION = 0x0112
LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}


def encoded(picture, kind, orientation, **options):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, exif=exif, **options)
    return file.getvalue()


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, [[1, 2, 3], [4, 5, 6]]),
        (2, [[3, 2, 1], [6, 5, 4]]),
        (3, [[6, 5, 4], [3, 2, 1]]),
        (4, [[4, 5, 6], [1, 2, 3]]),
        (5, [[1, 4], [2, 5], [3, 6]]),
        (6, [[4, 1], [5, 2], [6, 3]]),
        (7, [[6, 3], [5, 2], [4, 1]]),
        (8, [[3, 6], [2, 5], [1, 4]]),
    ],
)
def test_each_orientation_turns_as_the_standard_draws_it(orientation, upright):
    np.testing.assert_array_equal(turn(np.array([[1, 2, 3], [4, 5, 6]]), orientation), upright)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_picture_comes_upright_whatever_its_format(kind, orientation, channels, picture, tmp_path):
    stored = picture if channels == 3 else picture[:, :, 0]
    (tmp_path / "photo").write_bytes(encoded(stored, kind, orientation, **LOSSLESS[kind]))
    expected = turn(stored, orientation).reshape(*turn(stored, orientation).shape[:2], channels)
    found = read_image(tmp_path / "photo", channels)
    np.testing.assert_array_equal(found, expected)
    assert found.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_comes_as_pillow_turns_it(orientation, picture, tmp_path):
    smooth = np.kron(picture[:2, :3], np.ones((16, 16, 1), np.uint8))
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(smooth, "JPEG", orientation, quality=95))
    np.testing.assert_array_equal(
        read_image(path), turn(read_image(path, options=ReadOptions(apply_exif=False)), orientation)
    )
    with Image.open(path) as photo:
        expected = np.asarray(ImageOps.exif_transpose(photo))
    assert np.abs(read_image(path).astype(int) - expected).max() <= 3  # decoders round differently


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_apply_exif_false_gives_what_is_stored(kind, picture, tmp_path):
    (tmp_path / "photo").write_bytes(encoded(picture, kind, 6, **LOSSLESS[kind]))
    np.testing.assert_array_equal(read_image(tmp_path / "photo", options=ReadOptions(apply_exif=False)), picture)


def test_a_picture_of_four_channels_is_turned_too(picture, tmp_path):
    stored = np.dstack([picture, picture[:, :, :1]])
    (tmp_path / "photo.png").write_bytes(encoded(stored, "PNG", 8))
    np.testing.assert_array_equal(read_image(tmp_path / "photo.png", 4), turn(stored, 8)[:, :, [2, 1, 0, 3]])


def test_a_label_is_never_turned(picture, tmp_path):
    (tmp_path / "label.png").write_bytes(encoded(picture[:, :, 0], "PNG", 3))
    np.testing.assert_array_equal(read_label(tmp_path / "label.png"), picture[:, :, 0])


@pytest.mark.parametrize("orientation", [0, 9, 65535])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_number_that_is_no_orientation_counts_as_none(kind, orientation, picture):
    assert orientation_of(encoded(picture, kind, orientation)) == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_and_a_note_after_others_are_read(order, picture):
    entries = [(0x010F, 2, 4, b"abc\0"), (ORIENTATION, 3, 1, struct.pack(f"{order}HH", 6, 0))]
    block = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, len(entries))
    block += b"".join(struct.pack(f"{order}HHI", *head) + value for *head, value in entries) + bytes(4)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", exif=b"Exif\0\0" + block)
    assert orientation_of(file.getvalue()) == 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_note_never_raises(kind, picture):
    whole = encoded(picture, kind, 6)
    assert orientation_of(whole) == 6
    start = whole.index(b"MM\0*")
    for place in range(start, start + 26):
        for value in (0, 1, 255):
            damaged = whole[:place] + bytes([value]) + whole[place + 1 :]
            assert 1 <= orientation_of(damaged) <= 8
    for length in range(len(whole)):
        assert orientation_of(whole[:length]) in (1, 6)
