# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading labels: ids as stored, whatever the bits, and files without ids."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_label
from tests.messages import naming
from tests.utils.saving import save


def test_a_grey_label_gives_its_values(tmp_path, ids):
    label = read_label(save(tmp_path / "label.png", ids))
    assert label.dtype == np.uint8
    np.testing.assert_array_equal(label, ids)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_a_palette_label_gives_ids_and_not_colours(tmp_path, ids, bits):
    image = Image.fromarray(ids, mode="P")
    image.putpalette([200, 10, 10, 10, 200, 10, 10, 10, 200, 90, 90, 90])
    image.save(tmp_path / "palette.png", bits=bits)
    np.testing.assert_array_equal(read_label(tmp_path / "palette.png"), ids)


def test_a_1_bit_label_gives_0_and_1(tmp_path, ids):
    save(tmp_path / "mask.png", ids > 1)
    np.testing.assert_array_equal(read_label(tmp_path / "mask.png"), (ids > 1).astype(np.uint8))


def test_a_grey_label_of_4_bits_gives_its_stored_values(tmp_path):
    def chunk(kind, content):
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    # 4x2 pixels, bit depth 4, colour type grey; each row starts with its filter number 0.
    header = struct.pack(">IIBBBBB", 4, 2, 4, 0, 0, 0, 0)
    rows = zlib.compress(bytes([0, 0x01, 0x23, 0, 0x9A, 0xF0]))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    (tmp_path / "small.png").write_bytes(png)
    np.testing.assert_array_equal(read_label(tmp_path / "small.png"), [[0, 1, 2, 3], [9, 10, 15, 0]])


def test_a_16_bit_label_is_accepted_up_to_255(tmp_path, ids):
    cv2.imwrite(str(tmp_path / "deep.png"), ids.astype(np.uint16))
    label = read_label(tmp_path / "deep.png")
    assert label.dtype == np.uint8
    np.testing.assert_array_equal(label, ids)
    cv2.imwrite(str(tmp_path / "deep.png"), ids.astype(np.uint16) + 256)
    with pytest.raises(DataError, match=naming("deep.png", "uint16", 256, 259)):
        read_label(tmp_path / "deep.png")


def test_an_rgb_label_is_refused(tmp_path, colours):
    save(tmp_path / "colour.png", colours)
    with pytest.raises(DataError, match=naming("colour.png", "3 channels", "ids")):
        read_label(tmp_path / "colour.png")


@pytest.mark.parametrize("mode", ["L", "P"])
def test_a_truncated_or_damaged_label_is_refused(tmp_path, mode):
    noise = np.random.default_rng(2).integers(0, 256, (64, 64), dtype=np.uint8)
    image = Image.fromarray(noise, mode=mode)
    if mode == "P":
        image.putpalette(list(range(256)) * 3)
    path = tmp_path / "label.png"
    image.save(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match="label.png: the label is (truncated|damaged)"):
        read_label(path)
    middle = len(data) // 2
    path.write_bytes(data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :])
    with pytest.raises(DataError, match="label.png: the label is damaged"):
        read_label(path)


def test_a_palette_label_that_pillow_finds_too_large_is_named(tmp_path, ids, monkeypatch):
    image = Image.fromarray(ids, mode="P")
    image.putpalette([0, 0, 0])
    image.save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(DataError, match=naming("large.png", "palette", "Pillow")):
        read_label(tmp_path / "large.png")


def test_the_message_about_a_label_does_not_change_from_run_to_run(tmp_path, ids):
    image = Image.fromarray(ids, mode="P")
    image.save(tmp_path / "label.png")
    data = bytearray((tmp_path / "label.png").read_bytes())
    data[12:16] = b"IHDX"  # no longer a PNG file to Pillow, which says so with an address in memory
    (tmp_path / "label.png").write_bytes(data)
    with pytest.raises(DataError, match="label.png: the label is damaged; replace the file"):
        read_label(tmp_path / "label.png")
