# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The lead of the best class, against sorting, and its position on the picture."""

import numpy as np
import pytest

from paddleseg.utils.margins import margin_map


def random_logits(*shape):
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("size_hw", [(40, 56), (33, 49), (39, 55)])
def test_without_a_resize_the_margins_are_those_of_the_networks_cells_at_every_size(size_hw):
    logits = random_logits(5, 5, 7)
    ordered = np.sort(logits, axis=0)
    margins = margin_map(logits, size_hw, ())
    assert margins.dtype == np.float32
    np.testing.assert_array_equal(margins, ordered[-1] - ordered[-2])


def test_the_unit_is_the_logarithm_of_how_much_more_probable_the_best_class_is():
    logits = random_logits(4, 1, 1)
    probabilities = np.sort(np.exp(logits).ravel() / np.exp(logits).sum())
    np.testing.assert_allclose(
        np.exp(margin_map(logits, (8, 8), ())[0, 0]), probabilities[-1] / probabilities[-2], 1e-5
    )


def test_a_picture_that_was_enlarged_gets_the_cell_under_the_centre_of_its_own():
    logits = random_logits(3, 4, 8)
    margins = margin_map(logits, (32, 64), [("resize", (16, 32))])
    full = margin_map(logits, (32, 64), ())
    # The centre of cell 0 is at pixel 4 of the picture, which is 8 of the input, where cell 1 begins.
    np.testing.assert_array_equal(margins, full[1::2, 1::2])


def test_padding_is_cut_off():
    logits = random_logits(3, 4, 4)
    full = margin_map(logits, (32, 32), ())
    np.testing.assert_array_equal(margin_map(logits, (32, 32), [("padding", (16, 24))]), full[:2, :3])
    np.testing.assert_array_equal(margin_map(logits, (32, 32), [("center_padding", (16, 16))]), full[1:3, 1:3])


def test_a_class_that_is_not_predicted_has_no_say():
    logits = np.array([9.0, 3.0, 1.0], np.float32).reshape(3, 1, 1)
    assert margin_map(logits, (8, 8), ()).item() == 6
    assert margin_map(logits, (8, 8), (), ignored_class=0).item() == 2


def test_a_single_class_leads_without_end():
    assert np.isinf(margin_map(np.zeros((1, 2, 2), np.float32), (16, 16), ())).all()
