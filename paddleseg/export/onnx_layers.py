# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The layers of the networks as ONNX operators: a table from the type of a layer to the function of its ``forward``.

The number of layers, their widths, strides and paddings come from the layers themselves. Each type stands only for
itself, not for subclasses, whose ``forward`` may differ.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from paddle import nn

from paddleseg.export.onnx_graph import ONE_CELL, FeatureMap, OnnxGraph
from paddleseg.models.heads import DAPPM, SegmentationHead
from paddleseg.models.layers import BasicBlock, Bottleneck, ConvBN, ConvBNReLU, GlobalMean, SwitchedPaddingConv2D
from paddleseg.utils.errors import ConfigError

Emitter = Callable[[OnnxGraph, nn.Layer, FeatureMap], FeatureMap]
_EMITTERS: dict[type[nn.Layer], Emitter] = {}


def add_layer(graph: OnnxGraph, parent: nn.Layer, name: str, x: FeatureMap) -> FeatureMap:
    """Add the function of the sublayer ``name`` of a layer; its name is part of the names in the graph.

    Raises:
        ConfigError: Its type has no row in the table.
    """
    layer = getattr(parent, name)
    with graph.scope(name):
        return _emitter_of(layer, name)(graph, layer, x)


def relu(graph: OnnxGraph, x: FeatureMap) -> FeatureMap:
    """Add a ReLU."""
    return graph.pointwise("Relu", x)


def plus(graph: OnnxGraph, x: FeatureMap, y: FeatureMap) -> FeatureMap:
    """Add a sum; ``y`` may be one cell for each channel."""
    return graph.pointwise("Add", x, y)


def _emits(*types: type[nn.Layer]) -> Callable[[Emitter], Emitter]:
    def note(emitter: Emitter) -> Emitter:
        _EMITTERS.update(dict.fromkeys(types, emitter))
        return emitter

    return note


def _emitter_of(layer: nn.Layer, name: str) -> Emitter:
    if type(layer) not in _EMITTERS:
        raise _is_not_ours(layer, name)
    return _EMITTERS[type(layer)]


def _is_not_ours(layer: nn.Layer, name: str) -> ConfigError:
    return ConfigError(
        f"--format: the layer {name} is a {type(layer).__name__}, which the toolkit's networks do not have there, and "
        "only those can be written as ONNX, OpenVINO's or MNN's graphs; give --format paddle"
    )


@_emits(nn.Sequential)
def _sequence(graph: OnnxGraph, layers: nn.Sequential, x: FeatureMap) -> FeatureMap:
    children = dict(layers.named_children())
    following = [*list(children.values())[1:], None]
    folded = None
    for (name, layer), next_layer in zip(children.items(), following):
        if layer is folded:
            continue
        if _EMITTERS.get(type(layer)) is _convolution and type(next_layer) is nn.BatchNorm2D:
            folded = next_layer
            with graph.scope(name):
                x = _convolution(graph, layer, x, folded)
        else:
            x = add_layer(graph, layers, name, x)
    return x


@_emits(nn.Conv2D, SwitchedPaddingConv2D)
def _convolution(
    graph: OnnxGraph, conv: nn.Conv2D, x: FeatureMap, batch_norm: nn.BatchNorm2D | None = None
) -> FeatureMap:
    """A convolution, with the following batch normalisation merged into its weights."""
    weight = conv.weight.numpy().astype(np.float64)
    bias = np.zeros(len(weight)) if conv.bias is None else conv.bias.numpy().astype(np.float64)
    if batch_norm is not None:
        gain, shift = _gain_and_shift(batch_norm)
        weight, bias = weight * gain[:, None, None, None], bias * gain + shift
    return graph.convolution(
        x,
        weight.astype(np.float32),
        bias.astype(np.float32),
        stride=conv._stride[0],
        same=getattr(conv, "pads_as_same", False),
    )


@_emits(nn.BatchNorm2D)
def _batch_norm(graph: OnnxGraph, norm: nn.BatchNorm2D, x: FeatureMap) -> FeatureMap:
    arrays = {"scale": norm.weight, "bias": norm.bias, "mean": norm._mean, "variance": norm._variance}
    names = [graph.constant(name, tensor.numpy().astype(np.float32)) for name, tensor in arrays.items()]
    return graph.pointwise("BatchNormalization", x, *names, epsilon=norm._epsilon)


