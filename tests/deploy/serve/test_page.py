# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: every way to give a picture, the display, and the strict content policy."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.deploy.serve.service import running_service

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(exported):
    with running_service(exported, "--cpu_threads", 1, "--max_megabytes", 1) as service:
        yield service


@pytest.fixture
def page(browser, service):
    """The page, freshly loaded; a script's error, a refused load or a request elsewhere fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, accept_downloads=True)
    page, faults = context.new_page(), []
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    page.on(
        "request",
        lambda request: None if request.url.startswith((service.url, "blob:")) else faults.append(request.url),
    )
    page.goto(service.url)
    page.wait_for_selector("#model:not(:empty)", state="attached")
    yield page
    context.close()
    assert faults == []


def give(page, png, name="street.png"):
    page.set_input_files("#file", {"name": name, "mimeType": "image/png", "buffer": png})


def wait_for_result(page):
    page.wait_for_selector("#panel:not([hidden])")
    page.wait_for_selector("#busy", state="hidden")


def canvas_ids(page, predictor):
    """Class of each pixel that the canvas shows, by its colour; 255 where nothing is shown."""
    pixels = page.evaluate(
        "() => { const c = document.getElementById('overlay');"
        " return Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data) }"
    )
    size = page.evaluate("() => [overlay.height, overlay.width]")
    rgba = np.array(pixels, np.uint8).reshape(*size, 4)
    ids = (rgba[:, :, None, :3] == predictor.palette).all(-1).argmax(-1)
    return np.where(rgba[:, :, 3] == 255, ids, 255)


def test_a_chosen_file_is_shown_under_the_colours_of_its_label_map_with_areas_and_times(page, png, predictor, picture):
    give(page, png)
    wait_for_result(page)
    labels = predictor(picture)
    np.testing.assert_array_equal(canvas_ids(page, predictor), labels)
    names = page.locator("#legend .class").all_inner_texts()
    assert set(names) == {predictor.classes[i] for i in np.unique(labels)}  # "<b>car</b>" is text and no element
    share = 100 * (labels == predictor.classes.index(names[0])).mean()
    assert page.locator("#legend .share").first.inner_text() == f"{share:.0f} %"
    assert page.locator("#times dt").all_inner_texts() == [
        "decode", "network", "label map", "encode", "transfer and queue",
    ]  # fmt: skip
    assert page.locator("#size").inner_text() == "84 × 50"
    assert page.evaluate("() => picture.naturalWidth") == 84


def test_class_switches_and_the_opacity_change_what_is_shown_by_keyboard_alone(page, png, predictor, picture):
    give(page, png)
    wait_for_result(page)
    labels = predictor(picture)
    first = page.locator("#legend input").first
    class_id = int(first.get_attribute("data-id"))
    first.focus()
    page.keyboard.press("Space")
    np.testing.assert_array_equal(canvas_ids(page, predictor), np.where(labels == class_id, 255, labels))
    page.locator("#none").press("Enter")
    assert (canvas_ids(page, predictor) == 255).all()
    page.locator("#all").press("Enter")
    np.testing.assert_array_equal(canvas_ids(page, predictor), labels)
    page.locator("#opacity").press("Home")
    assert page.evaluate("() => getComputedStyle(overlay).opacity") == "0"
    assert page.locator("#percent").inner_text() == "0 %"


def test_every_control_can_be_reached_by_the_tab_key(page, png):
    give(page, png)
    wait_for_result(page)
    reached = set()
    page.evaluate("() => document.activeElement.blur()")
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.id || document.activeElement.type"))
    assert {"another", "opacity", "all", "none", "checkbox", "download"} <= reached


def test_the_download_is_the_palette_png_of_the_ids(page, png, predictor, picture):
    give(page, png, "street.night.png")
    wait_for_result(page)
    with page.expect_download() as waiting:
        page.click("#download")
    assert waiting.value.suggested_filename == "street.night_labels.png"
    image = Image.open(waiting.value.path())
    assert image.mode == "P"
    np.testing.assert_array_equal(np.asarray(image), predictor(picture))


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_may_be_dropped_or_pasted(page, png, way):
    page.evaluate(
        """([way, base64]) => {
            const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "given.png", {type: "image/png"}));
            if (way === "drop") {
                dispatchEvent(new DragEvent("dragenter", {dataTransfer: data}));
                if (!stage.classList.contains("over")) throw new Error("nothing shows where to drop");
                dispatchEvent(new DragEvent("drop", {dataTransfer: data, cancelable: true}));
            } else {
                dispatchEvent(new ClipboardEvent("paste", {clipboardData: data}));
            }
        }""",
        [way, base64.b64encode(png).decode()],
    )
    wait_for_result(page)
    assert page.locator("#name").inner_text() == "given.png"
    assert page.locator(".over").count() == 0


def test_a_refusal_is_shown_with_its_reason_and_the_next_picture_takes_its_place(page, png):
    give(page, png[:60], "cut.png")
    page.wait_for_selector("#alert:not([hidden])")
    assert "damaged" in page.locator("#reason").inner_text()
    assert page.locator("#reference").inner_text().startswith("request ")
    give(page, png + bytes(2 << 20), "large.png")
    page.wait_for_selector("#reason:has-text('2.0 MB')")
    give(page, png)
    wait_for_result(page)
    assert page.locator("#alert").is_hidden()


def test_a_format_that_the_browser_does_not_know_shows_the_colours_alone(page, picture, predictor):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "TIFF")
    give(page, file.getvalue(), "street.tif")
    wait_for_result(page)
    page.wait_for_selector("#picture", state="hidden")
    np.testing.assert_array_equal(canvas_ids(page, predictor), predictor(picture))


def test_pointing_at_the_picture_names_the_class_under_the_pointer(page, png, predictor, picture):
    give(page, png)
    wait_for_result(page)
    box = page.locator("#frame").bounding_box()
    labels = predictor(picture)
    for y, x in ((10, 20), (40, 70)):
        page.mouse.move(box["x"] + (x + 0.5) / 84 * box["width"], box["y"] + (y + 0.5) / 50 * box["height"])
        assert page.locator("#probe").inner_text() == predictor.classes[labels[y, x]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_wider_than_the_screen_and_dark_is_dark(browser, service, png, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(service.url)
    page.wait_for_selector("#model:not(:empty)", state="attached")
    for _ in range(2):
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert (max(ground) < 60) == (scheme == "dark")
        give(page, png)
        wait_for_result(page)
    context.close()
