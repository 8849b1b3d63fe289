# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Which pictures share a batch, and when it is yielded."""

import numpy as np
import pytest

from paddleseg.deploy.exported_graph import NetworkInput, grouped


def pictures(heights: list[int], read: list[int]):
    """A picture of each height, which is noted in ``read`` when its turn comes."""
    for height in heights:
        read.append(height)
        yield NetworkInput(f"{height}.png", np.zeros((3, height, 8), np.float32), [])


def heights_of(batch: list[NetworkInput]) -> list[int]:
    return [item.size_hw[0] for item in batch]


@pytest.mark.parametrize(
    ("batch_size", "expected"),
    [
        (1, [[8], [8], [8], [9], [8]]),
        (2, [[8, 8], [8], [9], [8]]),
        (3, [[8, 8, 8], [9], [8]]),
        (9, [[8, 8, 8], [9], [8]]),
    ],
)
def test_neighbours_of_one_size_share_a_batch(batch_size, expected):
    assert [heights_of(batch) for batch in grouped(pictures([8, 8, 8, 9, 8], []), batch_size)] == expected


def test_a_full_batch_comes_before_the_next_picture_is_read():
    read: list[int] = []
    batches = grouped(pictures([8, 8, 8], read), 2)
    assert (heights_of(next(batches)), read) == ([8, 8], [8, 8])
    assert (heights_of(next(batches)), read) == ([8], [8, 8, 8])
