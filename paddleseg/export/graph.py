# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From a network to the files of a static graph.

Everything specific to exported networks (argmax, softmax, no auxiliary head, no ignored class) is in
``ExportedNetwork`` and ``Stride8Network``, so that the networks need not know about it. Paddle traces into its new
intermediate representation (PIR, saved as .json) or into the old one (saved as .pdmodel).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F

from paddleseg.deploy.deploy_config import CLASSIFICATION
from paddleseg.deploy.graph_spec import STRIDE8
from paddleseg.export.options import GraphRequest
from paddleseg.models.layers import upsample_logits
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.evaluation_mode import evaluation_mode

IGNORED_LOGIT = -1e4
"""Added to the logits of a class that is never given: far below all others, and a number in half precision too."""


class Stride8Network(nn.Layer):
    """The main logits at 1/8, from which label maps at the pictures' own sizes are made.

    Args:
        network: A network with ``forward_stride8``.
        ignored_class: A class whose logits are lowered by ``IGNORED_LOGIT``.
    """

    def __init__(self, network: nn.Layer, ignored_class: int | None = None) -> None:
        super().__init__()
        self.network = network
        self.ignored_class = ignored_class

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, K, ceil(H/8), ceil(W/8)) for normalised pictures (N, C, H, W) float32."""
        return _without(self.ignored_class, self.network.forward_stride8(x)[0])


class ExportedNetwork(nn.Layer):
    """A network as exported under PaddleSeg's keys: only the main output, with ``output_op`` applied.

    Args:
        network: Returns a list of logits (N, K, H, W), the main output first.
        output_op: See ``ExportOptions``.
        ignored_class: A class whose logits are lowered by ``IGNORED_LOGIT``.
    """

    def __init__(self, network: nn.Layer, output_op: str, ignored_class: int | None = None) -> None:
        super().__init__()
        self.network = network
        self.output_op = output_op
        self.ignored_class = ignored_class

    def forward(self, x: Tensor) -> Tensor:
        """Output for normalised pictures (N, C, H, W) float32."""
        if self.ignored_class is not None and hasattr(self.network, "forward_stride8"):
            # At 1/8, where it is one more bias and costs nothing.
            logits = upsample_logits(_without(self.ignored_class, self.network.forward_stride8(x)[0]), x.shape[2:])
        else:
            logits = _without(self.ignored_class, self.network(x)[0])
        if self.output_op == "softmax":
            return F.softmax(logits, axis=1)
        if self.output_op == "argmax":
            return _argmax(logits)
        return logits


class ExportedClassifier(nn.Layer):
    """A classifier as exported, with ``output_op`` applied.

    Args:
        network: Returns logits (N, K).
        output_op: ``argmax``: int32 class ids (N,); ``softmax``: float32 probabilities (N, K); ``none``: logits (N, K).
    """

    def __init__(self, network: nn.Layer, output_op: str) -> None:
        super().__init__()
        self.network = network
        self.output_op = output_op

    def forward(self, x: Tensor) -> Tensor:
        """Output for normalised pictures (N, C, H, W) float32."""
        logits = self.network(x)
        if self.output_op == "softmax":
            return F.softmax(logits, axis=1)
        return _argmax(logits) if self.output_op == "argmax" else logits


def exported_layer(network: nn.Layer, request: GraphRequest) -> nn.Layer:
    """The layer that computes a graph's output."""
    if request.gives == STRIDE8:
        return Stride8Network(network, request.ignored_class)
    if request.task == CLASSIFICATION:
        return ExportedClassifier(network, request.gives)
    return ExportedNetwork(network, request.gives, request.ignored_class)


def save_graph(network: nn.Layer, stem: Path, input_shape: Sequence[int], *, pir: bool) -> None:
    """Trace a network in evaluation mode and write graph and weights; its mode is restored.

    Args:
        network: Called with one float32 tensor.
        stem: The files' path without their suffixes.
        input_shape: (N, C, H, W), -1 for any size.
        pir: Whether to trace into the new representation.

    Raises:
        ConfigError: This Paddle cannot trace into that representation.
    """
    with evaluation_mode(network), _forwards_kept(network), _intermediate_representation(pir):
        # full_graph: without it, untraceable code would silently run in Python.
        spec = paddle.static.InputSpec(list(input_shape), "float32", "x")
        static = paddle.jit.to_static(network, input_spec=[spec], full_graph=True)
        paddle.jit.save(static, str(stem))


def can_trace(*, pir: bool) -> bool:
    """Whether the installed Paddle traces into the new representation, or into the old one."""
    return pir == _traces_into_pir() or (not pir and _old_ir_guard() is not None)


def _without(ignored_class: int | None, logits: Tensor) -> Tensor:
    """Logits (N, K, h, w) in which a class cannot be the highest."""
    if ignored_class is None:
        return logits
    bias = np.zeros([1, logits.shape[1], 1, 1], np.float32)
    bias[:, ignored_class] = IGNORED_LOGIT
    return logits + paddle.to_tensor(bias)


def _argmax(logits: Tensor) -> Tensor:
    """int32 class ids, (N, H, W) or (N,); ties go to the lowest class."""
    if _traces_into_pir():
        return paddle.argmax(logits, axis=1, dtype="int32")
    # Paddle 3's paddle.argmax cannot be traced into the old representation ("must be Value, but got
    # Variable"). The operator itself can; topk with k = 1 would work too, but takes 20 times as long (232 ms against 12
    # for 19 classes at 512 x 1024 on one core) and returns any of equal classes.
    from paddle.base.layer_helper import LayerHelper

    helper = LayerHelper("arg_max")
    ids = helper.create_variable_for_type_inference("int32", stop_gradient=True)
    attributes = {
        "axis": 1,
        "keepdims": False,
        "flatten": False,
        "dtype": paddle.base.core.VarDesc.VarType.INT32,
    }
    helper.append_op(type="arg_max", inputs={"X": [logits]}, outputs={"Out": [ids]}, attrs=attributes)
    return ids


@contextlib.contextmanager
def _forwards_kept(network: nn.Layer) -> Iterator[None]:
    """Undo after the block that Paddle 2.6 replaces the layers' ``forward`` while tracing.

    If a method calls ``self.forward``, the next trace would translate the replacement again, and bind it twice.
    """
    layers = network.sublayers(include_self=True)
    before = [vars(layer).get("forward") for layer in layers]
    try:
        yield
    finally:
        for layer, own in zip(layers, before):
            if own is not None:
                layer.forward = own
            else:
                vars(layer).pop("forward", None)


def _intermediate_representation(pir: bool) -> AbstractContextManager[Any]:
    """Inside, Paddle traces into the requested representation."""
    if pir == _traces_into_pir():
        return contextlib.nullcontext()
    if not can_trace(pir=pir):
        wanted, other = ("json", "pdmodel") if pir else ("pdmodel", "json")
        raise ConfigError(f"--graph_format {wanted}: Paddle {paddle.__version__} writes {other} only")
    return _old_ir_guard()()


def _traces_into_pir() -> bool:
    """Whether Paddle traces into its new representation now."""
    return paddle.get_flags("FLAGS_enable_pir_api")["FLAGS_enable_pir_api"]


def _old_ir_guard() -> Callable[[], AbstractContextManager[Any]] | None:
    """Paddle 3's switch to the old representation; None if there is none."""
    return getattr(paddle.pir_utils, "DygraphOldIrGuard", None)
