# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The start: the network runs once before the service is up, at a size that it takes."""

import paddle
import pytest

from paddleseg.deploy.engines.paddle_inference import PaddleInference
from paddleseg.export.folder import ExportOptions, export_model
from paddleseg.utils.errors import DataError
from tests.commands.exported.running import with_deploy_yaml
from tests.export.small_network import NORMALIZE, SmallNetwork
from tests.messages import naming

RESIZE = [{"type": "Resize", "target_size": [80, 48]}, *NORMALIZE]


@pytest.fixture(scope="module")
def of_fixed_size(tmp_path_factory):
    paddle.seed(7)
    network = SmallNetwork()
    network.eval()
    folder = tmp_path_factory.mktemp("fixed") / "out"
    export_model(network, folder, transforms=NORMALIZE, options=ExportOptions(input_shape=(1, 3, 64, 96)))
    return folder


@pytest.fixture
def open_model():
    from paddleseg.deploy.serve.app import open_model
    from paddleseg.deploy.serve.settings import Settings

    return lambda folder, **settings: open_model(Settings(str(folder), device="cpu", cpu_threads=1, **settings))


@pytest.fixture
def events(monkeypatch):
    """What an engine is told: the shape of each batch, and the end of the warm-up."""
    happened, run = [], PaddleInference.run

    def noted_run(engine, inputs):
        happened.append(inputs[0].shape)
        return run(engine, inputs)

    monkeypatch.setattr(PaddleInference, "run", noted_run)
    monkeypatch.setattr(PaddleInference, "end_warm_up", lambda engine: happened.append("ended"))
    return happened


def test_a_graph_of_any_size_is_warmed_up_at_the_smallest(open_model, exported, events):
    open_model(exported)
    assert events == [(1, 3, 32, 32), "ended"]


def test_a_graph_of_fixed_size_is_warmed_up_at_it(open_model, of_fixed_size, events):
    open_model(of_fixed_size)
    assert events == [(1, 3, 64, 96), "ended"]


def test_transforms_that_resize_are_warmed_up_with_the_network(open_model, exported, events, tmp_path):
    open_model(with_deploy_yaml(exported, tmp_path / "out", transforms=RESIZE))
    assert events == [(1, 3, 48, 80), "ended"]


def test_a_calibrated_graph_is_warmed_up_at_that_size(open_model, exported, events, log, tmp_path):
    open_model(with_deploy_yaml(exported, tmp_path / "out", graphs=None, calibrated_size=[40, 56]))
    assert events == [(1, 3, 40, 56), "ended"]
    assert "was calibrated" not in log.text


def test_a_graph_that_no_picture_fits_ends_the_start(open_model, of_fixed_size, tmp_path):
    folder = with_deploy_yaml(of_fixed_size, tmp_path / "out", transforms=RESIZE)
    with pytest.raises(DataError, match=naming("[3, 48, 80]", "[3, 64, 96]", str(folder))):
        open_model(folder)


def test_a_graph_that_is_larger_than_the_bound_ends_the_start(open_model, exported, tmp_path):
    large = [{"type": "Resize", "target_size": [1001, 1000]}, *NORMALIZE]
    folder = with_deploy_yaml(exported, tmp_path / "out", transforms=large)
    with pytest.raises(DataError, match=naming("1001x1000", 1_000_000)):
        open_model(folder, max_network_megapixels=1)
    open_model(folder, max_network_megapixels=2)


@pytest.mark.parametrize(
    ("transforms", "size_wh", "found"),
    [
        (NORMALIZE, (2000, 1000), "2000x1000"),
        (NORMALIZE, (1000, 1000), None),
        (RESIZE, (2000, 1000), None),
        # Padded to 4 million pixels on the way, of its own 2 million; a strip would be padded to 400 million.
        ([{"type": "ScalePadding", "target_size": [64, 64]}, *NORMALIZE], (2000, 1000), None),
        ([{"type": "ScalePadding", "target_size": [64, 64]}, *NORMALIZE], (20000, 32), "20000x20000"),
        ([{"type": "PaddingByAspectRatio"}, *NORMALIZE], (1500, 100), "1500x1500"),
        ([{"type": "ResizeByShort", "short_size": 512}, *NORMALIZE], (20000, 32), "320000x512"),
    ],
)
def test_few_bytes_do_not_take_gigabytes_in_transforms_or_network(
    open_model, make_client, exported, tmp_path, transforms, size_wh, found
):
    from tests.deploy.serve.hostile import png_of_zeros

    folder = with_deploy_yaml(exported, tmp_path / "out", transforms=transforms)
    client = make_client(open_model(folder, max_network_megapixels=1))
    answer = client.post("/predict?output=labels", content=png_of_zeros(*size_wh))
    if found is None:
        assert answer.status_code == 200, answer.text
        return
    assert answer.status_code == 413, answer.text
    assert found in answer.json()["reason"]
