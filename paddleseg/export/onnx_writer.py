# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The toolkit's networks as ONNX models, written without Paddle's graphs and without a converter.

Batch normalisations after convolutions are merged into their weights; an auxiliary head is left out. Operators are
Conv, Relu, Add, BatchNormalization, AveragePool, GlobalAveragePool, Concat and Resize; Shape and Slice for computed
sizes; Transpose, Cast, Sub and Mul for uint8 pictures; ArgMax, Cast and Softmax for the output; Flatten and Gemm in
classifiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper
from paddle import nn

from paddleseg import __version__
from paddleseg.deploy.graph_formats import FLOAT32
from paddleseg.deploy.graph_spec import STRIDE8
from paddleseg.export.graph import IGNORED_LOGIT
from paddleseg.export.onnx_graph import FeatureMap, OnnxGraph, Size
from paddleseg.export.onnx_layers import add_layer, plus, relu
from paddleseg.export.options import GraphRequest
from paddleseg.models.classifier import DDRNetClassifier
from paddleseg.models.ddrnet import DDRNet, DualResolutionTrunk
from paddleseg.utils.errors import ConfigError

INPUT_NAME = "images"
OUTPUT_NAMES = {STRIDE8: "logits_stride8", "none": "logits", "softmax": "probabilities", "argmax": "class_ids"}
"""Names of the output by what a graph gives."""
# The methods that the writer restates: a network with another one of these is not ours.
_METHODS = {
    DDRNet: ("forward", "forward_stride8", "forward_branches", "_resize_like"),
    DDRNetClassifier: ("forward", "forward_branches", "_resize_like"),
}


def write_onnx(network: nn.Layer, path: Path, request: GraphRequest) -> None:
    """Write ``onnx_model`` to a file."""
    path.write_bytes(onnx_model(network, request).SerializeToString(deterministic=True))


def onnx_model(network: nn.Layer, request: GraphRequest) -> onnx.ModelProto:
    """A network in evaluation mode as an ONNX model; equal networks and requests give equal bytes.

    Args:
        network: One of the toolkit's, on any device and in any mode, which it keeps.
        request: The model's properties.

    Raises:
        ConfigError: The network is not one of the toolkit's.

    Example:
        >>> model = onnx_model(DDRNet_23_slim(num_classes=19), GraphRequest("argmax"))
        >>> onnx.save(model, "model.onnx")
    """
    check_is_ours(network)
    n, _, *hw = request.input_shape
    graph = OnnxGraph(request.opset, None if n == -1 else n, request.counts_padding)
    x, inputs = _input(graph, network.in_channels, n, hw, request)
    batch, height, width = _dimensions(n, hw)
    if isinstance(network, DDRNetClassifier):
        output = _classify(graph, network, x)
        shape = [batch, network.num_classes]
    else:
        logits = _logits_stride8(graph, network, x, request.ignored_class)
        shape = [batch, logits.channels, *(logits.size.hw or ("height_stride8", "width_stride8"))]
        if request.gives != STRIDE8:
            logits = graph.resize(logits, x.size)
            shape[2:] = height, width
        output = logits.name
    kind = onnx.TensorProto.FLOAT
    if request.gives == "softmax":
        graph.softmax(output, len(shape))
    elif request.gives == "argmax":
        graph.argmax(output)
        kind, shape = onnx.TensorProto.INT32, [shape[0], *shape[2:]]
    graph.name_output(OUTPUT_NAMES[request.gives])
    model = graph.model(
        inputs,
        helper.make_tensor_value_info(OUTPUT_NAMES[request.gives], kind, shape),
        network.arch,
        producer_name="ddrnet-toolkit",
        producer_version=__version__,
    )
    helper.set_model_props(model, dict(request.metadata))
    return model


def check_is_ours(network: nn.Layer) -> None:
    """Refuse a network whose ``forward`` is not that of the toolkit's networks.

    Raises:
        ConfigError: Names its class.
    """
    for base, methods in _METHODS.items():
        if isinstance(network, base) and all(
            getattr(getattr(network, name), "__func__", None) is getattr(base, name) for name in methods
        ):
            return
    raise ConfigError(
        f"--format: {type(network).__name__} is not one of the toolkit's networks, or computes something else; "
        "only those can be written as ONNX, OpenVINO or MNN graphs: give --format paddle"
    )


