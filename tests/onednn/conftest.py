# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The oneDNN path is tested where Paddle's wheel carries a oneDNN that is known."""

import pytest

from paddleseg import onednn


@pytest.fixture(autouse=True)
def needs_onednn():
    reason = onednn.why_unavailable()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def nothing_fell_back(needs_onednn):
    """Counts of fallbacks are those of the test alone."""
    onednn.FALLBACKS.clear()
    yield
    onednn.FALLBACKS.clear()
