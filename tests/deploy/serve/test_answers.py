# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The service's answers: each output, chosen by query or Accept, is the predictor's result."""

import base64
import io
import json
import re
from importlib.resources import files

import numpy as np
import paddle
import pytest
from PIL import Image

import paddleseg
from paddleseg.export.folder import ExportOptions, export_model
from paddleseg.models import DDRNet_23_slim_cls
from paddleseg.utils.visualize import encode_image
from tests.commands.exported.running import with_deploy_yaml
from tests.deploy.serve.conftest import COLOURS
from tests.export.small_network import NORMALIZE


def decoded(answer):
    return Image.open(io.BytesIO(answer.content))


@pytest.fixture
def labels(predictor, picture):
    return predictor(picture)


def test_labels_are_grey_ids_and_colors_the_same_ids_with_the_palette(client, png, labels):
    grey = decoded(client.post("/predict?output=labels", content=png))
    coloured = decoded(client.post("/predict?output=colors", content=png))
    assert (grey.mode, coloured.mode) == ("L", "P")
    assert len(np.unique(labels)) > 1
    np.testing.assert_array_equal(np.asarray(grey), labels)
    np.testing.assert_array_equal(np.asarray(coloured), labels)
    assert np.reshape(coloured.getpalette(), (-1, 3))[:4].tolist() == COLOURS


def test_margins_are_grey_values_of_cells_in_units_of_a_twentieth(client, predictor, png, picture):
    margins = predictor.predict(picture).margins
    found = decoded(client.post("/predict?output=margins", content=png))
    assert (found.mode, found.size) == ("L", (11, 7))  # of 84 x 50 pixels
    assert 0 < margins.min() and len(np.unique(np.asarray(found))) > 10
    np.testing.assert_array_equal(np.asarray(found), np.minimum(np.rint(20 * margins), 255))


def test_a_folder_of_another_kit_whose_graph_gives_ids_has_all_but_margins(make_client, exported, png, tmp_path):
    names = {"graphs": None, "num_classes": None, "class_names": None, "palette": None}
    ids = paddleseg.load(with_deploy_yaml(exported, tmp_path / "ids", **names))
    client = make_client(ids)
    labels = np.asarray(decoded(client.post("/predict?output=labels", content=png)))
    np.testing.assert_array_equal(labels, ids(png))
    for output in ("colors", "overlay", "json&polygons=true&label_png=true"):
        assert client.post(f"/predict?output={output}", content=png).status_code == 200
    refused = client.post("/predict?output=margins", content=png)
    assert refused.status_code == 400 and "class ids only" in refused.json()["reason"]
    assert not client.get("/model").json()["margins"]


def test_margins_are_made_for_those_who_ask_alone(client, predictor, png, monkeypatch):
    made = []
    monkeypatch.setattr("paddleseg.deploy.exported_predictor.margin_map", lambda *_, **__: made.append(1))
    for output in ("labels", "overlay", "json"):
        assert client.post(f"/predict?output={output}", content=png).status_code == 200
    assert made == []


@pytest.mark.parametrize(("query", "opacity"), [("", 0.4), ("&opacity=0", 0.0), ("&opacity=1", 1.0)])
def test_an_overlay_has_the_opacity_that_is_asked_for(client, predictor, png, picture, labels, query, opacity):
    answer = client.post(f"/predict?output=overlay{query}", content=png)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == encode_image(predictor.overlay(picture, labels, opacity), ".jpg")


def test_json_says_areas_colours_and_times(client, png, picture, labels):
    answer = client.post("/predict?output=json", content=png, headers={"X-Request-ID": "my.id-7"})
    found = answer.json()
    assert (found["task"], found["height"], found["width"]) == ("segmentation", *labels.shape)
    assert {one["id"]: one["pixels"] for one in found["classes"]} == {
        int(i): int(n) for i, n in zip(*np.unique(labels, return_counts=True))
    }
    assert sum(one["share"] for one in found["classes"]) == pytest.approx(1, abs=1e-5)
    assert [one["pixels"] for one in found["classes"]] == sorted(
        (one["pixels"] for one in found["classes"]), reverse=True
    )
    first = found["classes"][0]
    assert first["color"] == "#" + bytes(COLOURS[first["id"]]).hex()
    assert set(found["milliseconds"]) == {"decode", "network", "label_map", "encode"}
    assert found["request_id"] == answer.headers["x-request-id"] == "my.id-7"
    assert re.fullmatch(r"(\w+;dur=[\d.]+(, )?){4}", answer.headers["server-timing"])
    assert "polygons" not in found and "label_png" not in found


