# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO on the CPU: .onnx, its own .xml, and .pdmodel."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, Engine, EngineOptions, first_line, refuse_devices_but_cpu
from paddleseg.deploy.graph_formats import OPENVINO
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import DeviceError, WeightsError
from paddleseg.utils.quiet_import import import_quietly

# int8 graphs say by themselves where they are quantised; the rest is computed in float32.
_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}


class OpenvinoRuntime(Engine):
    """A graph on OpenVINO, see :class:`~paddleseg.deploy.engines.base.Engine`."""

    backend = OPENVINO

    def __init__(self, graph: GraphSpec, options: EngineOptions = DEFAULT_OPTIONS) -> None:
        super().__init__(graph, options)
        refuse_devices_but_cpu(options, self.backend)
        openvino = import_quietly("openvino")
        core = openvino.Core()
        _check_precision(core, options.precision)
        # Without the hint it computes in bfloat16 on CPUs that have it. No CACHE_DIR: nothing is left behind.
        settings = {
            "INFERENCE_PRECISION_HINT": _HINTS[options.precision],
            "INFERENCE_NUM_THREADS": self.options.cpu_threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        try:
            self._compiled = core.compile_model(core.read_model(*map(str, graph.files)), "CPU", settings)
        except RuntimeError as error:
            files = " and ".join(map(str, graph.files))
            raise WeightsError(f"{files}: OpenVINO cannot load them: {first_line(error)}") from error
        self._request = self._compiled.create_infer_request()
        self.about = f"OpenVINO {openvino.__version__.split('-')[0]}"
        self.input_names, self.output_names = (
            tuple(port.any_name if port.names else str(port.index) for port in ports)
            for ports in (self._compiled.inputs, self._compiled.outputs)
        )

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        results = self._request.infer([np.ascontiguousarray(array) for array in inputs])
        return [np.array(results[port]) for port in self._compiled.outputs]

    def clone(self) -> OpenvinoRuntime:
        twin = copy.copy(self)
        twin._request = self._compiled.create_infer_request()
        return twin


def _check_precision(core, precision: str) -> None:
    wanted = {"bf16": "BF16", "fp16": "FP16"}.get(precision)
    if wanted is not None and wanted not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise DeviceError(f"--precision {precision}: OpenVINO has no {precision} on this CPU; give --precision fp32")
