# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Boundary IoU against the definition, mask by mask and pixel by pixel."""

import math

import numpy as np
import pytest

from paddleseg.metrics.boundary_iou import BoundaryIoU, boundary_distance


def eroded_plainly(mask, distance):
    """The pixels of a mask whose whole neighbourhood is in the mask; outside of the picture nothing is."""
    height, width = mask.shape
    padded = np.zeros((height + 2 * distance, width + 2 * distance), bool)
    padded[distance : distance + height, distance : distance + width] = mask
    side = 2 * distance + 1
    return np.array([[padded[y : y + side, x : x + side].all() for x in range(width)] for y in range(height)])


def boundary_iou_plainly(prediction, label, class_id):
    """The paper's formula for one class of a picture without ignored pixels."""
    distance = boundary_distance(label.shape)
    bands = []
    for label_map in (label, prediction):
        mask = label_map == class_id
        bands.append(mask & ~eroded_plainly(mask, distance))
    union = (bands[0] | bands[1]).sum()
    return (bands[0] & bands[1]).sum() / union if union else math.nan


def blocks(random, size_hw, side, num_classes):
    rows, columns = (-(-length // side) for length in size_hw)
    block = np.kron(random.integers(0, num_classes, (rows, columns)), np.ones((side, side), int))
    return block[: size_hw[0], : size_hw[1]].astype(np.uint8)


@pytest.mark.parametrize(("size_hw", "side"), [((40, 60), 9), ((90, 120), 30), ((33, 250), 17)])
def test_each_class_has_the_figure_of_the_definition(size_hw, side):
    random = np.random.default_rng(side)
    label = blocks(random, size_hw, side, 3)
    prediction = np.where(random.random(size_hw) < 0.02, 3, np.roll(label, 2, axis=1)).astype(np.uint8)
    boundary = BoundaryIoU(5)
    mean = boundary.update(prediction, label)
    expected = [boundary_iou_plainly(prediction, label, class_id) for class_id in range(5)]
    np.testing.assert_allclose(boundary.class_iou, expected, rtol=1e-12)
    assert mean == pytest.approx(np.nanmean(expected))
    assert math.isnan(expected[4])


def test_a_region_no_wider_than_twice_the_distance_has_its_plain_iou():
    label, prediction = np.zeros((2, 400, 300), np.uint8)
    assert boundary_distance(label.shape) == 10
    label[100:120, 100:200] = 1
    prediction[105:125, 100:200] = 1
    boundary = BoundaryIoU(2)
    boundary.update(prediction, label)
    assert boundary.class_iou[1] == pytest.approx(15 / 25)


def test_a_shift_costs_a_large_region_more_than_its_plain_iou_says():
    label, prediction = np.zeros((2, 400, 300), np.uint8)
    label[50:350, 50:250] = 1
    prediction[55:355, 50:250] = 1
    boundary = BoundaryIoU(2)
    boundary.update(prediction, label)
    assert boundary.class_iou[1] < 0.75 < 295 / 305


def test_the_edge_of_ignored_pixels_is_no_outline_and_they_do_not_count():
    label = np.zeros((100, 100), np.uint8)
    label[40:60, 40:60] = 255
    prediction = label.copy()
    prediction[40:60, 40:60] = 1
    boundary = BoundaryIoU(2)
    boundary.update(prediction, label)
    frame = 100 * 100 - 94 * 94  # all that is near an outline: the picture's frame, 3 pixels wide
    assert boundary.unions.tolist() == boundary.intersections.tolist() == [frame, 0]


def test_the_counts_of_pictures_are_added():
    random = np.random.default_rng(0)
    pairs = [(blocks(random, (40, 60), 8, 4), blocks(random, (40, 60), 8, 4)) for _ in range(2)]
    both, parts = BoundaryIoU(4), [BoundaryIoU(4), BoundaryIoU(4)]
    for part, (prediction, label) in zip(parts, pairs):
        both.update(prediction, label)
        part.update(prediction, label)
    assert (both.unions == parts[0].unions + parts[1].unions).all()
    assert (both.intersections == parts[0].intersections + parts[1].intersections).all()
