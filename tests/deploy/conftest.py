# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of both pages share: a real browser."""

import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """Chromium, as the system has it; where it or playwright is not there, the test is skipped."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, to drive a browser")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("needs Chromium on the PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
