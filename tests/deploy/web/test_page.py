# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser, with the real runtime: its label maps equal Python's with ONNX Runtime."""

import io

import numpy as np
import pytest
import yaml
from PIL import Image

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.segmenter import Segmenter
from tests.deploy.web.conftest import NORMALIZE, RUNTIME
from tests.deploy.web.test_build import int8_entry, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not RUNTIME.is_dir(), reason="needs onnxruntime-web: npm ci --prefix deploy/web"),
]
EQUAL = 0.999  # the share of pixels: WebAssembly and this machine's ONNX Runtime round differently
WAYS = {
    "as it is": [NORMALIZE],
    "resized and padded": [
        {"type": "ResizeByLong", "long_size": 150}, {"type": "Padding", "target_size": [160, 128]}, NORMALIZE,
    ],
    "enlarged": [{"type": "Resize", "target_size": [256, 192], "keep_ratio": True, "size_divisor": 32}, NORMALIZE],
    "nearest": [
        {"type": "Resize", "target_size": [200, 90], "interp": "NEAREST"}, {"type": "PaddingByAspectRatio"}, NORMALIZE,
    ],
    "limited": [{"type": "LimitLong", "max_long": 120}, {"type": "LimitShort", "min_short": 90}, NORMALIZE],
    "by the short side": [{"type": "ResizeByShort", "short_size": 75, "max_size": 130}, NORMALIZE],
}  # fmt: skip


@pytest.fixture
def open_page(browser, web_build, tmp_path):
    """``open_page(folder, "--one_thread")``: the page of an export; faults and requests elsewhere fail the test."""
    faults, closing = [], []

    def run(folder, *flags, query="?threads=2", **settings):
        site = tmp_path / "site"
        web_build.main(web_build.make_parser().parse_args(["--model", str(folder), "--save_dir", str(site)]))
        server = serving("--site", site, *flags)
        address = server.__enter__()
        context = browser.new_context(viewport={"width": 1200, "height": 800}, **settings)
        closing.extend([lambda: server.__exit__(None, None, None), context.close])
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((address, f"blob:{address}")) else faults.append(request.url)
            ),
        )
        page.goto(f"{address}{query}")
        page.wait_for_selector("#model:not(:empty)", state="attached")
        return page

    yield run
    for close in reversed(closing):
        close()
    assert faults == []


def give(page, content, name="street.png"):
    page.set_input_files("#file", {"name": name, "mimeType": "image/png", "buffer": content})


def labels_of(page) -> np.ndarray:
    """The label map by the file that the page offers."""
    page.wait_for_selector("#panel:not([hidden])")
    page.wait_for_selector("#busy", state="hidden")
    with page.expect_download() as waiting:
        page.click("#download")
    image = Image.open(waiting.value.path())
    assert image.mode == "P"
    return np.asarray(image)


def expected_of(folder, picture) -> np.ndarray:
    segmenter = Segmenter(read_deploy_config(folder), EngineOptions(backend="onnxruntime", cpu_threads=1))
    return segmenter.label_maps([segmenter.prepare(picture)])[0]


@pytest.mark.parametrize("input_dtype", ["uint8", "float32"])
@pytest.mark.parametrize("way", WAYS)
def test_label_maps_are_those_of_python(open_page, export, picture, png, way, input_dtype):
    folder = export(WAYS[way], input_dtype=input_dtype)
    page = open_page(folder)
    give(page, png)
    found, expected = labels_of(page), expected_of(folder, picture)
    assert found.shape == expected.shape == picture.shape[:2]
    assert len(np.unique(expected)) > 1
    assert (found == expected).mean() >= EQUAL


def test_a_graph_of_fixed_size_says_which_pictures_it_takes(open_page, export, picture, png):
    folder = export([NORMALIZE], output_op="none", input_shape=[1, 3, 100, 168], portable=True)
    page = open_page(folder)
    other = io.BytesIO()
    Image.fromarray(picture[:64]).save(other, "PNG")
    give(page, other.getvalue())
    page.wait_for_selector("#reason:has-text('168x64, which takes 168x100 alone')")
    give(page, png)
    assert (labels_of(page) == expected_of(folder, picture)).mean() >= EQUAL


def test_it_computes_with_several_threads_where_the_headers_allow_it_and_else_with_one(
    open_page, exported, png, picture
):
    page = open_page(exported)
    assert "2 threads" in page.locator("#bounds").inner_text()
    page = open_page(exported, "--one_thread")
    assert "1 thread" in page.locator("#bounds").inner_text().split("; ")
    give(page, png)
    assert (labels_of(page) == expected_of(exported, picture)).mean() >= EQUAL
    names = page.locator("#legend .class").all_inner_texts()
    labels = labels_of(page)
    assert len(names) == len(np.unique(labels))
    assert page.locator("#times dt").all_inner_texts() == ["decode", "prepare", "network", "label map", "encode"]


def test_int8_at_another_size_than_it_was_calibrated_at_is_said_under_the_times(open_page, export, png):
    folder = export([NORMALIZE])
    section = yaml.safe_load((folder / "deploy.yaml").read_text())["Deploy"]
    section["graphs"] = int8_entry([64, 96])
    (folder / "deploy.yaml").write_text(yaml.safe_dump({"Deploy": section}))
    page = open_page(folder)
    give(page, png)
    labels_of(page)
    assert "calibrated at 96x64 and ran at 168x100" in page.locator("#remark").inner_text()


def test_what_cannot_be_predicted_is_refused_and_the_next_picture_takes_its_place(open_page, exported, png, picture):
    page = open_page(exported)
    deep, clear = io.BytesIO(), io.BytesIO()
    Image.fromarray(np.zeros((40, 40), np.uint16)).save(deep, "PNG")
    Image.fromarray(np.zeros((40, 40, 4), np.uint8)).save(clear, "PNG")
    small = io.BytesIO()
    Image.fromarray(picture[:20]).save(small, "PNG")
    for content, named in (
        (png[:60], "damaged"), (deep.getvalue(), "16 bits"), (clear.getvalue(), "transparent"),
        (small.getvalue(), "168x20; both sides must be 32"),
    ):  # fmt: skip
        give(page, content, "odd.png")
        page.wait_for_selector(f"#reason:has-text('odd.png: '):has-text('{named}')")
    give(page, png)
    assert labels_of(page).shape == picture.shape[:2]
    assert page.locator("#alert").is_hidden() and page.locator("#remark").is_hidden()


def test_a_picture_is_turned_as_exif_says(open_page, exported, picture):
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    Image.fromarray(picture).save(file, "PNG", exif=exif)
    page = open_page(exported)
    give(page, file.getvalue())
    turned = np.ascontiguousarray(np.rot90(picture, -1))
    assert (labels_of(page) == expected_of(exported, turned)).mean() >= EQUAL


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(open_page, exported, png, scheme):
    page = open_page(exported, color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 740})
    give(page, png)
    labels_of(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
