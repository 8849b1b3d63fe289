# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading pictures and labels, finding pictures, and the messages for files that are wrong."""

import io
import struct
import sys
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from paddleseg.utils import image_io
from paddleseg.utils.errors import DataError
from paddleseg.utils.image_io import read_image, read_label
from paddleseg.utils.picture_files import list_images
from tests.messages import naming
from tests.tiff_files import tiff_file


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)


@pytest.fixture
def ids():
    return np.random.default_rng(1).integers(0, 4, (9, 11), dtype=np.uint8)


def save(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


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


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "lzw.tif"])
def test_the_colours_of_a_picture_with_clear_parts_are_the_same_in_every_format(tmp_path, colours, suffix):
    options = {"webp": {"lossless": True, "exact": True}, "lzw.tif": {"compression": "tiff_lzw"}}.get(suffix, {})
    path = save(tmp_path / f"a.{suffix}", np.dstack([colours, colours[::-1, :, 0]]), **options)
    np.testing.assert_array_equal(read_image(path), colours)


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


def test_an_rgb_label_is_refused(tmp_path, colours):
    save(tmp_path / "colour.png", colours)
    with pytest.raises(DataError, match=naming("colour.png", "3 channels", "ids")):
        read_label(tmp_path / "colour.png")


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
    [b"", b"\0\0\0\x18ftypmp42 \xff\xda a film", jpeg(4), jpeg(4)[:-200], b"\xff" * 9],
    ids=["nothing", "a film", "a second picture", "part of one", "fill bytes"],
)
def test_what_comes_behind_a_jpeg_picture_does_not_count(tmp_path, options, trailer):
    data = jpeg(3, **options)
    (tmp_path / "whole.jpg").write_bytes(data)
    (tmp_path / "motion.jpg").write_bytes(data + trailer)
    np.testing.assert_array_equal(read_image(tmp_path / "motion.jpg"), read_image(tmp_path / "whole.jpg"))


@pytest.mark.parametrize("options", _JPEG_OPTIONS)
def test_a_jpeg_picture_that_is_cut_anywhere_is_refused(tmp_path, options):
    data = jpeg(3, **options)
    for length in range(4, len(data) - 1, 7):
        (tmp_path / "cut.jpg").write_bytes(data[:length])
        with pytest.raises(DataError, match="cut.jpg: the picture is truncated or damaged"):
            read_image(tmp_path / "cut.jpg")


@pytest.mark.parametrize("options", _JPEG_OPTIONS)
def test_the_end_of_a_second_picture_is_none_of_a_jpeg_that_is_cut_in_its_scan(tmp_path, options):
    data = jpeg(3, **options)
    (tmp_path / "cut.jpg").write_bytes(data[:-900] + jpeg(4))
    with pytest.raises(DataError, match="cut.jpg: the picture is truncated or damaged"):
        read_image(tmp_path / "cut.jpg")


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


@pytest.fixture
def gallery(tmp_path, colours):
    for name in ("b.png", "a.JPG", "deep/c.bmp", ".ipynb_checkpoints/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save(tmp_path / name, colours)
    (tmp_path / "notes.md").write_text("no picture")
    return tmp_path


def test_a_folder_gives_its_pictures_sorted_with_those_below_and_none_hidden(gallery):
    images, root = list_images(gallery)
    assert images == [str(gallery / name) for name in ("a.JPG", "b.png", "deep/c.bmp")]
    assert root == str(gallery)


def test_a_file_a_list_and_a_pattern_give_pictures(gallery):
    assert list_images(gallery / "b.png") == ([str(gallery / "b.png")], str(gallery))
    for name in ("list.txt", "val_5.list"):
        (gallery / name).write_text("deep/c.bmp labels/c.png\n\nb.png\n")
        assert list_images(gallery / name) == ([str(gallery / "deep/c.bmp"), str(gallery / "b.png")], str(gallery))
    assert list_images(f"{gallery}/*.*g") == ([str(gallery / "b.png")], str(gallery))
    images, root = list_images(f"{gallery}/**/*.[bp]*")
    assert images == [str(gallery / "b.png"), str(gallery / "deep/c.bmp")] and root == str(gallery)


def test_nothing_to_find_is_an_error_that_names_the_path(gallery):
    (gallery / "none").mkdir()
    (gallery / "none.txt").write_text("\n")
    (gallery / "wrong.txt").write_text("b.png\nc.png\n")
    for name, message in (
        ("none", "none: no pictures in this folder"),
        ("none.txt", "none.txt: the list is empty"),
        ("wrong.txt", "wrong.txt, line 2: .*c.png does not exist"),
        ("*.gif", "no picture fits this pattern"),
        ("gone.png", "gone.png: no such file or folder"),
    ):
        with pytest.raises(DataError, match=message):
            list_images(gallery / name)


def test_a_list_may_begin_with_a_byte_order_mark_and_must_be_utf8(gallery, colours):
    save(gallery / "straße.png", colours)
    (gallery / "list.txt").write_text("b.png\nstraße.png\n", encoding="utf-8-sig")
    assert list_images(gallery / "list.txt")[0] == [str(gallery / "b.png"), str(gallery / "straße.png")]
    (gallery / "list.txt").write_text("b.png\nstraße.png\n", encoding="latin-1")
    with pytest.raises(DataError, match="list.txt, line 2: byte 0xDF is not UTF-8"):
        list_images(gallery / "list.txt")


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


@pytest.mark.parametrize(("reader", "kind"), [(read_image, "picture"), (read_label, "label")])
@pytest.mark.parametrize("container", ["GIF", "JPEG2000", "PCX"])
def test_other_formats_are_refused_under_any_suffix(tmp_path, ids, reader, kind, container):
    path = save(tmp_path / "other.png", ids, format=container)
    with pytest.raises(DataError, match=naming("other.png", kind, "convert")):
        reader(path)


def test_plain_pixmaps_are_read(tmp_path, colours, ids):
    np.testing.assert_array_equal(read_image(save(tmp_path / "colours.ppm", colours)), colours)
    np.testing.assert_array_equal(read_label(save(tmp_path / "ids.pgm", ids)), ids)


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
