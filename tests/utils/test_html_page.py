# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pages that stand alone."""

import base64
import re

import cv2
import numpy as np
import pytest

from paddleseg.utils import html_page
from paddleseg.utils.errors import ConfigError


def test_a_figure_has_its_picture_and_its_caption_as_text():
    text = html_page.figure(np.full((50, 200, 3), (200, 10, 30), np.uint8), 'a "<b>"')
    assert 'alt="a &quot;&lt;b&gt;&quot;"' in text and "<figcaption>a &quot;&lt;b&gt;&quot;</figcaption>" in text
    data = base64.b64decode(re.search(r"base64,([^\"]+)", text)[1])
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert decoded.shape == (50, 200, 3) and np.abs(decoded.astype(int) - (200, 10, 30)).max() < 5


def test_names_that_are_not_utf8_can_be_written(tmp_path):
    page = html_page.make_page("t", html_page.folded_list("files", ["\udcff.png", "b"], 1))
    html_page.write_page(tmp_path / "a.html", page)
    assert "\\udcff.png" in (tmp_path / "a.html").read_text() and "and 1 more" in page


def test_lines_to_copy_are_whole_however_long_they_are():
    line = f"label_map: {{{', '.join(f'{value}: {value - 1}' for value in range(1, 256))}}}"
    assert html_page.code(f"train_dataset:\n  {line}") == f"<pre>train_dataset:\n  {line}</pre>"


def test_only_pages_of_the_toolkit_are_replaced(tmp_path):
    mine = tmp_path / "mine.html"
    html_page.write_page(mine, html_page.make_page("t", ""))
    html_page.check_page_file("--report", str(mine))
    mine.write_text("<html>")
    with pytest.raises(ConfigError, match="already exists"):
        html_page.check_page_file("--report", str(mine))
