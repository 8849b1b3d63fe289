# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An ONNX graph built operator by operator: names, weights, sizes, and differences between operator sets.

Needs only the package onnx. Sizes are tracked through the graph, so that a resize to the size of another tensor has
constant sizes if the input's are fixed, and computes each size only once if they are not.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from paddleseg.export.options import DEFAULT_OPSET


@dataclass(frozen=True, eq=False)
class Size:
    """Height and width of tensors: numbers, or the same unknown ones for all tensors that have this very object."""

    hw: tuple[int, int] | None


ONE_CELL = Size((1, 1))


@dataclass(frozen=True)
class FeatureMap:
    """A float32 tensor (N, C, H, W) of the graph.

    Attributes:
        name: Its name in the graph.
        channels: C.
        size: H and W.
    """

    name: str
    channels: int
    size: Size


@dataclass
class OnnxGraph:
    """The graph so far.

    Attributes:
        opset: Version of ONNX's operators, from ``options.MIN_OPSET`` to ``MAX_OPSET``.
        batch: Pictures in a batch; None for any number.
        counts_padding: Whether average pools must count the padding, because the graph's reader has no others.
    """

    opset: int = DEFAULT_OPSET
    batch: int | None = None
    counts_padding: bool = False
    _nodes: list[onnx.NodeProto] = field(default_factory=list)
    _constants: dict[str, np.ndarray] = field(default_factory=dict)
    _scope: list[str] = field(default_factory=list)
    _used: Counter[str] = field(default_factory=Counter)
    _shapes: dict[Any, str] = field(default_factory=dict)
    _first_of_size: dict[Size, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names added within begin with this one and a dot."""
        self._scope.append(name)
        yield
        self._scope.pop()

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add one operator.

        Args:
            operator: Its ONNX name.
            inputs: Names of its inputs, empty for an optional one that is left out.
            attributes: Those of the node.

        Returns:
            The name of node and output: the scope's, a slash and the operator's.
        """
        name = self._unique("/".join(filter(None, (".".join(self._scope), operator))))
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def name_output(self, name: str) -> None:
        """Rename the output of the last operator, which must not be in use yet."""
        self._nodes[-1].output[0] = self._nodes[-1].name = name

    def constant(self, name: str, value: np.ndarray) -> str:
        """Add a constant; equal ones under the same name are shared, and others get a number behind it."""
        name = ".".join((*self._scope, name))
        known = self._constants.get(name)
        if known is not None and known.dtype == value.dtype and np.array_equal(known, value):
            return name
        name = self._unique(name)
        self._constants[name] = value
        return name

    def feature_map(self, name: str, channels: int, size: Size) -> FeatureMap:
        """A tensor in the graph; the first one of its size provides the size if that is computed."""
        self._first_of_size.setdefault(size, name)
        return FeatureMap(name, channels, size)

    def convolution(
        self, x: FeatureMap, weight: np.ndarray, bias: np.ndarray, *, stride: int = 1, same: bool = False
    ) -> FeatureMap:
        """A convolution padded by half its kernel.

        Args:
            x: Its input.
            weight: (out, in, k, k) float32.
            bias: (out,) float32.
            stride: Step of the kernel in both directions, in pixels.
            same: Pad as for ``SAME`` instead: with a stride of 2 and an even side only on the right and below.
        """
        kernel = weight.shape[2]
        size = _strided(x.size, stride)
        attributes: dict[str, Any] = {"pads": [kernel // 2] * 4}
        if same and x.size.hw is not None:
            totals = [max(0, (out - 1) * stride + kernel - side) for out, side in zip(size.hw, x.size.hw)]
            attributes = {"pads": [total // 2 for total in totals] + [total - total // 2 for total in totals]}
        elif same:
            attributes = {"auto_pad": "SAME_UPPER"}
        inputs = (x.name, self.constant("weight", weight), self.constant("bias", bias))
        name = self.add("Conv", *inputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, **attributes)
        return self.feature_map(name, weight.shape[0], size)

    def average_pool(self, x: FeatureMap, kernel: int, stride: int, *, counts_padding: bool) -> FeatureMap:
        """Means over windows, padded with zeros by half of them; the padding is counted or left out of the means."""
        size = _strided(x.size, stride)
        name = self.add(
            "AveragePool",
            x.name,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[kernel // 2] * 4,
            count_include_pad=int(counts_padding or self.counts_padding),
        )
        if not counts_padding and self.counts_padding:
            shares = np.multiply.outer(*(_shares_of_pixels(side, kernel, stride) for side in x.size.hw))
            name = self.add("Mul", name, self.constant("window_over_pixels", (1 / shares[None, None]).astype("f4")))
        return self.feature_map(name, x.channels, size)

    def pointwise(self, operator: str, *inputs: FeatureMap | str, **attributes: Any) -> FeatureMap:
        """An operator whose output has the shape of its first input; others may be broadcast to it."""
        first = inputs[0]
        names = (x if isinstance(x, str) else x.name for x in inputs)
        return self.feature_map(self.add(operator, *names, **attributes), first.channels, first.size)

    def concat(self, inputs: Sequence[FeatureMap]) -> FeatureMap:
        """Feature maps of one size, concatenated."""
        name = self.add("Concat", *(x.name for x in inputs), axis=1)
        return self.feature_map(name, sum(x.channels for x in inputs), inputs[0].size)

    def resize(self, x: FeatureMap, size: Size) -> FeatureMap:
        """Resize bilinearly, pixel centres at halves (``align_corners=False``)."""
        nothing = ""
        if self.opset < 13:  # where the two other ways to give the size may be empty, but not omitted
            nothing = self.constant("/none", np.zeros(0, np.float32))
        name = self.add(
            "Resize",
            x.name,
            nothing,
            nothing,
            self._shape(x.channels, size),
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        return self.feature_map(name, x.channels, size)

    def softmax(self, name: str, axes: int) -> str:
        """Softmax over axis 1 of a tensor with ``axes`` axes."""
        if self.opset >= 13 or axes == 2:
            return self.add("Softmax", name, axis=1)
        # Before set 13 it is over all axes from the given one on.
        last = self.add("Transpose", name, perm=[0, *range(2, axes), 1])
        return self.add("Transpose", self.add("Softmax", last, axis=axes - 1), perm=[0, axes - 1, *range(1, axes - 1)])

    def argmax(self, name: str) -> str:
        """int32 indices of the highest values along axis 1, which is removed; ties go to the lowest index."""
        attributes = {"select_last_index": 0} if self.opset >= 12 else {}
        ids = self.add("ArgMax", name, axis=1, keepdims=0, **attributes)
        return self.add("Cast", ids, to=onnx.TensorProto.INT32)

    def model(
        self, inputs: onnx.ValueInfoProto, outputs: onnx.ValueInfoProto, name: str, **header: Any
    ) -> onnx.ModelProto:
        """The graph as a model with one input and one output; ``header`` is as for ``onnx.helper.make_model``."""
        weights = [numpy_helper.from_array(np.ascontiguousarray(v), name=n) for n, v in self._constants.items()]
        graph = helper.make_graph(self._nodes, name, [inputs], [outputs], weights)
        opset = helper.make_opsetid("", self.opset)
        return helper.make_model(
            graph, opset_imports=[opset], ir_version=helper.find_min_ir_version_for([opset]), **header
        )

    def _shape(self, channels: int, size: Size) -> str:
        """Name of an int64 tensor [N, channels, H, W]."""
        if size.hw is not None and self.batch is not None:
            return self.constant("shape", np.array([self.batch, channels, *size.hw]))
        key = (channels, size)
        if key not in self._shapes:
            first, channels_name = self._first_of_size[size], self.constant("channels", np.array([channels]))
            if self.batch is not None:
                batch = self.constant("batch", np.array([self.batch]))
            else:  # the same for all tensors: taken from the first that asked
                if "batch" not in self._shapes:
                    self._shapes["batch"] = self._part_of_shape(first, 0, 1)
                batch = self._shapes["batch"]
            if size.hw is None:
                hw = self._part_of_shape(first, 2, 4)
            else:
                hw = self.constant("height_width", np.array(size.hw))
            self._shapes[key] = self.add("Concat", batch, channels_name, hw, axis=0)
        return self._shapes[key]

    def _part_of_shape(self, name: str, start: int, end: int) -> str:
        if name not in self._shapes:
            self._shapes[name] = self.add("Shape", name)
        if (name, start) not in self._shapes:
            bounds = (self.constant(f"/{at}", np.array([at])) for at in (start, end))
            self._shapes[name, start] = self.add("Slice", self._shapes[name], *bounds)
        return self._shapes[name, start]

    def _unique(self, name: str) -> str:
        self._used[name] += 1
        return name if self._used[name] == 1 else f"{name}_{self._used[name]}"


def _strided(size: Size, stride: int) -> Size:
    """The size after a window of odd side, padded by half of it, or by ``SAME``."""
    if stride == 1:
        return size
    return Size(None if size.hw is None else tuple(-(-side // stride) for side in size.hw))


def _shares_of_pixels(side: int, kernel: int, stride: int) -> np.ndarray:
    """The share of each window's side that is in the picture, not in the padding."""
    starts = np.arange(-(-side // stride)) * stride - kernel // 2
    return (np.minimum(starts + kernel, side) - np.maximum(starts, 0)) / kernel