def _input(
    graph: OnnxGraph, channels: int, n: int, hw: Sequence[int], request: GraphRequest
) -> tuple[FeatureMap, onnx.ValueInfoProto]:
    """The input, in the network's form and in the model's."""
    size = Size(None if -1 in hw else tuple(hw))
    batch, height, width = _dimensions(n, hw)
    if request.input_dtype == FLOAT32:
        shape = [batch, channels, height, width]
        info = helper.make_tensor_value_info(INPUT_NAME, onnx.TensorProto.FLOAT, shape)
        return graph.feature_map(INPUT_NAME, channels, size), info
    info = helper.make_tensor_value_info(INPUT_NAME, onnx.TensorProto.UINT8, [batch, height, width, channels])
    with graph.scope("normalize"):
        planes = graph.add("Transpose", INPUT_NAME, perm=[0, 3, 1, 2])
        x = graph.feature_map(graph.add("Cast", planes, to=onnx.TensorProto.FLOAT), channels, size)
        if request.normalize is not None:
            for operator, name in (("Sub", "shift"), ("Mul", "scale")):
                values = np.broadcast_to(getattr(request.normalize, name), channels).reshape(1, channels, 1, 1)
                x = graph.pointwise(operator, x, graph.constant(name, values))
    return x, info


def _logits_stride8(graph: OnnxGraph, network: DDRNet, x: FeatureMap, ignored_class: int | None) -> FeatureMap:
    """The first output of ``forward_stride8``."""
    low, high = _branches(graph, network, x)
    high = add_layer(graph, network, "layer5_", high)
    context = add_layer(graph, network, "spp", add_layer(graph, network, "layer5", low))
    with graph.scope("spp"):
        context = graph.resize(context, high.size)
    with graph.scope("layer5_"):
        features = plus(graph, context, high)
    logits = add_layer(graph, network, "head", features)
    if ignored_class is None:
        return logits
    lowered = np.zeros((1, logits.channels, 1, 1), np.float32)
    lowered[:, ignored_class] = IGNORED_LOGIT
    with graph.scope("ignored_class"):
        return graph.pointwise("Add", logits, graph.constant("bias", lowered))


def _classify(graph: OnnxGraph, network: DDRNetClassifier, x: FeatureMap) -> str:
    """The logits (N, K) of a classifier."""
    low, high = _branches(graph, network, x)
    low = add_layer(graph, network, "layer5", low)
    high = add_layer(graph, network, "down5", add_layer(graph, network, "layer5_", high))
    with graph.scope("layer5"):
        x = relu(graph, plus(graph, low, high))
    features = graph.add("GlobalAveragePool", add_layer(graph, network, "last_layer", x).name)
    features = graph.add("Flatten", features, axis=1)
    with graph.scope("linear"):
        parameters = [graph.constant(part, getattr(network.linear, part).numpy()) for part in ("weight", "bias")]
        return graph.add("Gemm", features, *parameters)


def _branches(graph: OnnxGraph, trunk: DualResolutionTrunk, x: FeatureMap) -> tuple[FeatureMap, FeatureMap]:
    """The outputs of ``forward_branches``, except the auxiliary head's input."""
    x = relu(graph, add_layer(graph, trunk, "layer1", add_layer(graph, trunk, "conv1", x)))
    high = low = relu(graph, add_layer(graph, trunk, "layer2", x))
    for stage in trunk._stages:
        low_out = add_layer(graph, trunk, f"layer{stage}", low)
        high_out = add_layer(graph, trunk, f"layer{stage}_", high)
        with graph.scope(f"down{stage}"):
            activated = relu(graph, high_out)
        low_sum = plus(graph, low_out, add_layer(graph, trunk, f"down{stage}", activated))
        with graph.scope(f"compression{stage}"):
            activated = relu(graph, low_out)
        lifted = add_layer(graph, trunk, f"compression{stage}", activated)
        with graph.scope(f"compression{stage}"):
            lifted = graph.resize(lifted, high_out.size)
        low, high = relu(graph, low_sum), relu(graph, plus(graph, high_out, lifted))
    return low, high


def _dimensions(n: int, hw: Sequence[int]) -> list[int | str]:
    """Batch, height and width in a model: numbers, or names for any size."""
    return [name if size == -1 else size for name, size in zip(("batch", "height", "width"), (n, *hw))]
