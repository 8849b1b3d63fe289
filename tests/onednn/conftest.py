# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The oneDNN path is tested if Paddle's wheel has a known oneDNN."""

import pytest

from paddleseg import onednn
from paddleseg.onednn.primitive import CACHE
from tests.needs import skip_without_onednn


@pytest.fixture(autouse=True)
def needs_onednn():
    skip_without_onednn()


@pytest.fixture(autouse=True)
def nothing_was_computed_before(needs_onednn):
    """Primitives and counts of fallbacks are those of the test alone."""
    CACHE.clear()
    onednn.FALLBACKS.clear()
    yield
    onednn.FALLBACKS.clear()


@pytest.fixture
def computed():
    """What oneDNN has computed in this test: "Convolution", "BatchNorm", "Product"."""

    def kinds() -> set[str]:
        return {type(operation).__name__ for (operation, _), _ in CACHE._kept}

    return kinds
