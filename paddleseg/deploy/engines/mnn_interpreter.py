# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""MNN on the CPU, in float32: it uses Winograd convolutions, with fewer multiplications than other engines."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

import numpy as np

from paddleseg.deploy.engines.base import DEFAULT_OPTIONS, Engine, EngineOptions, first_line, refuse_devices_but_cpu
from paddleseg.deploy.graph_formats import MNN as BACKEND
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import WeightsError

with contextlib.redirect_stdout(io.StringIO()):
    import MNN

_TYPES = {"float32": MNN.Halide_Type_Float, "uint8": MNN.Halide_Type_Uint8}
_PLAIN_LAYOUT = MNN.Tensor_DimensionType_Caffe  # the axes as in the graph


class MnnInterpreter(Engine):
    """A graph on MNN, see :class:`~paddleseg.deploy.engines.base.Engine`."""

    backend = BACKEND

    def __init__(self, graph: GraphSpec, options: EngineOptions = DEFAULT_OPTIONS) -> None:
        super().__init__(graph, options)
        refuse_devices_but_cpu(options, self.backend)
        try:
            self._interpreter = MNN.Interpreter(str(graph.model))
        except Exception as error:  # its binding raises no other type
            raise WeightsError(f"{graph.model}: MNN cannot load it: {first_line(error)}") from error
        # "high" is float32; by default it computes in less if the CPU can.
        settings = {"backend": "CPU", "numThread": self.options.cpu_threads, "precision": "high"}
        self._session = self._interpreter.createSession(settings)
        self.about = f"MNN {MNN.version()}"
        self.input_names = tuple(self._interpreter.getSessionInputAll(self._session))
        self.output_names = tuple(self._interpreter.getSessionOutputAll(self._session))

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        targets = [self._interpreter.getSessionInput(self._session, name) for name in self.input_names]
        shapes = [tuple(array.shape) for array in inputs]
        if shapes != [tuple(target.getShape()) for target in targets]:
            for target, shape in zip(targets, shapes):
                self._interpreter.resizeTensor(target, shape)
            self._interpreter.resizeSession(self._session)
        for target, array in zip(targets, inputs):
            array = np.ascontiguousarray(array)
            target.copyFrom(MNN.Tensor(array.shape, _TYPES[array.dtype.name], array, _PLAIN_LAYOUT))
        code = self._interpreter.runSession(self._session)
        if code != 0:
            raise RuntimeError(f"error code {code}")
        return [self._fetch(name) for name in self.output_names]

    def clone(self) -> MnnInterpreter:
        return MnnInterpreter(self.graph, self.options)

    def _fetch(self, name: str) -> np.ndarray:
        output = self._interpreter.getSessionOutput(self._session, name)
        host = MNN.Tensor(output, _PLAIN_LAYOUT)
        output.copyToHostTensor(host)
        return np.array(host.getNumpyData())
