# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenVINO on the CPU: .onnx, its own .xml, and .pdmodel.

A graph for any size is compiled for the first size after a warm-up, and once more, without a size, for all others: a
known size takes 0.87 of the time in bfloat16 and int8 (DDRNet-23-slim at 1024 x 2048), since more operators are fused.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, Engine, EngineOptions, first_line, refuse_devices_but_cpu
from paddleseg.deploy.graph_formats import OPENVINO
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import DeviceError, WeightsError
from paddleseg.utils.quiet_import import import_quietly

_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_Shapes = tuple[tuple[int, ...], ...]


class OpenvinoRuntime(Engine):
    """A graph on OpenVINO, see :class:`~paddleseg.deploy.engines.base.Engine`."""

    backend = OPENVINO

    def __init__(self, graph: GraphSpec, options: EngineOptions = DEFAULT_OPTIONS) -> None:
        super().__init__(graph, options)
        refuse_devices_but_cpu(options, self.backend)
        openvino = import_quietly("openvino")
        core = openvino.Core()
        # Without the hint it computes in bfloat16 on CPUs that support it. No CACHE_DIR: nothing is left behind.
        settings = {
            "INFERENCE_PRECISION_HINT": _hint(core, options.precision),
            "INFERENCE_NUM_THREADS": self.options.cpu_threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        self._graph = _Graph(core, graph, settings)
        self._requests: dict[Any, Any] = {}  # for each compiled graph
        self.about = f"OpenVINO {openvino.__version__.split('-')[0]}"
        model = self._graph.model
        self.input_names, self.output_names = (
            tuple(port.any_name if port.names else str(port.index) for port in ports)
            for ports in (model.inputs, model.outputs)
        )

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        compiled = self._graph.compiled_for(tuple(array.shape for array in inputs))
        if compiled not in self._requests:
            self._requests[compiled] = compiled.create_infer_request()
        arrays = [np.ascontiguousarray(array) for array in inputs]
        results = self._requests[compiled].infer(arrays, share_inputs=True, share_outputs=True)
        return [np.array(results[port]) for port in compiled.outputs]

    def end_warm_up(self) -> None:
        self._graph.give_first_place_to_next()
        self._requests.clear()  # they keep compiled graphs

    def clone(self) -> OpenvinoRuntime:
        twin = copy.copy(self)
        twin._requests = {}
        return twin


class _Graph:
    """A graph and its compiled forms, shared by several threads."""

    def __init__(self, core: Any, graph: GraphSpec, settings: dict[str, Any]) -> None:
        self._core, self._settings = core, settings
        self._files = " and ".join(map(str, graph.files))
        self._lock = threading.Lock()
        self._first: tuple[_Shapes, Any] | None = None
        self._first_is_replaceable = False
        self._for_any: Any = None
        try:
            self.model = core.read_model(*map(str, graph.files))
        except RuntimeError as error:
            raise self._cannot_be_loaded(error) from error
        if not self.model.is_dynamic():
            self._for_any = self._compile(self.model)

    def compiled_for(self, shapes: _Shapes) -> Any:
        """The compiled graph for inputs of these shapes, which it may still refuse.

        Raises:
            WeightsError: OpenVINO cannot compile the graph.
        """
        with self._lock:
            is_missing = self._first is None or (self._first_is_replaceable and self._first[0] != shapes)
            if self._for_any is None and is_missing:
                self._first = shapes, self._compile_for(shapes)
            self._first_is_replaceable = False
            if self._first is not None and self._first[0] == shapes:
                return self._first[1]
            if self._for_any is None:
                self._for_any = self._compile(self.model)
            return self._for_any

    def give_first_place_to_next(self) -> None:
        """Compile the graph for the next size, instead of the first one, if it is another."""
        with self._lock:
            self._first_is_replaceable = True

    def _compile_for(self, shapes: _Shapes) -> Any:
        model = self.model.clone()
        model.reshape({port: list(shape) for port, shape in zip(model.inputs, shapes)})
        return self._compile(model)

    def _compile(self, model: Any) -> Any:
        try:
            return self._core.compile_model(model, "CPU", self._settings)
        except RuntimeError as error:
            raise self._cannot_be_loaded(error) from error

    def _cannot_be_loaded(self, error: RuntimeError) -> WeightsError:
        return WeightsError(f"{self._files}: OpenVINO cannot load them: {first_line(error)}")


def _hint(core: Any, precision: str) -> str:
    """The precision of operators that state none; int8 graphs state it for most of theirs.

    Raises:
        DeviceError: The CPU does not have the precision.
    """
    able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "int8":
        return "bf16" if "BF16" in able else "f32"
    if precision != "fp32" and precision.upper() not in able:
        raise DeviceError(f"--precision {precision}: OpenVINO has no {precision} on this CPU; give --precision fp32")
    return _HINTS[precision]
