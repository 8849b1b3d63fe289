# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The way from the network's input to the picture, also for ids alone."""

import cv2
import numpy as np
import pytest

from paddleseg.utils.way_back import Axis, Step, restore_ids, way_back


def test_the_way_back_is_that_of_the_transforms_backwards_without_what_changes_nothing():
    trans_info = [("center_padding", (100, 151)), ("resize", (151, 151)), ("resize", (64, 64)), ("padding", (64, 64))]
    assert way_back((64, 64), trans_info) == [Step((151, 151), None), Step((100, 151), (25, 0))]
    assert way_back((64, 64), [("padding", (80, 50))]) == [Step((64, 50), (0, 0))]
    with pytest.raises(ValueError, match="unknown entry 'turn' in trans_info"):
        way_back((64, 64), [("turn", (64, 64))])


def test_ids_are_restored_in_reverse_order():
    # 4x2 (H x W) was halved to 2x1, then padded to 3x3.
    label_map = np.array([[5, 9, 9], [6, 9, 9], [9, 9, 9]], np.int64)
    restored = restore_ids(label_map, [("resize", (4, 2)), ("padding", (2, 1))])
    assert restored.dtype == np.int64
    np.testing.assert_array_equal(restored, [[5, 5], [5, 5], [6, 6], [6, 6]])


@pytest.mark.parametrize(("height", "width"), [(7, 13), (30, 31), (64, 5)])
def test_ids_are_taken_at_the_centres_of_pixels(height, width):
    label_map = np.random.default_rng(1).integers(0, 256, (17, 23)).astype(np.uint8)
    expected = cv2.resize(label_map, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    np.testing.assert_array_equal(restore_ids(label_map, [("resize", (height, width))]), expected)


def test_ids_at_512_are_not_shifted_at_360():
    # The value of a pixel is where its centre lies in the picture; floor(i * source / target) is off by 0.7 pixels.
    centres = (np.arange(512) + 0.5) * 360 / 512
    restored = restore_ids(centres[None], [("resize", (1, 360))])[0]
    assert np.abs(restored - (np.arange(360) + 0.5)).max() <= 0.5 * 360 / 512 + 1e-9


def test_an_axis_of_one_resize_has_two_cells_for_a_pixel_and_of_two_resizes_at_most_four():
    assert Axis(64, [(512, None)]).taps == 2
    for target in (360, 511, 700, 1024):
        assert Axis(64, [(512, None), (target, None)]).taps in (3, 4)
    assert Axis(512, [(300, 100)]).taps == 1


@pytest.mark.parametrize("steps", [[(100, None)], [(100, None), (90, 5), (33, None)], [(5, None), (1, None)]])
def test_the_shares_of_the_cells_of_a_pixel_add_up_to_1_and_each_pixel_is_in_one_run(steps):
    axis = Axis(13, steps)
    np.testing.assert_allclose(axis.weights.sum(axis=0), 1, atol=1e-6)
    assert axis.weights.min() >= -1e-6
    assert sorted(set(axis.pixels.ravel())) == list(range(steps[-1][0])) == list(range(len(axis.run_of_pixel)))
    assert (axis.cells >= 0).all() and (axis.cells <= 14).all()
