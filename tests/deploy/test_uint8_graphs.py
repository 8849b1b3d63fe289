# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Folders with graphs that normalise their pictures themselves, with int8 graphs, and with no graph of Paddle."""

import cv2
import numpy as np
import paddle
import pytest

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.label_map import label_maps
from tests.deploy.graphs import BIAS, CLASSES, MEAN, STD, WEIGHTS, expected_logits, write_folder, write_onnx


class Stride8(paddle.nn.Layer):
    """The network of ``graphs`` in Paddle, for uint8 pictures (N, H, W, C) or normalised ones."""

    def __init__(self, uint8: bool) -> None:
        super().__init__()
        self.layer = paddle.nn.Conv2D(3, CLASSES, 9, stride=8, padding=4)
        self.layer.weight.set_value(WEIGHTS)
        self.layer.bias.set_value(BIAS)
        self.uint8 = uint8

    def forward(self, x):
        if self.uint8:
            x = ((x.astype("float32") / 255 - MEAN) / STD).transpose([0, 3, 1, 2])
        return self.layer(x)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A main graph of float32 and one of uint8, both of logits at 1/8."""
    folder = tmp_path_factory.mktemp("graphs")
    for name, dtype, shape in (("float", "float32", [-1, 3, -1, -1]), ("uint8", "uint8", [-1, -1, -1, 3])):
        spec = paddle.static.InputSpec(shape, dtype, "x")
        static = paddle.jit.to_static(Stride8(dtype == "uint8"), input_spec=[spec], full_graph=True)
        paddle.jit.save(static, str(folder / name))
    return folder


def graphs_of(folder):
    """By name, the keys of deploy.yaml that name the files."""
    suffix = ".pdmodel" if (folder / "float.pdmodel").is_file() else ".json"
    return {name: {"model": name + suffix, "params": f"{name}.pdiparams"} for name in ("float", "uint8")}


def picture(*shape: int, dtype=np.uint8) -> np.ndarray:
    clouds = np.random.default_rng(1).integers(0, 256, (5, 6, 3), np.uint8)
    return cv2.resize(clouds, shape[::-1]).astype(dtype)


def expected_labels(pixels: np.ndarray) -> np.ndarray:
    images = ((pixels[np.newaxis] / 255 - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32)
    [labels] = label_maps(expected_logits(images), pixels.shape[:2], [[]])
    return labels


def test_a_graph_of_uint8_gets_the_picture_as_it_is_and_gives_the_same_labels(folder):
    graphs = graphs_of(folder)
    stride8 = {**graphs["uint8"], "gives": "stride8", "input": "uint8"}
    write_folder(folder, graphs["float"], graphs={"of_pictures": stride8})
    segmenter = Segmenter(read_deploy_config(folder))
    assert segmenter.graph.model.stem == "uint8"
    for size in ((64, 96), (41, 55)):
        pixels = picture(*size)
        item = segmenter.prepare(pixels)
        assert item.image.dtype == np.uint8 and item.size_hw == size
        [labels] = segmenter.label_maps([item])
        expected = expected_labels(pixels)
        assert len(np.unique(expected)) > 1
        assert (labels == expected).mean() > 0.999


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_graph_of_uint8_refuses_pictures_of_more_bits_in_one_line(folder, dtype):
    graphs = graphs_of(folder)
    write_folder(folder, graphs["float"], graphs={"stride8": {**graphs["uint8"], "input": "uint8"}})
    segmenter = Segmenter(read_deploy_config(folder))
    name = np.dtype(dtype).name
    with pytest.raises(
        DataError, match=rf"^deep\.png: reaches the network as {name}, but uint8\..* takes uint8"
    ) as caught:
        segmenter.prepare(picture(40, 40, dtype=dtype), "deep.png")
    assert "\n" not in str(caught.value)


def test_a_picture_of_another_size_than_a_graph_takes_is_named(folder):
    graphs = graphs_of(folder)
    fixed = {**graphs["uint8"], "input": "uint8", "input_shape": [1, 3, 64, 96]}
    write_folder(folder, graphs["float"], graphs={"stride8": fixed})
    segmenter = Segmenter(read_deploy_config(folder))
    segmenter.prepare(picture(64, 96))
    with pytest.raises(
        DataError, match=r"^p: reaches the network as \[C, H, W\] = \[3, 40, 96\], .* \[3, 64, 96\] only"
    ):
        segmenter.prepare(picture(40, 96), "p")


def test_an_output_of_another_size_than_deploy_yaml_says_is_one_line(folder):
    graphs = graphs_of(folder)
    write_folder(folder, {**graphs["float"], "output_op": "softmax"})
    segmenter = Segmenter(read_deploy_config(folder))
    with pytest.raises(
        ConfigError, match=r"has the shape \[1, 4, 8, 12\], not that of scores \[N, K, H, W\] \(softmax\)"
    ):
        segmenter.label_maps([segmenter.prepare(picture(64, 96))])


@pytest.mark.extras("onnx", "onnxruntime")
def test_an_int8_graph_warns_once_at_another_size_than_it_was_calibrated_at(tmp_path, caplog):
    write_onnx(tmp_path / "model.onnx")
    main = {"model": "model.onnx", "precision": "int8", "calibrated_size": [64, 96]}
    options = EngineOptions(backend="onnxruntime", precision="int8")
    segmenter = Segmenter(
        read_deploy_config(write_folder(tmp_path, {**main, "output_op": None})), options, gives_scores=True
    )
    for size in ((64, 96), (40, 96), (48, 96)):
        segmenter.label_maps([segmenter.prepare(picture(*size), f"{size[0]}.png")])
    [warning] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith("40.png: model.onnx was calibrated at (height, width) = (64, 96) and runs at (40, 96)")


@pytest.mark.extras("onnx", "openvino", "onnxruntime")
@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("uint8", [False, True])
def test_a_folder_without_a_graph_of_paddle_gives_label_maps(backend, uint8, tmp_path, capsys):
    write_onnx(tmp_path / "small.onnx", uint8=uint8)
    dtype = "uint8" if uint8 else "float32"
    stride8 = {"model": "small.onnx", "input": dtype}
    write_folder(tmp_path, {"model": "small.onnx", "input": dtype}, graphs={"stride8": stride8})
    segmenter = Segmenter(read_deploy_config(tmp_path), EngineOptions(backend=backend, cpu_threads=1))
    assert f"INFO: small.onnx: {segmenter.engine.about}, cpu, fp32, 1 thread(s)" in capsys.readouterr().out
    pixels = picture(49, 70)
    [labels] = segmenter.label_maps([segmenter.prepare(pixels)])
    assert (labels == expected_labels(pixels)).mean() > 0.999
