# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading pictures: their channels and colours in every format, and files that are not pictures."""

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.utils import image_io
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image, read_label
from tests.messages import naming
from tests.utils.saving import save


def test_a_picture_is_read_as_rgb(tmp_path, colours):
    image = read_image(save(tmp_path / "straße 路.png", colours))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, colours)


def test_one_channel_gives_grey_with_a_channel_axis(tmp_path, ids):
    image = read_image(save(tmp_path / "grey.png", ids), channels=1)
    np.testing.assert_array_equal(image, ids[:, :, np.newaxis])
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), np.repeat(image, 3, axis=2))


def test_four_channels_are_read_as_stored_and_another_number_is_refused(tmp_path, colours):
    rgba = np.dstack([colours, colours[:, :, 0]])
    save(tmp_path / "rgba.png", rgba)
    np.testing.assert_array_equal(read_image(tmp_path / "rgba.png", channels=4), rgba[:, :, [2, 1, 0, 3]])
    save(tmp_path / "rgb.png", colours)
    with pytest.raises(DataError, match=naming("rgb.png", "3 channels", 4)):
        read_image(tmp_path / "rgb.png", channels=4)


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "lzw.tif"])
def test_the_colours_of_a_picture_with_clear_parts_are_the_same_in_every_format(tmp_path, colours, suffix):
    options = {"webp": {"lossless": True, "exact": True}, "lzw.tif": {"compression": "tiff_lzw"}}.get(suffix, {})
    path = save(tmp_path / f"a.{suffix}", np.dstack([colours, colours[::-1, :, 0]]), **options)
    np.testing.assert_array_equal(read_image(path), colours)


@pytest.mark.parametrize(("reader", "kind"), [(read_image, "picture"), (read_label, "label")])
def test_missing_empty_and_foreign_files_are_named(tmp_path, reader, kind):
    with pytest.raises(DataError, match=f"no.png: the {kind} does not exist"):
        reader(tmp_path / "no.png")
    (tmp_path / "empty.png").touch()
    with pytest.raises(DataError, match=f"empty.png: the {kind} is an empty file"):
        reader(tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("not a picture at all")
    with pytest.raises(DataError, match=f"text.png: the {kind} is damaged or not an image file"):
        reader(tmp_path / "text.png")
    with pytest.raises(DataError, match=f"the {kind} cannot be read"):
        reader(tmp_path)


# What each kind of file can hold.
_KINDS = {
    "png": ("rgb", "grey", "alpha", "palette", "16 bits"),
    "jpg": ("rgb", "grey"),
    "bmp": ("rgb", "grey", "alpha", "palette"),
    "tiff": ("rgb", "grey", "alpha", "palette", "16 bits"),
    "webp": ("rgb", "grey"),
}


@pytest.mark.parametrize(("suffix", "kind"), [(suffix, kind) for suffix, kinds in _KINDS.items() for kind in kinds])
def test_a_picture_is_the_same_whether_opencv_or_we_turn_bgr_round(tmp_path, monkeypatch, suffix, kind):
    channels = {"grey": 1, "alpha": 4}.get(kind, 3)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, channels), dtype=np.uint8)
    path = tmp_path / f"picture.{suffix}"
    if kind == "16 bits":
        cv2.imwrite(str(path), pixels.astype(np.uint16) * 257)
    else:
        picture = Image.fromarray(pixels.squeeze())
        if kind == "palette":
            picture = picture.quantize(16)
        picture.save(path)
    monkeypatch.setattr(image_io, "_DECODES_TO_RGB", False)
    expected = image_io.read_image(path)
    monkeypatch.undo()
    np.testing.assert_array_equal(image_io.read_image(path), expected)
    if kind == "rgb" and suffix in ("png", "bmp", "tiff"):
        np.testing.assert_array_equal(expected, pixels)


@pytest.mark.parametrize(("reader", "kind"), [(read_image, "picture"), (read_label, "label")])
@pytest.mark.parametrize("container", ["GIF", "JPEG2000", "PCX"])
def test_other_formats_are_refused_under_any_suffix(tmp_path, ids, reader, kind, container):
    path = save(tmp_path / "other.png", ids, format=container)
    with pytest.raises(DataError, match=naming("other.png", kind, "convert")):
        reader(path)


def test_plain_pixmaps_are_read(tmp_path, colours, ids):
    np.testing.assert_array_equal(read_image(save(tmp_path / "colours.ppm", colours)), colours)
    np.testing.assert_array_equal(read_label(save(tmp_path / "ids.pgm", ids)), ids)