def test_json_holds_the_palette_png_if_asked_for(client, png, labels):
    found = client.post("/predict?output=json&label_png=true", content=png).json()
    image = Image.open(io.BytesIO(base64.b64decode(found["label_png"])))
    np.testing.assert_array_equal(np.asarray(image), labels)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("image/png", "image/png"),
        ("text/html, image/jpeg;q=0.5, image/png;q=0.2", "image/jpeg"),
        ("image/*;q=0.9, application/json;q=0.1", "image/png"),
        ("image/*, image/png;q=0", "image/jpeg"),
    ],
)
def test_without_a_query_the_accept_header_decides(client, png, accept, kind):
    headers = {} if accept is None else {"Accept": accept}
    if accept is None:
        client.headers.pop("accept")
    answer = client.post("/predict", content=png, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


def test_the_query_goes_before_the_accept_header(client, png):
    answer = client.post("/predict?output=labels", content=png, headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    "kind", ["image/png", "application/octet-stream", "application/x-www-form-urlencoded", "image/x-odd"]
)
def test_raw_bytes_and_a_form_give_the_same(client, png, kind):
    raw = client.post("/predict?output=labels", content=png, headers={"Content-Type": kind})
    form = client.post("/predict?output=labels", files={"picture": ("../../etc/passwd", png)}, data={"note": "hello"})
    assert raw.status_code == form.status_code == 200
    assert raw.content == form.content


def test_nothing_of_a_form_goes_to_the_disk(client, png, monkeypatch):
    import tempfile

    def refuse(*_, **__):
        raise AssertionError("a temporary file was made")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    large = png + bytes(2 << 20)  # above what libraries keep in memory; bytes behind the end of a PNG file are ignored
    assert client.post("/predict", files={"picture": ("a.png", large)}).status_code == 200


def test_polygons_cover_the_regions_that_they_are_of(client, png, labels):
    import cv2

    found = client.post("/predict?polygons=true&tolerance=0&min_pixels=1", content=png).json()["polygons"]
    drawn = np.full(labels.shape, 255, np.uint8)
    for region in found:  # the largest first, so that what lies in holes comes later
        cv2.fillPoly(drawn, [np.array(region["exterior"])], region["class_id"])
    np.testing.assert_array_equal(drawn, labels)
    assert sum(region["pixels"] for region in found) == labels.size
    fewer = client.post("/predict?polygons=true&tolerance=0&min_pixels=100", content=png).json()["polygons"]
    assert fewer == [region for region in found if region["pixels"] >= 100]


def test_a_classifier_answers_classes_and_refuses_pictures(make_client, png, tmp_path):
    paddle.seed(3)
    network = DDRNet_23_slim_cls(num_classes=3)
    network.eval()
    options = ExportOptions("softmax", task="classification")
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=options, class_names=["a", "b", "c"])
    client = make_client(paddleseg.load(tmp_path / "out"))
    found = client.post("/predict", content=png).json()
    assert found["task"] == "classification"
    assert sorted(one["name"] for one in found["classes"]) == ["a", "b", "c"]
    assert client.get("/model").json()["task"] == "classification"
    for query in ("output=labels", "output=margins", "polygons=true"):
        assert client.post(f"/predict?{query}", content=png).status_code == 400
    # A browser's picture type in Accept is no wish for a picture then either.
    assert client.post("/predict", content=png, headers={"Accept": "image/png"}).status_code == 400


def test_the_page_comes_from_the_package_with_a_policy_that_runs_nothing_else(client):
    for path, kind in (("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css"),
                       ("/view.js", "text/javascript"), ("/label_png.js", "text/javascript"),
                       ("/icon.svg", "image/svg+xml")):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = client.get("/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|https?://", page)


def test_model_health_and_figures(client, png):
    model = client.get("/model").json()
    assert [one["name"] for one in model["classes"]] == ["road", "sky", "<b>car</b>", "tree"]
    assert model["max_bytes"] == 16 << 20 and model["margins"]
    assert (model["max_pixels"], model["max_network_pixels"]) == (34_000_000, 13_000_000)
    assert client.get("/health").json() == {"status": "ok", "requests_in_hand": 0, "queue": 32}
    client.post("/predict", content=png)
    client.post("/predict")
    client.get("/no/such/place")
    figures = client.get("/metrics").text
    for line in ('ddrnet_requests_total{path="/predict",status="200"} 1.0',
                 'ddrnet_requests_total{path="/predict",status="400"} 1.0',
                 'ddrnet_requests_total{path="other",status="404"} 1.0',
                 'ddrnet_stage_seconds_count{stage="network"} 1.0', "ddrnet_pixels_total 4200.0",
                 "ddrnet_requests_in_hand 0.0"):  # fmt: skip
        assert line in figures.splitlines()


def test_the_openapi_document_has_just_the_addresses_parameters_and_outputs_that_there_are(client):
    from paddleseg.deploy.serve.wishes import _READERS, OUTPUTS

    document = json.loads((files("paddleseg.deploy.serve") / "openapi.json").read_text())
    assert client.get("/openapi.json").json() == document
    assert document["info"]["version"] == paddleseg.__version__
    for path, methods in document["paths"].items():
        for method in ("get", "post"):
            status = client.request(method, path).status_code
            assert (status == 405) == (method not in methods), (method, path)
    parameters = document["paths"]["/predict"]["post"]["parameters"]
    assert [one["name"] for one in parameters] == list(_READERS)
    assert tuple(parameters[0]["schema"]["enum"]) == OUTPUTS
