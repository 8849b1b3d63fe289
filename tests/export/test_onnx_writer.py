# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX models against their networks, in onnxruntime."""

from types import MethodType

import numpy as np
import paddle
import pytest
from paddle import nn
from paddle.nn import functional as F

from paddleseg import models
from paddleseg.export.options import GraphRequest
from paddleseg.models.weights import apply_weights
from paddleseg.transforms import Normalize
from paddleseg.utils.errors import ConfigError
from tests.export.small_network import SmallNetwork, normal
from tests.export.tiny_weights import with_made_up_weights

onnx = pytest.importorskip("onnx", reason="needs the package onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs the package onnxruntime")

from paddleseg.export.onnx_graph import OnnxGraph  # noqa: E402
from paddleseg.export.onnx_writer import onnx_model  # noqa: E402

pytestmark = pytest.mark.extras("onnx", "onnxruntime")

SIZES = ["DDRNet_23_slim", "DDRNet_23", "DDRNet_39"]
ODD_AND_EVEN = [(2, 3, 65, 97), (1, 3, 64, 96), (1, 3, 33, 47)]
RELATIVE = 1e-5


@pytest.fixture(scope="module")
def slim():
    return with_made_up_weights(models.DDRNet_23_slim(num_classes=6))


def run(model, images: np.ndarray) -> np.ndarray:
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    [output] = session.run(None, {"images": images})
    return output


@paddle.no_grad()
def expected(network, images: np.ndarray, gives: str = "stride8") -> np.ndarray:
    x = paddle.to_tensor(images)
    logits = network.forward_stride8(x)[0] if gives == "stride8" else network(x)
    logits = logits[0] if isinstance(logits, list) else logits
    return (F.softmax(logits, axis=1) if gives == "softmax" else logits).numpy()


