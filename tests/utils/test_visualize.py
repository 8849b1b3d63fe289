# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Colours, overlays and legends."""

import io

import numpy as np
import pytest
from PIL import Image

from paddleseg.utils import visualize
from paddleseg.utils.errors import ConfigError

PALETTE = visualize.default_palette()


def test_default_palette_is_the_voc_map_shifted_by_one():
    # Entries 1 to 5, 19 and 20 of the map as published with PASCAL VOC.
    assert PALETTE[:5].tolist() == [[128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128], [128, 0, 128]]
    assert PALETTE[18:20].tolist() == [[128, 192, 0], [0, 64, 128]]
    assert PALETTE.shape == (256, 3)


def test_colours_of_the_command_line_go_before_those_of_the_data_set():
    colors = visualize.make_palette(3, [[1, 1, 1], [2, 2, 2], [3, 3, 3]], [9, 8, 7])
    assert colors[:4].tolist() == [[9, 8, 7], [2, 2, 2], [3, 3, 3], PALETTE[3].tolist()]


@pytest.mark.parametrize(
    ("custom_color", "message"),
    [([1, 2], "2 values found"), ([0] * 9, "9 values found.*at most 2 classes"), ([0, 256, 0], "256 found")],
)
def test_wrong_custom_colours_are_named(custom_color, message):
    with pytest.raises(ConfigError, match=message):
        visualize.make_palette(2, None, custom_color)


def test_palette_png_holds_ids_and_shows_colours():
    labels = np.array([[0, 1], [2, 255]], np.uint8)
    image = Image.open(io.BytesIO(visualize.encode_image(visualize.palette_image(labels, PALETTE))))
    assert image.mode == "P"
    assert (np.asarray(image) == labels).all()
    assert (np.asarray(image.convert("RGB")) == PALETTE[labels]).all()


def test_overlay_is_the_weighted_sum():
    image = np.full((1, 2, 3), 100, np.uint8)
    labels = np.array([[0, 1]])
    assert visualize.overlay(image, labels, PALETTE).tolist() == [[[111, 60, 60], [60, 111, 60]]]


def test_legend_leaves_the_picture_alone_and_shows_only_classes_that_occur():
    image = np.random.default_rng(0).integers(0, 256, (60, 200, 3), np.uint8)
    labels = np.zeros((60, 200), np.uint8)
    labels[:, 100:] = 2
    result = visualize.add_legend(image, labels, PALETTE, ["road", "car", "sky"])
    assert (result[:60] == image).all()
    strip = result[60:].reshape(-1, 3).tolist()
    assert PALETTE[0].tolist() in strip
    assert PALETTE[2].tolist() in strip
    assert PALETTE[1].tolist() not in strip


def test_the_name_of_a_class_is_in_the_legend():
    image, labels = np.zeros((50, 300, 3), np.uint8), np.zeros((50, 300), np.uint8)
    named = visualize.add_legend(image, labels, PALETTE, ["road"])
    other = visualize.add_legend(image, labels, PALETTE, ["sky"])
    assert named.shape == other.shape
    assert (named != other).any()


def test_a_legend_wider_than_the_picture_widens_it_and_many_classes_wrap():
    image = np.zeros((40, 40, 3), np.uint8)
    labels = np.repeat(np.arange(20, dtype=np.uint8), 80).reshape(40, 40)
    result = visualize.add_legend(image, labels, PALETTE)
    assert result.shape[1] > 40
    colors = {tuple(color) for color in result[40:].reshape(-1, 3).tolist()}
    assert {tuple(color) for color in PALETTE[:20].tolist()} <= colors


def test_classes_without_names_are_numbered():
    assert visualize.class_name(3, None) == "class 3"
    assert visualize.class_name(1, ["road", "sky"]) == "sky"


def test_other_number_types_and_channels_become_viewable():
    wide = np.array([0, 65535, 32768, 0], np.uint16).reshape(2, 2, 1)
    assert visualize.to_display_rgb(wide)[:, :, 1].tolist() == [[0, 255], [128, 0]]
    constant = visualize.to_display_rgb(np.full((2, 2, 4), 7.0, np.float32))
    assert constant.shape == (2, 2, 3)
    assert (constant == 0).all()


def test_the_suffix_decides_the_file_format():
    image = np.zeros((8, 8, 3), np.uint8)
    for suffix, file_format in ((".JPG", "JPEG"), (".png", "PNG"), (".tif", "TIFF"), (".webp", "WEBP")):
        assert Image.open(io.BytesIO(visualize.encode_image(image, suffix))).format == file_format
