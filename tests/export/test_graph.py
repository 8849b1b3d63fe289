# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Static graphs against their networks, mostly with a small one that has DDRNet's outputs."""

from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle.nn import functional as F

from paddleseg.deploy.deploy_config import read_deploy_config
from paddleseg.deploy.engines import open_engine
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.export.folder import export_model
from paddleseg.export.options import ExportOptions
from paddleseg.models import DDRNet_23_slim
from paddleseg.utils.errors import WeightsError
from tests.export.small_network import GRAPH_FORMATS, NORMALIZE, SmallNetwork, export_and_load, normal, outputs


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_the_argmax_graph_gives_the_networks_classes_at_any_size_and_batch(network, tmp_path, graph_format):
    engine = export_and_load(network, tmp_path / "out", ExportOptions(graph_format=graph_format))
    for shape in [(1, 3, 64, 96), (2, 3, 321, 255), (1, 3, 33, 47)]:
        x = normal(*shape)
        labels = engine(x)
        assert labels.dtype == np.int32
        assert labels.shape == (shape[0], *shape[2:])
        assert (labels == outputs(network, x).argmax(axis=1)).mean() > 0.9999
    batch = normal(2, 3, 48, 64)
    assert (engine(batch) == np.concatenate([engine(batch[:1]), engine(batch[1:])])).all()


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_of_equal_logits_the_lowest_class_wins(tmp_path, graph_format):
    # As many classes as on Cityscapes: with a few, other ways to find the maximum take the lowest too.
    network = SmallNetwork(num_classes=19)
    network.head.weight.set_value(np.zeros([19, 8, 1, 1], "float32"))
    network.head.bias.set_value(np.array([0, 0, 0] + 16 * [1], "float32"))
    engine = export_and_load(network, tmp_path / "out", ExportOptions(graph_format=graph_format))
    assert (engine(normal(1, 3, 40, 40)) == 3).all()


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_logits_and_probabilities_come_at_the_size_of_the_input(network, tmp_path, graph_format):
    x = normal(1, 3, 50, 41)
    logits = outputs(network, x)
    engine = export_and_load(network, tmp_path / "a", ExportOptions("none", graph_format=graph_format))
    np.testing.assert_allclose(engine(x), logits, atol=1e-5)
    engine = export_and_load(network, tmp_path / "b", ExportOptions("softmax", graph_format=graph_format))
    exponentials = np.exp(logits)
    np.testing.assert_allclose(engine(x), exponentials / exponentials.sum(axis=1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_the_auxiliary_head_is_not_exported(tmp_path, graph_format):
    sizes = []  # mentions of convolutions in the graph, bytes of weights
    for auxiliary in (True, False):
        folder = tmp_path / str(auxiliary)
        options = ExportOptions(graph_format=graph_format)
        export_model(SmallNetwork(auxiliary=auxiliary), folder, transforms=NORMALIZE, options=options)
        graph, weights = folder / f"model.{graph_format}", folder / "model.pdiparams"
        sizes.append((graph.read_bytes().count(b"conv2d"), weights.stat().st_size))
    assert sizes[0] == sizes[1]


class LogitsOfForward(SmallNetwork):
    """Has its logits at 1/8 from those at the size of the input."""

    def forward(self, x):
        return [F.interpolate(self.head(F.relu(self.norm(self.trunk(x)))), size=x.shape[2:], mode="bilinear")]

    def forward_stride8(self, x):
        return [F.avg_pool2d(y, 8, ceil_mode=True) for y in self.forward(x)]


class LogitsOfCall(LogitsOfForward):
    """The same with the network called in place of its method."""

    def forward_stride8(self, x):
        return [F.avg_pool2d(y, 8, ceil_mode=True) for y in self(x)]


@pytest.mark.parametrize("kind", [LogitsOfForward, LogitsOfCall])
@pytest.mark.parametrize("ignored", [None, 1])
@pytest.mark.parametrize("graph_format", GRAPH_FORMATS)
def test_logits_at_one_eighth_may_be_made_of_those_of_forward(tmp_path, kind, ignored, graph_format):
    network = kind(auxiliary=False)
    network.eval()
    x = normal(1, 3, 48, 64)
    expected = network.forward_stride8(paddle.to_tensor(x))[0].numpy()
    for output_op in ("argmax", "none"):
        options = ExportOptions(output_op, graph_format=graph_format)
        path = export_model(network, tmp_path / output_op, transforms=NORMALIZE, options=options, ignored_class=ignored)
        assert "forward" not in vars(network)
        files = read_deploy_config(path).graphs["stride8"]
        found = open_engine(files)(x)
        kept = [i for i in range(4) if i != ignored]
        np.testing.assert_allclose(found[:, kept], expected[:, kept], atol=1e-5)


def test_a_network_in_training_mode_is_exported_in_evaluation_mode(network, tmp_path):
    network.train()
    engine = export_and_load(network, tmp_path / "out", ExportOptions("none"))
    assert network.training
    assert network.norm.training
    network.eval()
    x = normal(2, 3, 32, 32)
    np.testing.assert_allclose(engine(x), outputs(network, x), atol=1e-5)


def test_eager_and_static_work_go_on_after_an_export_in_the_older_format(network, tmp_path):
    x = paddle.to_tensor(normal(1, 3, 32, 32))
    before = network(x)[0].numpy()
    flag = paddle.get_flags("FLAGS_enable_pir_api")
    export_model(network, tmp_path / "out", transforms=NORMALIZE, options=ExportOptions(graph_format="pdmodel"))
    assert paddle.get_flags("FLAGS_enable_pir_api") == flag
    static = paddle.jit.to_static(SmallNetwork(), full_graph=True)
    static.set_state_dict(network.state_dict())
    static.eval()
    np.testing.assert_allclose(static(x)[0].numpy(), before, atol=1e-5)


@pytest.fixture(scope="module")
def exported_ddrnet(tmp_path_factory):
    """DDRNet_23_slim with an auxiliary head, in evaluation mode, and its export without argmax."""
    paddle.seed(1)
    network = DDRNet_23_slim(num_classes=5, enable_auxiliary_loss=True)
    network.eval()
    options = ExportOptions("none", graph_format="pdmodel")
    folder = tmp_path_factory.mktemp("ddrnet") / "out"
    return network, read_deploy_config(export_model(network, folder, transforms=NORMALIZE, options=options))


def test_ddrnet_is_exported_without_its_auxiliary_head(exported_ddrnet):
    network, config = exported_ddrnet
    state = network.state_dict()
    num_weights = sum(int(np.prod(value.shape)) for name, value in state.items() if "aux_head" not in name)
    # Each tensor has a header of a few dozen bytes; the head would add 150 kB.
    assert 4 * num_weights < config.main_graph.params.stat().st_size < 4 * num_weights + 64 * len(state)
    engine = open_engine(config.main_graph)
    for shape in [(2, 3, 65, 97), (1, 3, 64, 128)]:
        x = normal(*shape)
        reference = outputs(network, x)
        assert np.abs(engine(x) - reference).max() < 2e-5 * np.abs(reference).max()


def test_bf16_is_close_where_the_cpu_has_it(exported_ddrnet):
    cpu_info = Path("/proc/cpuinfo")
    if not cpu_info.exists() or "avx512bw" not in cpu_info.read_text():
        pytest.skip("needs a CPU with AVX512, which bf16 takes (avx512bw in /proc/cpuinfo)")
    network, config = exported_ddrnet
    engine = open_engine(config.main_graph, EngineOptions(precision="bf16"))
    x = normal(1, 3, 64, 128)
    reference = outputs(network, x)
    # More than float32's rounding: it really was bf16, with 8 bits of mantissa.
    assert 1e-4 < np.abs(engine(x) - reference).max() / np.abs(reference).max() < 0.05


def test_a_damaged_export_is_a_one_line_error(network, tmp_path):
    config = read_deploy_config(export_model(network, tmp_path / "out", transforms=NORMALIZE))
    for file in (config.main_graph.params, config.main_graph.model):
        file.write_bytes(file.read_bytes()[:100])
        with pytest.raises(WeightsError, match="cannot load") as caught:
            open_engine(config.main_graph)
        assert str(file) in str(caught.value)
        assert "\n" not in str(caught.value)
