# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Some of many."""

from paddleseg.utils.spread import spread


def test_positions_are_spread_evenly_and_different():
    assert spread(10, 3) == [0, 3, 6]
    assert spread(3, 10) == spread(3, None) == [0, 1, 2]
    assert spread(0, 4) == []
