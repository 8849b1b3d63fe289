# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the export tests."""

import paddle
import pytest

from tests.export.small_network import SmallNetwork


@pytest.fixture
def network() -> SmallNetwork:
    paddle.seed(7)
    network = SmallNetwork()
    network.eval()
    return network
