# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The pixels and ids that the tests of reading write to files."""

import numpy as np
import pytest


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)


@pytest.fixture
def ids():
    return np.random.default_rng(1).integers(0, 4, (9, 11), dtype=np.uint8)
