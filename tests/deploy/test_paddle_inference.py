# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The engines' settings for a graph."""

from unittest.mock import Mock

import paddle
import pytest

from paddleseg.deploy.engines import paddle_inference as engine
from paddleseg.deploy.engines.base import EngineOptions


@pytest.fixture
def graph(tmp_path):
    """Graph and weights of a network that takes an "image" of 4 channels."""
    spec = paddle.static.InputSpec([-1, 4, -1, 64], "float32", "image")
    network = paddle.jit.to_static(paddle.nn.Conv2D(4, 2, 3), input_spec=[spec], full_graph=True)
    paddle.jit.save(network, str(tmp_path / "graph"))
    [model] = [*tmp_path.glob("*.pdmodel"), *tmp_path.glob("*.json")]
    return str(model), str(tmp_path / "graph.pdiparams")


def test_tensorrt_gets_name_channels_and_fixed_sides_of_the_input(graph):
    config = Mock(prog_file=lambda: graph[0], params_file=lambda: graph[1])
    engine._configure_tensorrt(config, EngineOptions(device="gpu:0", use_trt=True), (-1, 4, -1, 64))
    config.set_trt_dynamic_shape_info.assert_called_once_with(
        {"image": [1, 4, 100, 64]}, {"image": [1, 4, 2000, 64]}, {"image": [1, 4, 512, 64]}
    )


def test_tensorrt_is_prepared_for_batches_from_one_picture_to_the_largest_batch(graph):
    shapes = engine.tensorrt_shapes(*graph, (-1, 4, 32, 64), batch_size=6)
    assert [shape["image"][0] for shape in shapes] == [1, 6, 6]
    config = Mock(prog_file=lambda: graph[0], params_file=lambda: graph[1])
    options = EngineOptions(device="gpu:0", use_trt=True, batch_size=6)
    engine._configure_tensorrt(config, options, (-1, 4, 32, 64))
    config.set_trt_dynamic_shape_info.assert_called_once_with(*shapes)
    assert config.enable_tensorrt_engine.call_args.kwargs["max_batch_size"] == 6


def test_a_fixed_batch_is_told_to_tensorrt(graph):
    shapes = engine.tensorrt_shapes(*graph, (2, 4, -1, -1))
    assert shapes == ({"image": [2, 4, 100, 100]}, {"image": [2, 4, 2000, 3000]}, {"image": [2, 4, 512, 1024]})
