# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Regions of a label and their IoU, against sets of pixels."""

import numpy as np
import pytest

from paddleseg.metrics.region_sizes import EDGES, Regions, join_regions, mean_by_size, measure_regions


def parts_plainly(mask):
    """The connected parts of a mask as sets of (row, column)."""
    left, parts = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask))}, []
    while left:
        part, border = set(), [min(left)]
        left.discard(border[0])
        while border:
            y, x = border.pop()
            part.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            border += near
        parts.append(part)
    return parts


def ious_plainly(prediction, label, class_id, ignore_index=255):
    """For each region (area, IoU), and whether any pixel is as near to two regions, so that either may have it."""
    regions = parts_plainly(label == class_id)
    predicted = parts_plainly((prediction == class_id) & (label != ignore_index))
    in_label = set().union(*regions) if regions else set()
    wrong = set().union(*(part for part in predicted if part & in_label), set()) - in_label
    beside = [0] * len(regions)
    for y, x in wrong:
        distances = [min((y - v) ** 2 + (x - u) ** 2 for v, u in region) for region in regions]
        beside[int(np.argmin(distances))] += 1
    hits = [sum(prediction[y, x] == class_id for y, x in region) for region in regions]
    return sorted((len(region), hit / (len(region) + more)) for region, hit, more in zip(regions, hits, beside))


def scene(random):
    """Two rectangles far apart in the label, and a prediction that moves and joins them."""
    label, prediction = np.zeros((2, 40, 60), np.uint8)
    for left in (4, 36):
        top, height, width = 5 + random.integers(0, 10), 3 + random.integers(0, 15), 3 + random.integers(0, 12)
        label[top : top + height, left : left + width] = 1
        shift = random.integers(-2, 3)
        prediction[top + shift : top + height, left + shift : left + width] = 1
    prediction[34:37, 20:26] = 1  # touches nothing
    label[:2] = 255
    return prediction, label


@pytest.mark.parametrize("seed", range(5))
def test_areas_and_ious_are_those_of_plain_sets(seed):
    prediction, label = scene(np.random.default_rng(seed))
    regions = measure_regions(prediction, label, 2)
    for class_id in (0, 1):
        own = regions.classes == class_id
        found = sorted(zip(regions.areas[own].tolist(), regions.ious[own].tolist()))
        expected = ious_plainly(prediction, label, class_id)
        assert [area for area, _ in found] == [area for area, _ in expected]
        np.testing.assert_allclose([iou for _, iou in found], [iou for _, iou in expected], rtol=1e-12)


def test_a_prediction_that_joins_two_regions_is_shared_by_nearness():
    label = np.zeros((10, 30), np.uint8)
    label[2:6, 2:6] = label[2:6, 20:24] = 1
    prediction = np.zeros_like(label)
    prediction[2:6, 2:24] = 1
    regions = measure_regions(prediction, label, 2)
    own = regions.classes == 1
    assert regions.areas[own].tolist() == [16, 16]
    np.testing.assert_allclose(regions.ious[own], [16 / 44, 16 / 44])


def test_a_false_alarm_belongs_to_no_region_and_ignored_pixels_to_none():
    label = np.zeros((20, 20), np.uint8)
    label[2:5, 2:5] = 1
    label[2:5, 5:9] = 255
    prediction = np.zeros_like(label)
    prediction[2:5, 2:9] = prediction[15:18, 15:18] = 1
    regions = measure_regions(prediction, label, 2)
    assert regions.ious[regions.classes == 1].tolist() == [1.0]


def test_the_table_has_means_and_counts_by_class_and_size():
    regions = join_regions(
        [
            Regions(np.array([1, 1]), np.array([63, 64]), np.array([0.5, 0.1])),
            Regions(
                *np.array([[1], [80], [0]]),
            ),
        ]
    )
    means, counts = mean_by_size(Regions(regions.classes, regions.areas, regions.ious), 3)
    assert counts.shape == (3, len(EDGES)) and counts[1].tolist() == [1, 2, 0, 0, 0, 0, 0]
    assert means[1, :2] == pytest.approx([0.5, 0.05]) and np.isnan(means[0]).all()


def test_a_label_without_classes_has_no_regions():
    label = np.full((8, 8), 255, np.uint8)
    assert len(measure_regions(np.zeros_like(label), label, 3).areas) == 0
