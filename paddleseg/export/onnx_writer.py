# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The toolkit's networks as ONNX models, written without Paddle's graphs and without a converter.

Batch normalisations behind convolutions are part of their weights; an auxiliary head is left out. Operators are Conv,
Relu, Add, BatchNormalization, AveragePool, GlobalAveragePool, Concat and Resize; Shape and Slice where sizes are
computed; Transpose, Cast, Sub and Mul for uint8 pictures; ArgMax, Cast and Softmax for what the model gives; Flatten
and Gemm in classifiers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper
from paddle import nn

from paddleseg import __version__
from paddleseg.deploy.deploy_config import STRIDE8
from paddleseg.export.graph import IGNORED_LOGIT
from paddleseg.export.onnx_graph import DEFAULT_OPSET, MAX_OPSET, MIN_OPSET, FeatureMap, OnnxGraph, Size
from paddleseg.export.onnx_layers import add_layer, plus, relu
from paddleseg.models.classifier import DDRNetClassifier
from paddleseg.models.ddrnet import DDRNet, DualResolutionTrunk
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils.errors import ConfigError

INPUT_NAME = "images"
OUTPUT_NAMES = {STRIDE8: "logits_stride8", "none": "logits", "softmax": "probabilities", "argmax": "class_ids"}
"""Names of the output by what a graph gives."""
# What the writer restates: a network in which one of them is another is none of ours.
_METHODS = {
    DDRNet: ("forward", "forward_stride8", "forward_branches", "_resize_like"),
    DDRNetClassifier: ("forward", "forward_branches", "_resize_like"),
}


@dataclass(frozen=True)
class OnnxOptions:
    """What an ONNX model is to be.

    Attributes:
        gives: ``stride8``: float32 logits (N, K, ceil(H/8), ceil(W/8)); ``argmax``: int32 class ids (N, H, W), the
            lowest of equally good classes; ``softmax``: float32 probabilities (N, K, H, W); ``none``: float32 logits
            (N, K, H, W). A classifier has no ``stride8``, and its outputs are (N,) or (N, K).
        input_shape: (N, C, H, W) of the pictures, -1 where any size goes; None: any batch and size.
        input_dtype: ``float32``: normalised pictures (N, C, H, W); ``uint8``: RGB pictures (N, H, W, C), which the
            model normalises.
        normalize: How it does that; None: not at all.
        ignored_class: A class whose logits are lowered by ``IGNORED_LOGIT``.
        opset: Version of ONNX's operators.
        counts_padding: Whether average pools that leave out the padding become ones that count it and a product with
            constants, for readers that have no others; needs fixed height and width.
        metadata: Texts that stand in the model beside the graph, by their names.
    """

    gives: str = STRIDE8
    input_shape: Sequence[int] | None = None
    input_dtype: str = "float32"
    normalize: Normalize | None = None
    ignored_class: int | None = None
    opset: int = DEFAULT_OPSET
    counts_padding: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


def write_onnx(network: nn.Layer, path: Path, options: OnnxOptions = OnnxOptions()) -> None:
    """Write ``onnx_model`` to a file."""
    path.write_bytes(onnx_model(network, options).SerializeToString(deterministic=True))


def onnx_model(network: nn.Layer, options: OnnxOptions = OnnxOptions()) -> onnx.ModelProto:
    """A network in evaluation mode as an ONNX model; equal networks and options give equal bytes.

    Args:
        network: One of the toolkit's, on any device and in any mode, which it keeps.
        options: What the model is to be.

    Raises:
        ConfigError: The network is none of the toolkit's, or the options do not go together.

    Example:
        >>> model = onnx_model(DDRNet_23_slim(num_classes=19), OnnxOptions("argmax"))
        >>> onnx.save(model, "model.onnx")
    """
    check_is_ours(network)
    n, _, *hw = options.input_shape or (-1, -1, -1, -1)
    _check(options, hw)
    graph = OnnxGraph(options.opset, None if n == -1 else n, options.counts_padding)
    x, inputs = _input(graph, network.in_channels, n, hw, options)
    batch, height, width = _dimensions(n, hw)
    if isinstance(network, DDRNetClassifier):
        output = _classify(graph, network, x)
        shape = [batch, network.num_classes]
    else:
        logits = _logits_stride8(graph, network, x, options.ignored_class)
        shape = [batch, logits.channels, *(logits.size.hw or ("height_stride8", "width_stride8"))]
        if options.gives != STRIDE8:
            logits = graph.resize(logits, x.size)
            shape[2:] = height, width
        output = logits.name
    kind = onnx.TensorProto.FLOAT
    if options.gives == "softmax":
        graph.softmax(output, len(shape))
    elif options.gives == "argmax":
        graph.argmax(output)
        kind, shape = onnx.TensorProto.INT32, [shape[0], *shape[2:]]
    graph.name_output(OUTPUT_NAMES[options.gives])
    model = graph.model(
        inputs,
        helper.make_tensor_value_info(OUTPUT_NAMES[options.gives], kind, shape),
        network.arch,
        producer_name="ddrnet-toolkit",
        producer_version=__version__,
    )
    helper.set_model_props(model, dict(options.metadata))
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
        f"--format: {type(network).__name__} is none of the toolkit's networks or computes something else than they "
        "do, and only those can be written as ONNX, OpenVINO's or MNN's graphs; give --format paddle"
    )


def texts_of(facts: Mapping[str, Any]) -> dict[str, str]:
    """Metadata of a model: texts stay what they are, all else is JSON, and None is left out."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in facts.items()
        if value is not None
    }


def _check(options: OnnxOptions, hw: Sequence[int]) -> None:
    if not MIN_OPSET <= options.opset <= MAX_OPSET:
        raise ConfigError(f"--opset {options.opset}: it must be from {MIN_OPSET} to {MAX_OPSET}")
    if options.counts_padding and -1 in hw:
        raise ConfigError("average pools that count the padding need a fixed height and width; give --input_shape")


def _input(
    graph: OnnxGraph, channels: int, n: int, hw: Sequence[int], options: OnnxOptions
) -> tuple[FeatureMap, onnx.ValueInfoProto]:
    """The input, as the network takes it and as the model does."""
    size = Size(None if -1 in hw else tuple(hw))
    batch, height, width = _dimensions(n, hw)
    if options.input_dtype == "float32":
        shape = [batch, channels, height, width]
        info = helper.make_tensor_value_info(INPUT_NAME, onnx.TensorProto.FLOAT, shape)
        return graph.feature_map(INPUT_NAME, channels, size), info
    info = helper.make_tensor_value_info(INPUT_NAME, onnx.TensorProto.UINT8, [batch, height, width, channels])
    with graph.scope("normalize"):
        planes = graph.add("Transpose", INPUT_NAME, perm=[0, 3, 1, 2])
        x = graph.feature_map(graph.add("Cast", planes, to=onnx.TensorProto.FLOAT), channels, size)
        if options.normalize is not None:
            for operator, name in (("Sub", "shift"), ("Mul", "scale")):
                values = np.broadcast_to(getattr(options.normalize, name), channels).reshape(1, channels, 1, 1)
                x = graph.pointwise(operator, x, graph.constant(name, values))
    return x, info


def _logits_stride8(
    graph: OnnxGraph, network: DDRNet, x: FeatureMap, ignored_class: int | None
) -> FeatureMap:
    """What ``forward_stride8`` gives first."""
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
    """What ``forward_branches`` gives, but for the auxiliary head's input."""
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
    """Batch, height and width as a model states them: numbers, or names where any size goes."""
    return [name if size == -1 else size for name, size in zip(("batch", "height", "width"), (n, *hw))]
