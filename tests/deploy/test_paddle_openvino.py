# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The OpenVINO in Paddle's wheel gives oneDNN's results, and leaves nothing behind."""

import os
import re
import threading

import numpy as np
import paddle
import pytest
from paddle import inference

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines import open_engine
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.deploy.segmenter import Segmenter
from paddleseg.export.folder import ExportOptions, export_model
from paddleseg.export.graph import save_graph
from paddleseg.models import DDRNet_23_slim, DDRNet_23_slim_cls

pytestmark = pytest.mark.skipif(
    not hasattr(inference.Config, "enable_openvino_engine") or paddle.is_compiled_with_cuda(),
    reason="needs a Paddle 3 for the CPU, whose wheel carries OpenVINO",
)
# Odd sides, sides that change and come back, batches.
SIZES = [(1, 64, 96), (2, 65, 97), (3, 33, 47), (1, 101, 131), (1, 64, 96)]
NORMALIZE = [{"type": "Normalize"}]
PDMODEL = "pdmodel"


def with_statistics(network):
    """Random weights whose batch-norm statistics fit, so that several classes are predicted."""
    random = np.random.default_rng(0)
    for _ in range(3):
        network(paddle.to_tensor(random.uniform(-1, 1, (2, 3, 64, 64)).astype("float32")))
    network.eval()
    return network


def exported(network, folder, **options):
    made = ExportOptions(graph_format=PDMODEL, **options)
    return read_deploy_config(export_model(network, folder, transforms=NORMALIZE, options=made))


@pytest.fixture(scope="module")
def segmentation(tmp_path_factory):
    paddle.seed(3)
    return exported(with_statistics(DDRNet_23_slim(num_classes=5)), tmp_path_factory.mktemp("segmentation") / "out")


@pytest.mark.parametrize("main_graph", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_label_maps_are_those_of_onednn(segmentation, main_graph, threads):
    ours, onednn = (
        Segmenter(segmentation, EngineOptions(cpu_threads=threads, enable_mkldnn=onednn), main_graph=main_graph)
        for onednn in (None, True)
    )
    assert (ours.engine.about, onednn.engine.about) == (
        f"OpenVINO in Paddle {paddle.__version__}",
        f"oneDNN in Paddle {paddle.__version__}",
    )
    random, classes = np.random.default_rng(2), set()
    for batch_size, height, width in SIZES:
        pictures = random.integers(0, 256, (batch_size, height, width, 3), np.uint8)
        batch = [ours.prepare(picture) for picture in pictures]
        found, expected = np.stack(ours.label_maps(batch)), np.stack(onednn.label_maps(batch))
        assert found.shape == (batch_size, height, width)
        # Two classes that are equally good to 1e-5 may change places.
        assert (found == expected).mean() > 0.9999
        classes.update(np.unique(found))
    assert len(classes) > 1


def test_a_classifier_gives_the_probabilities_that_onednn_gives(tmp_path):
    paddle.seed(3)
    network = with_statistics(DDRNet_23_slim_cls(num_classes=5))
    graph = exported(network, tmp_path / "out", output_op="softmax", task="classification").main_graph
    ours, onednn = (open_engine(graph, EngineOptions(enable_mkldnn=flag)) for flag in (None, True))
    for batch_size, height, width in SIZES:
        images = np.random.default_rng(1).uniform(-1, 1, (batch_size, 3, height, width)).astype(np.float32)
        np.testing.assert_allclose(ours(images), onednn(images), atol=2e-5)
    assert ours.options.enable_mkldnn is None and onednn.options.enable_mkldnn is True


class Weighted(paddle.nn.Layer):
    """The sum of the channels times a weight. All of these have the same names of variables."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        weights = paddle.nn.initializer.Constant(weight)
        self.layer = paddle.nn.Conv2D(3, 1, 1, weight_attr=weights, bias_attr=False)

    def forward(self, x):
        return paddle.nn.functional.relu(self.layer(x))


class WithDigamma(Weighted):
    """OpenVINO has no such operator."""

    def forward(self, x):
        return paddle.digamma(super().forward(x))


def save(network_type, folder, *arguments, pir: bool = False) -> GraphSpec:
    """As export.py writes graphs, with names that start afresh as in a process of its own."""
    with paddle.utils.unique_name.guard():
        save_graph(network_type(*arguments), folder / "graph", [-1, 3, -1, -1], pir=pir)
    kind = "json" if pir else PDMODEL
    return GraphSpec(folder / f"graph.{kind}", folder / "graph.pdiparams", "none", kind)


def test_two_exports_of_one_network_stay_apart_in_one_process_and_in_clones(tmp_path):
    ones = np.ones([1, 3, 4, 4], np.float32)
    engines = []
    for weight in (1.0, 2.0, 3.0):
        folder = tmp_path / str(weight)
        folder.mkdir()
        engines.append(open_engine(save(Weighted, folder, weight)))
        assert "OpenVINO" in engines[-1].about
    engines.append(engines[0].clone())
    assert [float(engine(ones).max()) for engine in engines] == [3, 6, 9, 3]
    del engines[1]
    assert [float(engine(ones).max()) for engine in engines] == [3, 9, 3]
    found = {0: set(), 2: set()}

    def run(index):
        images = np.full([1, 3, 4 + index, 4], index + 1, np.float32)
        for _ in range(50):
            output = engines[index](images)
            found[index].add((output.shape, float(output.min()), float(output.max())))

    threads = [threading.Thread(target=run, args=(index,)) for index in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: {((1, 1, 4, 4), 3.0, 3.0)}, 2: {((1, 1, 6, 4), 9.0, 9.0)}}


def test_nothing_is_left_where_the_user_stands_nor_among_temporary_files(tmp_path, monkeypatch):
    graph = save(Weighted, tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    engine = open_engine(graph)
    engine(np.ones([1, 3, 4, 4], np.float32))
    assert "OpenVINO" in engine.about
    assert os.listdir(tmp_path / "here") == os.listdir(tmp_path / "temporary") == []


@pytest.mark.parametrize(
    ("network_type", "pir", "reason"),
    [(WithDigamma, False, "."), (Weighted, True, "it runs .pdmodel graphs only")],
)
def test_onednn_runs_what_openvino_does_not_take_and_the_log_says_why(network_type, pir, reason, tmp_path, caplog):
    graph = save(network_type, tmp_path, pir=pir)
    engine = open_engine(graph)
    assert engine.about == f"oneDNN in Paddle {paddle.__version__}"
    [line] = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(rf"{graph.model}: Paddle's own OpenVINO cannot run it \(.*{reason}.*\); oneDNN does", line)
    assert engine(np.ones([1, 3, 4, 4], np.float32)).shape == (1, 1, 4, 4)
