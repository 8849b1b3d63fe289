# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A small evaluation with everything that a report shows, for the tests of the page."""

import numpy as np

from paddleseg.metrics.confusion import ConfusionMatrix
from paddleseg.metrics.result import EvaluationResult
from paddleseg.reports.evaluation import EvaluationDetails
from paddleseg.reports.evaluation_page import evaluation_page
from paddleseg.utils.visualize import default_palette

NAMES = ["road", "car & van", '<b onmouseover="x()">']


def pictures(count=5, num_classes=3):
    """(prediction, label, picture) of growing difficulty; the last label has ignored pixels."""
    random = np.random.default_rng(0)
    for number in range(count):
        label = np.kron(random.integers(0, num_classes, (3, 4)), np.ones((16, 16), int)).astype(np.uint8)
        is_wrong = random.random(label.shape) < 0.1 * number
        prediction = np.where(is_wrong, (label + 1) % num_classes, label).astype(np.uint8)
        if number == count - 1:
            label[:8] = 255
        yield prediction, label, random.integers(0, 256, (*label.shape, 3), dtype=np.uint8)


def evaluate(num_kept=3, num_classes=3):
    """The result and the details of these pictures."""
    details, confusion = EvaluationDetails(num_classes, 255, num_kept), ConfusionMatrix(num_classes)
    for index, (prediction, label, _) in enumerate(pictures(num_classes=num_classes)):
        details.observe(index, f"/data/street/val/{index}.png", prediction, label)
        confusion.update(prediction, label)
    names = NAMES[:num_classes] + [f"class {number}" for number in range(len(NAMES), num_classes)]
    return EvaluationResult(confusion.matrix, len(details.pictures), names), details


def page(num_kept=3, num_classes=3):
    """The page of these pictures."""
    result, details = evaluate(num_kept, num_classes)
    images = [image for _, _, image in pictures(num_classes=num_classes)]
    facts = [("weights", "output/<mine>"), ("views", "whole")]
    return evaluation_page(
        result, details, facts=facts, palette=default_palette(), read_picture=lambda index: images[index]
    )
