# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The engines: a new one is a file with a subclass of ``base.Engine`` and a row of ``ENGINES``.

Their libraries are imported when a graph is opened, and only the one that runs it.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, Engine, EngineOptions, first_line
from paddleseg.deploy.graph_formats import MNN, ONNXRUNTIME, OPENVINO, PADDLE
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import DeviceError
from paddleseg.utils.extras import install_extra


@dataclass(frozen=True)
class EngineKind:
    """The place of an engine.

    Attributes:
        module: File in this folder.
        name: Class in it.
        package: The package that must be importable.
        install: What to install if it is not.
        lowers: Precisions in which it computes a graph of fp32; in others it needs a graph of that precision.
    """

    module: str
    name: str
    package: str
    install: str
    lowers: tuple[str, ...] = ()

    @property
    def is_installed(self) -> bool:
        """Whether its package is installed; whether it loads is not checked."""
        return importlib.util.find_spec(self.package) is not None


ENGINES = {
    PADDLE: EngineKind(
        "paddle_inference", "PaddleInference", "paddle", "pip install paddlepaddle==3.3.1", ("bf16", "fp16")
    ),
    OPENVINO: EngineKind(
        "openvino_runtime", "OpenvinoRuntime", "openvino", install_extra("openvino"), ("bf16", "fp16")
    ),
    ONNXRUNTIME: EngineKind("onnx_runtime", "OnnxRuntime", "onnxruntime", install_extra("onnx")),
    MNN: EngineKind("mnn_interpreter", "MnnInterpreter", "MNN", install_extra("mnn")),
}
"""In the order in which one is chosen where none is asked for."""


def open_engine(graph: GraphSpec, options: EngineOptions = DEFAULT_OPTIONS) -> Engine:
    """Load a graph.

    Args:
        graph: The graph to load.
        options: How to run it; without a ``backend``, on the format's own engine.

    Raises:
        DeviceError: The engine is not installed or does not load, does not run the graph, or does not take the
            options.
        WeightsError: The files are damaged.

    Example:
        >>> engine = open_engine(read_deploy_config("output/inference_model").main_graph)
        >>> labels = engine(np.zeros([1, 3, 512, 1024], np.float32))  # (1, 512, 1024) int32, if exported with argmax
    """
    backend = options.backend or graph.engines[0]
    if backend not in graph.engines:
        raise DeviceError(
            f"--backend {backend}: it does not run {graph.model.name}; --backend {' or '.join(graph.engines)} does"
        )
    kind = ENGINES[backend]
    require_installed(backend)
    try:
        module = importlib.import_module(f"paddleseg.deploy.engines.{kind.module}")
        return getattr(module, kind.name)(graph, options)
    except ImportError as error:  # a package for another system, or without a required library
        raise DeviceError(
            f"--backend {backend}: {kind.package} cannot be loaded ({first_line(error)}): {kind.install}"
        ) from error


def require_installed(backend: str) -> None:
    """Refuse an engine that is not installed.

    Raises:
        DeviceError: Says what to install.
    """
    if not ENGINES[backend].is_installed:
        raise DeviceError(
            f"--backend {backend}: the package {ENGINES[backend].package} is not installed: {ENGINES[backend].install}"
        )


def engine_device(backend: str, name: str | None) -> str:
    """The device of an engine.

    Args:
        backend: The engine.
        name: As for ``--device``; None: for Paddle the first card, else the CPU; for others the CPU.

    Raises:
        DeviceError: Paddle does not have the device (other engines report this when a graph is opened), or a card has
            no number.
    """
    if backend == PADDLE:
        from paddleseg.utils.device import select_device

        return select_device(name)
    kind, colon, number = (name or "cpu").partition(":")
    if colon and not number.isdecimal():
        raise DeviceError(f"--device {name}: {number!r} is not the number of a card; give {kind}:0")
    return "gpu:0" if name == "gpu" else name or "cpu"
