# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A segmenter's results from the outputs of a graph, with an engine that returns arrays of the test."""

from pathlib import Path

import numpy as np
import pytest

from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.engines.base import Engine
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.utils.errors import ConfigError

SIZE_HW = (5, 7)
OF_IDS = GraphSpec(Path("ids.onnx"), None, "argmax", "onnx")
OF_PROBABILITIES = GraphSpec(Path("probabilities.onnx"), None, "softmax", "onnx")


class Giving(Engine):
    """An engine that gives one array for each picture."""

    backend, about, run_errors = "test", "a test", ()

    def __init__(self, graph: GraphSpec, output: np.ndarray) -> None:
        super().__init__(graph)
        self._output = output

    def run(self, inputs):
        return [np.stack([self._output] * len(inputs[0]))]

    def clone(self):
        return self


def segmenter_of(output: np.ndarray, graph: GraphSpec, **graphs: GraphSpec) -> Segmenter:
    config = DeployConfig(Path("deploy.yaml"), OF_IDS, [], num_classes=4, graphs=graphs)
    return Segmenter(config, engine=Giving(graph, output))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_class_ids_of_any_type_become_label_maps_of_uint8(dtype):
    ids = np.arange(35).reshape(SIZE_HW) % 4
    segmenter = segmenter_of(ids.astype(dtype), OF_IDS)
    items = [segmenter.prepare(np.zeros((*SIZE_HW, 3), np.uint8))] * 2
    for labels in segmenter.label_maps(items):
        assert labels.dtype == np.uint8
        np.testing.assert_array_equal(labels, ids)


@pytest.mark.parametrize("wrong", [-1, 256])
def test_class_ids_that_no_label_map_can_hold_are_refused(wrong):
    ids = np.zeros(SIZE_HW, np.int32)
    ids[2, 3] = wrong
    segmenter = segmenter_of(ids, OF_IDS)
    with pytest.raises(ConfigError, match=rf"ids\.onnx gives class ids from .*{wrong}.*; label maps have 0 to 255"):
        segmenter.label_maps([segmenter.prepare(np.zeros((*SIZE_HW, 3), np.uint8))])


def test_probabilities_of_a_further_graph_become_logits_too():
    logits = np.random.default_rng(1).normal(size=(4, *SIZE_HW)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=0)
    segmenter = segmenter_of(probabilities, OF_PROBABILITIES, softmax_onnx=OF_PROBABILITIES)
    found = segmenter.to_logits(probabilities)
    np.testing.assert_allclose(found - found[0], logits - logits[0], atol=1e-5)


@pytest.mark.parametrize(
    ("gives", "shape", "advice"),
    [
        (None, (4, *SIZE_HW), "give --with_argmax for a graph of scores"),
        ("argmax", (4, *SIZE_HW), "correct output_op or task in it"),
        ("argmax", (4,), "correct output_op or task in it"),  # of a classifier
        ("softmax", SIZE_HW, "correct output_op or task in it"),
        ("stride8", (4, *SIZE_HW), "correct output_op or task in it"),
    ],
)
def test_an_output_of_another_form_than_is_said_is_refused_with_what_helps(gives, shape, advice):
    graph = GraphSpec(Path("graph.onnx"), None, gives, "onnx")
    segmenter = segmenter_of(np.zeros(shape, np.float32), graph)
    with pytest.raises(ConfigError, match=rf"^deploy\.yaml: the output of graph\.onnx has the shape .*; {advice}$"):
        segmenter.run([segmenter.prepare(np.zeros((*SIZE_HW, 3), np.uint8))])
