# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: on the CPU, and on cards with CUDA or TensorRT if its package has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime

from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, Engine, EngineOptions, first_line
from paddleseg.deploy.graph_formats import ONNXRUNTIME
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import DeviceError, WeightsError

onnxruntime.disable_telemetry_events()

_ERRORS_ONLY, _WARNINGS = 3, 2  # severities of its log; the latter is the default, lower ones give hundreds of lines


class OnnxRuntime(Engine):
    """A graph on ONNX Runtime, see :class:`~paddleseg.deploy.engines.base.Engine`."""

    backend = ONNXRUNTIME
    run_errors = (Exception,)  # its own types have no other base

    def __init__(self, graph: GraphSpec, options: EngineOptions = DEFAULT_OPTIONS) -> None:
        super().__init__(graph, options)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = self.options.cpu_threads
        settings.inter_op_num_threads = 1
        settings.log_severity_level = _WARNINGS if options.print_detail else _ERRORS_ONLY
        providers = _providers(options, onnxruntime.get_available_providers())
        try:
            self._session = onnxruntime.InferenceSession(str(graph.model), settings, providers)
        except Exception as error:
            raise WeightsError(f"{graph.model}: ONNX Runtime cannot load it: {first_line(error)}") from error
        self.about = f"ONNX Runtime {onnxruntime.__version__}"
        self.input_names = tuple(item.name for item in self._session.get_inputs())
        self.output_names = tuple(item.name for item in self._session.get_outputs())

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self._session.run(None, dict(zip(self.input_names, map(np.ascontiguousarray, inputs))))

    def clone(self) -> OnnxRuntime:
        """Itself: several threads may run a session at the same time."""
        return self


def _providers(options: EngineOptions, available: Sequence[str]) -> list[Any]:
    """The execution providers for a device. The tests have no GPU to run those for one.

    Raises:
        DeviceError: The package does not have them.
    """
    kind, _, number = options.device.partition(":")
    if options.use_trt and kind != "gpu":
        raise DeviceError(
            f"--use_trt True: TensorRT runs on GPUs only, the device is {options.device}; leave it out, or give "
            "--device gpu"
        )
    if kind == "cpu":
        return ["CPUExecutionProvider"]
    if kind != "gpu":
        raise DeviceError(f"--device {options.device}: --backend onnxruntime runs on cpu and gpu; give one of them")
    card = {"device_id": int(number or 0)}
    providers: list[Any] = [("CUDAExecutionProvider", card), "CPUExecutionProvider"]
    if options.use_trt:
        tensorrt = {**card, "trt_min_subgraph_size": options.min_subgraph_size}
        tensorrt["trt_fp16_enable"] = options.precision == "fp16"
        tensorrt["trt_int8_enable"] = options.precision == "int8"
        providers.insert(0, ("TensorrtExecutionProvider", tensorrt))
    missing = next((name for name, _ in providers[:-1] if name not in available), None)
    if missing is not None:
        raise DeviceError(
            f"--device {options.device}: this ONNX Runtime has no {missing}, but {', '.join(available)}; install "
            "onnxruntime-gpu in its place, or give --device cpu"
        )
    return providers