@_emits(nn.ReLU)
def _relu(graph: OnnxGraph, _: nn.ReLU, x: FeatureMap) -> FeatureMap:
    return relu(graph, x)


@_emits(nn.AvgPool2D)
def _average_pool(graph: OnnxGraph, pool: nn.AvgPool2D, x: FeatureMap) -> FeatureMap:
    return graph.average_pool(x, pool.ksize, pool.stride, counts_padding=not pool.exclusive)


@_emits(GlobalMean)
def _global_mean(graph: OnnxGraph, _: GlobalMean, x: FeatureMap) -> FeatureMap:
    return FeatureMap(graph.add("GlobalAveragePool", x.name), x.channels, ONE_CELL)


@_emits(ConvBN)
def _conv_bn(graph: OnnxGraph, layer: ConvBN, x: FeatureMap) -> FeatureMap:
    for name, wanted in (("_conv", _convolution), ("_batch_norm", _batch_norm)):
        if _emitter_of(getattr(layer, name), name) is not wanted:
            raise _is_not_ours(getattr(layer, name), name)
    return _convolution(graph, layer._conv, x, layer._batch_norm)


@_emits(ConvBNReLU)
def _conv_bn_relu(graph: OnnxGraph, layer: ConvBNReLU, x: FeatureMap) -> FeatureMap:
    return relu(graph, _conv_bn(graph, layer, x))


@_emits(BasicBlock)
def _basic_block(graph: OnnxGraph, block: BasicBlock, x: FeatureMap) -> FeatureMap:
    return _residual_block(graph, block, ("conv_bn_relu", "conv_bn"), x)


@_emits(Bottleneck)
def _bottleneck(graph: OnnxGraph, block: Bottleneck, x: FeatureMap) -> FeatureMap:
    return _residual_block(graph, block, ("conv_bn_relu1", "conv_bn_relu2", "conv_bn"), x)


def _residual_block(
    graph: OnnxGraph, block: BasicBlock | Bottleneck, convolutions: tuple[str, ...], x: FeatureMap
) -> FeatureMap:
    residual = x if block.downsample is None else add_layer(graph, block, "downsample", x)
    for name in convolutions:
        x = add_layer(graph, block, name, x)
    out = plus(graph, x, residual)
    return relu(graph, out) if block.final_relu else out


@_emits(DAPPM)
def _dappm(graph: OnnxGraph, dappm: DAPPM, x: FeatureMap) -> FeatureMap:
    outputs = [add_layer(graph, dappm, "scale0", x)]
    for i in range(1, 5):
        pooled = add_layer(graph, dappm, f"scale{i}", x)
        if pooled.size is not ONE_CELL:  # which the sum broadcasts by itself
            with graph.scope(f"scale{i}"):
                pooled = graph.resize(pooled, x.size)
        with graph.scope(f"process{i}"):
            added = plus(graph, outputs[-1], pooled)
        outputs.append(add_layer(graph, dappm, f"process{i}", added))
    compressed = add_layer(graph, dappm, "compression", graph.concat(outputs))
    return plus(graph, compressed, add_layer(graph, dappm, "shortcut", x))


@_emits(SegmentationHead)
def _segmentation_head(graph: OnnxGraph, head: SegmentationHead, x: FeatureMap) -> FeatureMap:
    with graph.scope("bn1"):
        x = relu(graph, _batch_norm(graph, head.bn1, x))
    return add_layer(graph, head, "conv", add_layer(graph, head, "conv_bn_relu", x))


def _gain_and_shift(norm: nn.BatchNorm2D) -> tuple[np.ndarray, np.ndarray]:
    """A batch normalisation in evaluation mode as ``x * gain + shift``, float64 (C,) each."""
    weight, bias, mean, variance = (
        tensor.numpy().astype(np.float64) for tensor in (norm.weight, norm.bias, norm._mean, norm._variance)
    )
    gain = weight / np.sqrt(variance + norm._epsilon)
    return gain, bias - mean * gain
