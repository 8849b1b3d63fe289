# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Label maps of logits that arrive in rows from the top; those of all logits at once are the oracle."""

import numpy as np
import pytest

from paddleseg.utils.label_map import label_maps
from paddleseg.utils.label_rows import LabelRows


@pytest.mark.parametrize("rounded", [False, True])  # equal classes too
@pytest.mark.parametrize("ignored_class", [None, 0])
@pytest.mark.parametrize("at_full_size", [False, True])
def test_the_parts_are_the_label_map_of_all_logits_bit_for_bit(rounded, ignored_class, at_full_size):
    random = np.random.default_rng(3)
    for _ in range(20):
        rows, columns = random.integers(1, 12, 2)
        height, width = (rows, columns) if at_full_size else (8 * rows - random.integers(8), 8 * columns - 5)
        logits = random.standard_normal((4, rows, columns)).astype("float32")
        if rounded:
            logits = np.round(logits)
        expected = label_maps(logits[np.newaxis], (height, width), [()], ignored_class=ignored_class)[0]
        label_rows = LabelRows((rows, columns), (height, width), ignored_class)
        cuts = np.unique([0, *random.integers(0, rows + 1, 3), rows])
        parts = [label_rows.push(logits[:, first:last]) for first, last in zip(cuts, cuts[1:])]
        np.testing.assert_array_equal(np.concatenate(parts), expected)


def test_a_row_is_given_as_soon_as_its_last_cells_are_there():
    label_rows = LabelRows((4, 2), (32, 16))
    cells = np.zeros((2, 1, 2), np.float32)
    assert [len(label_rows.push(cells)) for _ in range(4)] == [4, 8, 8, 12]
