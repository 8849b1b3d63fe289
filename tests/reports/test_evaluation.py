# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The details of an evaluation, collected picture by picture."""

import numpy as np
import pytest

from paddleseg.metrics.boundary_iou import BoundaryIoU
from paddleseg.metrics.region_sizes import measure_regions
from paddleseg.reports.evaluation import EvaluationDetails
from tests.reports.evaluations import evaluate, pictures


def iou_plainly(prediction, label, num_classes=3):
    counted = label != 255
    ious = []
    for class_id in range(num_classes):
        a, b = (prediction == class_id) & counted, (label == class_id) & counted
        if (a | b).any():
            ious.append((a & b).sum() / (a | b).sum())
    return np.mean(ious)


def test_each_picture_has_its_scores():
    _, details = evaluate()
    for one, (prediction, label, _) in zip(details.pictures, pictures(), strict=True):
        counted = label != 255
        assert one.iou == pytest.approx(iou_plainly(prediction, label))
        assert one.accuracy == pytest.approx((prediction == label)[counted].mean())
        assert one.boundary_iou == pytest.approx(BoundaryIoU(3).update(prediction, label))
        if one.confusion is None:
            assert one.accuracy == 1
        else:
            row, column = one.confusion
            pairs = [((label == a) & (prediction == b)).sum() for a in range(3) for b in range(3) if a != b]
            assert ((label == row) & (prediction == column)).sum() == max(pairs)


def test_the_worst_pictures_are_kept_with_their_maps_worst_first():
    _, details = evaluate(num_kept=2)
    order = sorted(details.pictures, key=lambda one: one.iou)[:2]
    assert [kept.scores for kept in details.worst] == order
    maps = list(pictures())
    for kept in details.worst:
        np.testing.assert_array_equal(kept.prediction, maps[kept.scores.index][0])
        np.testing.assert_array_equal(kept.label, maps[kept.scores.index][1])
    assert evaluate(num_kept=0)[1].worst == [] and len(evaluate(num_kept=9)[1].worst) == 5


def test_regions_are_those_of_all_pictures():
    _, details = evaluate()
    parts = [measure_regions(prediction, label, 3) for prediction, label, _ in pictures()]
    assert len(details.regions.areas) == sum(len(part.areas) for part in parts)


def test_a_picture_without_counted_pixels_is_never_among_the_worst():
    details = EvaluationDetails(2, 255, 1)
    details.observe(0, "a.png", np.zeros((8, 8), np.uint8), np.full((8, 8), 255, np.uint8))
    assert details.worst == [] and details.pictures[0].to_dict()["iou"] is None
