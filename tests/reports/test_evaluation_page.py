# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The page is one file, with the figures of the evaluation, and texts that are only texts."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from paddleseg.reports.evaluation_page import _short_names
from tests.reports.evaluations import NAMES, evaluate, page

VOID = {"meta", "img", "input"}


class Reader(HTMLParser):
    """Collects tags, texts and tables, and whether all that is opened is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.texts, self.rows = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def read():
    reader = Reader()
    reader.feed(page())
    return reader


def test_the_page_is_whole_and_asks_for_nothing_from_elsewhere(read):
    assert read.open == []
    for tag, attributes in read.tags:
        assert tag not in ("link", "iframe", "object")
        assert attributes.get("src", "data:").startswith("data:") and "href" not in attributes
    [policy] = [a["content"] for tag, a in read.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"https?://|@import|url\(", page())


def test_names_of_classes_and_files_are_texts_and_no_tags(read):
    assert not [attributes for _, attributes in read.tags if "onmouseover" in attributes]
    texts = "".join(read.texts)
    for name in [*NAMES, "output/<mine>"]:
        assert name in texts


def test_the_tables_have_the_figures_of_the_evaluation(read):
    result, details = evaluate()
    rows = {row[0]: row for row in read.rows if len(row) == 7}
    for class_id, name in enumerate(NAMES):
        columns = result.class_iou, details.boundary.class_iou, result.class_precision, result.class_recall
        assert rows[name][1:5] == [f"{100 * values[class_id]:.1f}" for values in columns]
    shares = result.matrix / result.matrix.sum(axis=1, keepdims=True)
    matrix = [row[1:] for row in read.rows if len(row) == 4][1:4]
    expected = [[f"{100 * share:.0f}" if share >= 0.005 else "" for share in row] for row in shares]
    assert matrix == expected
    assert f"{100 * result.mean_iou:.2f} %" in read.texts


def test_the_worst_pictures_are_in_the_page_with_label_prediction_and_errors(read):
    _, details = evaluate()
    articles = [attributes for tag, attributes in read.tags if tag == "article"]
    assert [a["data-path"] for a in articles] == [kept.scores.path for kept in details.worst]
    images = [attributes for tag, attributes in read.tags if tag == "img"]
    assert [image["alt"] for image in images] == ["picture", "label", "prediction", "errors"] * 3
    decoded = [Image.open(io.BytesIO(base64.b64decode(image["src"].partition("base64,")[2]))) for image in images[:4]]
    assert [image.format for image in decoded] == ["JPEG", "PNG", "PNG", "PNG"]
    worst = details.worst[0]
    np.testing.assert_array_equal(np.asarray(decoded[1]), worst.label)
    np.testing.assert_array_equal(np.asarray(decoded[2]), worst.prediction)
    wrong = (worst.label != worst.prediction) & (worst.label != 255)
    reds = np.asarray(decoded[3].convert("RGB")).astype(int)
    np.testing.assert_array_equal(reds[..., 0] - reds[..., 2] > 100, wrong)


def test_without_pictures_and_with_many_classes_there_is_a_page():
    assert "<article" not in page(num_kept=0)
    assert page(num_classes=60).count("<img") == 1 + 3 * 4  # the matrix as a picture


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/a/b/c/1.png", "/a/b/d/1.png"], ["c/1.png", "d/1.png"]),
        (["/a/1.png"], ["1.png"]),
        (["1.png", "1.png"], ["1.png", "1.png"]),
        (["scenes/1", "scenes/2"], ["1", "2"]),
    ],
)
def test_pictures_are_named_from_the_last_folder_that_they_share(paths, names):
    assert _short_names(paths) == names
