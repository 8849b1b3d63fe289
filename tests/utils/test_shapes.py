# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes as pixels: against drawings by hand, Pillow on the whole picture, and a test of every pixel's centre."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from paddleseg.utils.shapes import Bitmap, Ellipse, Line, Polygon, box, ellipse_in_plane, paint

WIDTH, HEIGHT = 23, 17
points = st.lists(st.tuples(st.floats(-9, 32), st.floats(-9, 26)), min_size=3, max_size=8)
wholes = st.lists(st.tuples(st.integers(-3, 26), st.integers(-3, 20)), min_size=3, max_size=8)


def painted(shape):
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    paint(label_map, shape, 1)
    return label_map


def whole_picture(draw):
    image = Image.new("L", (WIDTH, HEIGHT))
    draw(ImageDraw.Draw(image))
    return np.asarray(image)


def is_inside(x, y, corners):
    """Whether a point lies in a polygon, by the edges that a ray to the right crosses."""
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.one_of(points, wholes))
def test_polygons_of_pixels_are_those_that_pillow_draws_in_the_whole_picture(corners):
    expected = whole_picture(lambda pen: pen.polygon(corners, fill=1, outline=1))
    assert np.array_equal(painted(Polygon(corners)), expected)


def is_on_an_edge(x, y, corners):
    """Whether a point lies on the outline, but for rounding, where either answer is right."""
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
        length = math.hypot(x1 - x0, y1 - y0)
        along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length if length else 0.0
        off = abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length if length else math.hypot(x - x0, y - y0)
        if off < 1e-9 and -1e-9 <= along <= length + 1e-9:
            return True
    return False


@settings(max_examples=150, deadline=None, derandomize=True)
@given(points)
def test_polygons_of_area_have_the_pixels_whose_centres_they_hold(corners):
    assume(not any(is_on_an_edge(x + 0.5, y + 0.5, corners) for x in range(WIDTH) for y in range(HEIGHT)))
    expected = [[is_inside(x + 0.5, y + 0.5, corners) for x in range(WIDTH)] for y in range(HEIGHT)]
    assert np.array_equal(painted(Polygon(corners, rule="area")), np.array(expected, np.uint8))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(-5, 30), st.floats(-5, 20), st.floats(0.2, 12), st.integers(1, 9))
def test_circles_and_lines_are_those_of_pillow(x, y, radius, width):
    expected = whole_picture(
        lambda pen: pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1, outline=1)
    )
    assert np.array_equal(painted(Ellipse.circle((x, y), radius)), expected)
    corners = [(3.7, 2.2), (x, y), (9.4, 14.9)]
    expected = whole_picture(lambda pen: pen.line(corners, fill=1, width=width, joint="curve"))
    assert np.array_equal(painted(Line(corners, width, round_joints=True)), expected)


def test_a_square_of_two_to_five_has_sixteen_pixels_or_nine():
    assert painted(box(2, 2, 5, 5)).sum() == 16
    assert painted(box(2, 2, 5, 5, "area")).sum() == 9


def test_neighbours_that_share_an_edge_share_no_pixel_by_area():
    left, right = box(1.5, 0, 7.5, 9, "area"), box(7.5, 0, 12, 9, "area")
    both = painted(left) + painted(right)
    assert both.max() == 1 and both.sum() == 9 * 11  # centres from 1.5, which belongs to it, to 11.5


def test_holes_leave_what_was_there():
    label_map = np.full((HEIGHT, WIDTH), 4, np.uint8)
    paint(label_map, Polygon([(1, 1), (9, 1), (9, 9), (1, 9)], [[(3, 3), (7, 3), (7, 7), (3, 7)]]), 2)
    assert (label_map[3:8, 3:8] == 4).all() and (label_map == 2).sum() == 81 - 25


@pytest.mark.parametrize(("count", "pixels"), [(1, 1), (2, 5)])
def test_polygons_of_one_or_two_points_are_a_pixel_and_a_line(count, pixels):
    assert painted(Polygon([(2, 3), (6, 3)][:count])).sum() == pixels


def test_a_turned_box_and_an_ellipse_have_about_their_area():
    assert int(painted(box(6, 4, 16, 12, "area", 45)).sum()) == pytest.approx(80, abs=4)
    assert int(painted(ellipse_in_plane((11, 8), (9, 5), 20)).sum()) == pytest.approx(math.pi * 45, abs=4)


def test_a_bitmap_is_cut_at_every_border():
    pixels = np.ones((HEIGHT + 4, WIDTH + 4), bool)
    assert painted(Bitmap(pixels, -2, -2)).all()
    assert painted(Bitmap(np.ones((3, 3), bool), -2, HEIGHT - 1)).sum() == 1
    assert not painted(Bitmap(np.ones((3, 3), bool), WIDTH, 0)).any()
