# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests that take minutes; `make soak` runs them."""

import os
from pathlib import Path

import pytest

from tests.deploy.serve.conftest import MISSING, exported, picture, png  # noqa: F401  (fixtures)

SECONDS = float(os.environ.get("SOAK_SECONDS", "0"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.extras)
            if not SECONDS:
                item.add_marker(pytest.mark.skip(reason="takes minutes: set SOAK_SECONDS, as `make soak` does"))
            elif MISSING:
                item.add_marker(pytest.mark.skip(reason=f"needs the extra 'serving'; missing: {', '.join(MISSING)}"))
