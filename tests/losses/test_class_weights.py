# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Weights counted from labels, against the published formulas."""

import math
import statistics

import numpy as np
import pytest

from paddleseg.losses.class_weights import class_weights

# 3 labels of 4 classes; class 2 is rare and in one label alone, class 3 never occurs.
PIXELS = np.array([[60, 40, 0, 0], [10, 85, 5, 0], [80, 20, 0, 0]])
SHARES = [150 / 300, 145 / 300, 5 / 300]


def oracle(kind):
    """The formulas, class by class in plain Python, scaled to a mean of 1 over all pixels."""
    if kind == "enet":
        weights = [1 / math.log(1.02 + share) for share in SHARES]
    elif kind == "inverse_log":
        weights = [1 / math.log(1.1 + share) for share in SHARES]
    else:
        where_it_occurs = [150 / 300, 145 / 300, 5 / 100]
        weights = [statistics.median(where_it_occurs) / share for share in where_it_occurs]
    mean = sum(weight * share for weight, share in zip(weights, SHARES))
    return [*(weight / mean for weight in weights), 1]


@pytest.mark.parametrize("kind", ["enet", "inverse_log", "median_frequency"])
def test_they_equal_the_formulas_and_a_class_that_never_occurs_has_1(kind):
    assert class_weights(kind, PIXELS) == pytest.approx(oracle(kind), rel=1e-12)


def test_rarer_classes_weigh_more_and_enet_is_stronger_than_inverse_log():
    enet, softer = (np.array(class_weights(kind, PIXELS)) for kind in ("enet", "inverse_log"))
    assert (np.diff(enet[:3]) > 0).all() and (np.diff(softer[:3]) > 0).all()
    assert enet[2] / enet[0] > 1.5 * softer[2] / softer[0]


@pytest.mark.parametrize("kind", ["enet", "inverse_log", "median_frequency"])
def test_labels_of_ignored_pixels_alone_give_1_for_all(kind):
    assert class_weights(kind, np.zeros((2, 3), np.int64)) == [1, 1, 1]