def assert_close(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < RELATIVE * np.abs(wanted).max()


def operators(model) -> set[str]:
    return {node.op_type for node in model.graph.node}


@pytest.mark.parametrize("padding_mode", ["official", "paddleseg"])
@pytest.mark.parametrize("arch", SIZES)
def test_each_size_gives_the_networks_logits_at_any_size_and_batch(arch, padding_mode):
    network = with_made_up_weights(getattr(models, arch)(num_classes=5, padding_mode=padding_mode))
    model = onnx_model(network, GraphRequest())
    for shape in ODD_AND_EVEN:
        assert_close(run(model, normal(*shape)), expected(network, normal(*shape)))


@pytest.mark.parametrize("arch", SIZES)
def test_each_classifier_gives_the_networks_logits(arch):
    network = with_made_up_weights(getattr(models, f"{arch}_cls")(num_classes=7))
    model = onnx_model(network, GraphRequest("none", task="classification"))
    for shape in ODD_AND_EVEN:
        assert_close(run(model, normal(*shape)), expected(network, normal(*shape), "none"))


@pytest.mark.parametrize("opset", [11, 12, 17, 19])
@pytest.mark.parametrize("gives", ["stride8", "none", "softmax", "argmax"])
def test_each_opset_gives_the_same(slim, gives, opset):
    model = onnx_model(slim, GraphRequest(gives, opset=opset))
    assert [entry.version for entry in model.opset_import] == [opset]
    x = normal(2, 3, 65, 97)
    found, wanted = run(model, x), expected(slim, x, gives)
    if gives != "argmax":
        assert_close(found, wanted)
        return
    assert found.dtype == np.int32
    assert (found == wanted.argmax(axis=1)).all()
    assert len(np.unique(found)) > 1


@pytest.mark.parametrize("gives", ["none", "softmax", "argmax"])
@pytest.mark.parametrize("opset", [11, 17])
def test_a_classifier_gives_what_is_asked_for(gives, opset):
    network = with_made_up_weights(models.DDRNet_23_slim_cls(num_classes=7))
    request = GraphRequest(gives, opset=opset, task="classification")
    x = normal(3, 3, 64, 96)
    found, wanted = run(onnx_model(network, request), x), expected(network, x, gives)
    if gives == "argmax":
        assert found.dtype == np.int32
        assert found.tolist() == wanted.argmax(axis=1).tolist()
    else:
        assert_close(found, wanted)


def test_of_equal_logits_the_lowest_class_wins(slim):
    network = with_made_up_weights(models.DDRNet_23_slim(num_classes=19))
    network.head.conv.weight.set_value(np.zeros(network.head.conv.weight.shape, "float32"))
    network.head.conv.bias.set_value(np.array([0, 0, 0] + 16 * [1], "float32"))
    assert (run(onnx_model(network, GraphRequest("argmax")), normal(1, 3, 40, 56)) == 3).all()


@pytest.mark.parametrize("gives", ["stride8", "argmax"])
def test_an_ignored_class_is_never_given(slim, gives):
    x = normal(1, 3, 65, 97)
    plain = expected(slim, x, gives)
    ignored = int(plain.mean(axis=(0, 2, 3)).argmax())
    found = run(onnx_model(slim, GraphRequest(gives, ignored_class=ignored)), x)
    others = [k for k in range(6) if k != ignored]
    if gives == "stride8":
        assert_close(found[:, others], plain[:, others])
        assert found[:, ignored].max() < -9000
    else:
        assert (found == np.array(others)[plain[:, others].argmax(axis=1)]).all()


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("shape", [None, (1, 65, 97)])
def test_uint8_pictures_are_normalised_in_the_graph(channels, shape):
    network = with_made_up_weights(models.DDRNet_23_slim(num_classes=4, in_channels=channels))
    normalize = Normalize(mean=[0.1 + 0.1 * c for c in range(channels)], std=[0.2])
    input_shape = (-1, channels, -1, -1) if shape is None else (shape[0], channels, *shape[1:])
    model = onnx_model(network, GraphRequest("none", input_shape, input_dtype="uint8", normalize=normalize))
    pictures = np.random.default_rng(2).integers(0, 256, (1, 65, 97, channels), dtype=np.uint8)
    images = np.stack([normalize.apply(picture).transpose(2, 0, 1) for picture in pictures])
    assert_close(run(model, pictures), expected(network, images, "none"))


@pytest.mark.parametrize("padding_mode", ["official", "paddleseg"])
@pytest.mark.parametrize("hw", [(64, 96), (65, 97), (320, 352)])
def test_fixed_sizes_are_constants(padding_mode, hw):
    network = with_made_up_weights(models.DDRNet_23_slim(num_classes=4, padding_mode=padding_mode))
    request = GraphRequest("none", (2, 3, *hw))
    model = onnx_model(network, request)
    assert not operators(model) & {"Shape", "Slice"}
    assert_close(run(model, normal(2, 3, *hw)), expected(network, normal(2, 3, *hw), "none"))


@pytest.mark.parametrize("shape", [(-1, 3, 65, 97), (2, 3, -1, -1), (2, 3, 65, -1)])
def test_a_part_of_the_shape_may_be_fixed(slim, shape):
    x = normal(2, 3, 65, 97)
    assert_close(run(onnx_model(slim, GraphRequest("none", shape)), x), expected(slim, x, "none"))


@pytest.mark.parametrize("hw", [(64, 96), (353, 705)])
def test_means_that_leave_the_padding_out_are_written_exactly_with_means_that_count_it(hw):
    network = with_made_up_weights(models.DDRNet_23_slim(num_classes=4, padding_mode="paddleseg"))
    model = onnx_model(network, GraphRequest(input_shape=(1, 3, *hw), opset=12, counts_padding=True))
    pools = [node for node in model.graph.node if node.op_type == "AveragePool"]
    assert [a.i for node in pools for a in node.attribute if a.name == "count_include_pad"] == [1, 1, 1]
    assert_close(run(model, normal(1, 3, *hw)), expected(network, normal(1, 3, *hw)))


def test_a_portable_model_has_few_operators(slim):
    model = onnx_model(slim, GraphRequest(input_shape=(1, 3, 64, 96), opset=12, counts_padding=True))
    assert operators(model) == {
        "Conv", "Relu", "Add", "BatchNormalization", "AveragePool", "GlobalAveragePool", "Concat", "Resize",
    }  # fmt: skip


def test_names_are_those_of_the_layers_and_weights_hold_the_batch_normalisations(slim):
    graph = onnx_model(slim, GraphRequest()).graph
    names = [node.name for node in graph.node]
    assert len(set(names)) == len(names)
    assert {"conv1.0/Conv", "layer3.1.conv_bn/Conv", "spp.process4.2/Conv", "logits_stride8"} <= set(names)
    assert [value.name for value in (*graph.input, *graph.output)] == ["images", "logits_stride8"]
    weights = {tensor.name for tensor in graph.initializer}
    assert {"layer3.1.conv_bn.weight", "layer3.1.conv_bn.bias", "spp.scale1.1.scale"} <= weights
    # Left are those that a ReLU separates from their convolution: DAPPM's eleven and the head's first.
    assert sum(node.op_type == "BatchNormalization" for node in graph.node) == 12


@pytest.mark.parametrize("shape", [(-1, 3, -1, -1), (2, 3, -1, -1), (-1, 3, 64, 96), (2, 3, 64, 96)])
@pytest.mark.parametrize("opset", [11, 17])
def test_nothing_in_a_model_is_unused(slim, shape, opset):
    graph = onnx_model(slim, GraphRequest("none", shape, opset=opset)).graph
    used = {name for node in graph.node for name in node.input} | {"logits"}
    assert {name for node in graph.node for name in node.output} <= used
    assert {tensor.name for tensor in graph.initializer} <= used


def test_equal_networks_give_equal_bytes_in_either_order_of_axes(slim):
    other = models.DDRNet_23_slim(num_classes=6, enable_auxiliary_loss=True, data_format="NHWC")
    apply_weights(other, {name: tensor.numpy() for name, tensor in slim.state_dict().items()})
    other.train()
    request = GraphRequest("argmax", metadata={"a": "b"})
    first, second = (onnx_model(n, request).SerializeToString(deterministic=True) for n in (slim, other))
    assert first == second
    assert other.training


def own_forward(self, x):
    return [self.head(x)]


def overridden(base):
    return type("MyNet", (base,), {"forward_stride8": own_forward})


@pytest.mark.parametrize("change", ["other", "derived", "method", "layer", "convolution"])
def test_networks_that_compute_something_else_are_refused(change):
    network = SmallNetwork() if change == "other" else models.DDRNet_23_slim(num_classes=2)
    if change == "derived":
        network = overridden(models.DDRNet_23_slim)(num_classes=2)
    elif change == "method":
        network.forward_branches = MethodType(lambda self, x: (x, x, x), network)
    elif change == "layer":
        network.layer1[0].conv_bn = nn.Linear(2, 2)
    elif change == "convolution":
        network.layer1[0].conv_bn._conv = nn.Conv2DTranspose(32, 32, 3)
    kind = {"other": "SmallNetwork", "derived": "MyNet", "method": "DDRNet_23_slim", "layer": "Linear"}
    with pytest.raises(ConfigError, match=f"{kind.get(change, 'Conv2DTranspose')}.*--format paddle") as caught:
        onnx_model(network, GraphRequest())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("values", [([1], [2], [3]), ([1], [1.0])])
def test_constants_of_one_name_that_differ_in_a_scope_keep_their_own_values(values):
    graph = OnnxGraph()
    arrays = [np.array(value) for value in values]
    with graph.scope("block"):
        names = [graph.constant("bias", array) for array in arrays]
        assert graph.constant("bias", arrays[0].copy()) == names[0] == "block.bias"
    tensor = onnx.helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, [1])
    weights = {w.name: onnx.numpy_helper.to_array(w) for w in graph.model(tensor, tensor, "g").graph.initializer}
    assert len(set(names)) == len(arrays)
    for name, array in zip(names, arrays):
        assert weights[name].dtype == array.dtype
        assert weights[name].tolist() == array.tolist()
