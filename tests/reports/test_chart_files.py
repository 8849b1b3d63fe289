# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Charts as files: their content, and what may be replaced."""

import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from paddleseg.reports.canvas import PngCanvas, SvgCanvas
from paddleseg.reports.chart_files import write_chart
from paddleseg.reports.charts import Figure, LegendEntry, Line, Mark, Panel
from paddleseg.reports.colours import SERIES
from paddleseg.reports.confusion_picture import ConfusionPicture
from paddleseg.utils.errors import ConfigError

FIGURE = Figure(
    "A <run> & more",
    [
        Panel("Loss", "step", "loss", [Line([0, 50, 100], [3, 1, 2], "series0")], [Mark(50, 1, "1.0", "series0")]),
        Panel("Rate", "step", "rate", [Line([0, 50, 100], [1e-2, 1e-3, 0], "series1", dashed=True)], is_log=True),
    ],
    [LegendEntry("größer", "series0"), LegendEntry("类别", "series1", dashed=True)],
)


def pixels(drawing):
    canvas = PngCanvas(*drawing.size)
    drawing.draw(canvas)
    return np.asarray(Image.open(io.BytesIO(canvas.encode())).convert("RGB")).astype(int)


def rgb(colour):
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])


def test_a_png_has_the_lines_in_their_colours_where_they_belong():
    image = pixels(FIGURE)
    assert image.shape[1::-1] == FIGURE.size
    is_blue, is_orange = (np.abs(image - rgb(colour)).sum(axis=2) < 12 for colour in SERIES[:2])
    width = FIGURE.panel_size[0]
    below = np.s_[FIGURE.size[1] - FIGURE.panel_size[1] :]
    assert is_blue[below][:, :width].sum() > 500 and not is_blue[below][:, width:].any()
    assert is_orange[below][:, width:].sum() > 100 and not is_orange[below][:, :width].any()
    first = [np.nonzero(is_blue[below][:, column])[0].mean() for column in (88, 334)]
    assert first[1] - first[0] > 150  # from 3 down to 1


def test_an_svg_is_xml_with_all_texts_and_loads_nothing():
    canvas = SvgCanvas(*FIGURE.size)
    FIGURE.draw(canvas)
    text = canvas.encode().decode()
    root = ElementTree.fromstring(text)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"A <run> & more", "Loss", "Rate", "größer", "类别", "step", "loss", "1.0"} <= set(texts)
    assert text.count("http") == 1 and "prefers-color-scheme:dark" in text  # the one is the name space


def test_a_chart_replaces_charts_alone(tmp_path):
    for name in ("a.png", "a.svg"):
        write_chart(tmp_path / name, FIGURE)
        before = (tmp_path / name).read_bytes()
        write_chart(tmp_path / name, FIGURE)
        assert (tmp_path / name).read_bytes() == before
        Image.new("RGB", (4, 4)).save(tmp_path / "mine.png")
        (tmp_path / name).write_bytes((tmp_path / "mine.png").read_bytes())
        with pytest.raises(ConfigError, match=f"{name}: already exists and is not a picture"):
            write_chart(tmp_path / name, FIGURE)


@pytest.mark.parametrize(("name", "message"), [("a.jpg", ".png or .svg"), ("no/a.png", "no folder"), (".", "folder")])
def test_places_where_no_chart_can_be_are_refused(name, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        write_chart(tmp_path / name, FIGURE)


@pytest.mark.parametrize("count", [2, 40, 41, 150])
def test_a_share_shades_its_cell_blue_on_the_diagonal_and_orange_beside_it(count):
    def draw(*cells):
        matrix = np.zeros((count, count), np.int64)
        matrix[tuple(zip(*cells))] = 100 if cells else 0
        return pixels(ConfusionPicture(matrix, [f"class {number}" for number in range(count)], "title"))

    cell = ConfusionPicture(np.eye(count, dtype=np.int64), ["a"] * count, "")._cell
    empty = np.zeros((count, count), np.int64)
    before = pixels(ConfusionPicture(empty, [f"class {number}" for number in range(count)], "title"))
    corners = []
    for place, channel in (((0, 0), 2), ((count - 1, 0), 0)):
        after = draw(place)
        changed = np.abs(after - before).sum(axis=2) > 0
        rows, columns = np.nonzero(changed)
        assert np.ptp(rows) + 1 == pytest.approx(cell, abs=2.5) and np.ptp(columns) + 1 == pytest.approx(cell, abs=2.5)
        mean = after[changed].mean(axis=0)
        assert mean.argmax() == channel
        corners.append((rows.min(), columns.min()))
    assert corners[1][0] - corners[0][0] == pytest.approx(cell * (count - 1), abs=2.5)


def test_names_that_the_font_lacks_become_numbers():
    drawing = ConfusionPicture(np.eye(2, dtype=np.int64), ["道路", "Bäume"], "title")
    assert drawing._names == ["class 0", "Bäume"]
