# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: it opens from the disk, sorts, and is dark on request."""

import numpy as np
import pytest

from paddleseg.datasets.doctor import Diagnosis
from paddleseg.datasets.doctor.finding import Exhibit, Finding
from paddleseg.datasets.doctor.page import make_page
from tests.reports.evaluations import evaluate, page

pytestmark = pytest.mark.slow


@pytest.fixture
def open_page(browser, tmp_path):
    """Opens a page from a file; whatever the browser complains of, or asks the network for, fails the test."""
    tabs, faults = [], []

    def opened(text):
        (tmp_path / "report.html").write_text(text, encoding="utf-8")
        tab = browser.new_page(color_scheme="light")
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("request", lambda request: request.url.startswith(("file:", "data:")) or faults.append(request.url))
        tab.goto((tmp_path / "report.html").as_uri())
        tabs.append(tab)
        return tab

    yield opened
    for tab in tabs:
        tab.close()
    assert faults == []


@pytest.fixture
def tab(open_page):
    return open_page(page())


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


def test_the_label_doctors_page_shows_its_pictures_side_by_side_and_opens_its_lists(open_page):
    pictures = [Exhibit(name, np.zeros((40, 60, 3), np.uint8)) for name in "ab"]
    mended = "train_dataset:\n  label_map: {255: 1}"
    found = Finding("shifted", "error", "train_dataset", "off", mended, ["x.png"], lambda: pictures)
    tab = open_page(make_page(Diagnosis([found], [], 0.1), "mine.yml"))
    left, right = (tab.locator("figure").nth(number).bounding_box() for number in (0, 1))
    assert right["x"] >= left["x"] + 60 and left["y"] == right["y"]
    assert tab.locator("pre").inner_text() == mended
    assert not tab.get_by_text("x.png").is_visible()
    tab.get_by_text("1 file").click()
    assert tab.get_by_text("x.png").is_visible()
