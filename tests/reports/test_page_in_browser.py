# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: it opens from the disk, sorts, and is dark when it is told so."""

import shutil

import pytest

from tests.reports.evaluations import evaluate, page

pytestmark = [pytest.mark.extras("playwright"), pytest.mark.slow]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser, tmp_path):
    """The page, opened from a file; whatever the browser complains of, or asks the network for, fails the test."""
    (tmp_path / "report.html").write_text(page(), encoding="utf-8")
    tab, faults = browser.new_page(color_scheme="light"), []
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("request", lambda request: request.url.startswith(("file:", "data:")) or faults.append(request.url))
    tab.goto((tmp_path / "report.html").as_uri())
    yield tab
    tab.close()
    assert faults == []


def column(tab, number):
    cells = tab.locator(f"#classes tbody tr > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_headings_sort_in_both_directions(tab):
    ious = sorted(map(float, column(tab, 2)))
    heading = tab.locator("#classes thead th:nth-child(2)")
    heading.click()
    assert list(map(float, column(tab, 2))) == ious[::-1]
    heading.click()
    assert list(map(float, column(tab, 2))) == ious
    tab.locator("#classes thead th:nth-child(1)").click()
    assert column(tab, 1) == sorted(column(tab, 1))


def test_pictures_sort_and_lie_beneath_their_maps(tab):
    _, details = evaluate()
    tab.get_by_role("button", name="name", exact=True).click()
    paths = tab.locator("article").evaluate_all("items => items.map((item) => item.dataset.path)")
    assert paths == sorted(kept.scores.path for kept in details.worst)
    tab.get_by_role("button", name="lowest IoU", exact=True).click()
    paths = tab.locator("article").evaluate_all("items => items.map((item) => item.dataset.path)")
    assert paths == [kept.scores.path for kept in details.worst]
    sizes = tab.locator(".views img").evaluate_all("images => images.map((image) => image.naturalWidth)")
    assert len(sizes) == 3 * 6 and all(size == 64 for size in sizes)


def test_the_scheme_is_the_systems_until_a_button_says_another(tab):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = tab.evaluate(ground)
    tab.emulate_media(color_scheme="dark")
    dark = tab.evaluate(ground)
    assert dark != light
    tab.get_by_role("button", name="light", exact=True).click()
    assert tab.evaluate(ground) == light
    tab.emulate_media(color_scheme="light")
    tab.get_by_role("button", name="dark", exact=True).click()
    assert tab.evaluate(ground) == dark
