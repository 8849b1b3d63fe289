# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The choice of a graph of an export, and of its engine.

Both are requested, or follow from fixed orders and from what the folder has and what is installed, never from
failures: a request that cannot be met is an error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from paddleseg.deploy.deploy_config import CLASSIFICATION, DeployConfig
from paddleseg.deploy.engines import ENGINES, require_installed
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_formats import GRAPH_FORMATS, PADDLE, UINT8
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import ConfigError, DeviceError
from paddleseg.utils.near_miss import suggest


def choose_graph(
    config: DeployConfig,
    options: EngineOptions,
    graphs: Sequence[GraphSpec] | None = None,
    preferred: Sequence[str | None] = (),
) -> tuple[GraphSpec, EngineOptions]:
    """The graph to run, and the options with the engine to run it.

    Several graphs are ranked by the position of their ``gives`` in ``preferred``; then by that of their format in
    ``GRAPH_FORMATS``; then those for any size come first; then those for uint8 pictures, which need no normalising,
    unless there is a ``value_range``, as for float and 16-bit pictures; then the order of the file decides.

    Args:
        config: The deploy.yaml.
        options: How to run it. Without a ``backend``, see ``choose_backend``.
        graphs: The candidates; None: all of the export.
        preferred: Values of ``gives``, the best first; others come last.

    Raises:
        ConfigError: The export has no graph that the engine runs in this precision.
        DeviceError: The engine is not known, or not installed.
    """
    graphs = [config.main_graph, *config.graphs.values()] if graphs is None else graphs
    backend = options.backend
    if backend is None:
        backend = choose_backend(config, options, graphs)
    if backend not in ENGINES:
        raise DeviceError(f"--backend {backend}: there is no such engine. {suggest(backend, ENGINES)}")
    options = dataclasses.replace(options, backend=backend)
    fitting = [graph for graph in graphs if runs(graph, options)]
    if not fitting:
        raise ConfigError(
            f"{config.path}: there is no graph that --backend {backend} runs in --precision {options.precision}; "
            f"{_what_there_is(config, graphs, options.precision)}"
        )
    require_installed(backend)
    gives, formats = [*preferred, *(graph.gives for graph in fitting)], list(GRAPH_FORMATS)
    is_deep = config.read_options.value_range is not None

    def rank(graph: GraphSpec) -> tuple[int, int, bool, bool]:
        return (
            gives.index(graph.gives),
            formats.index(graph.format),
            -1 not in graph.input_shape[2:],
            (graph.input_dtype == UINT8) == is_deep,
        )

    return min(fitting, key=rank), options


def choose_backend(config: DeployConfig, options: EngineOptions, graphs: Sequence[GraphSpec]) -> str:
    """The first of ``ENGINES`` that is installed and runs one of the graphs in the requested precision.

    Raises:
        ConfigError: There is none.
    """
    for backend, kind in ENGINES.items():
        asked = dataclasses.replace(options, backend=backend)
        if kind.is_installed and any(runs(graph, asked) for graph in graphs):
            return backend
    missing = [kind.install for kind in ENGINES.values() if not kind.is_installed]
    hint = f". Not installed here: {', '.join(missing)}" if missing else ""
    raise ConfigError(
        f"{config.path}: there is no graph that an installed engine runs in --precision {options.precision}; "
        f"{_what_there_is(config, graphs, options.precision)}{hint}"
    )


def runs(graph: GraphSpec, options: EngineOptions) -> bool:
    """Whether an engine runs a graph, in a precision; the device is checked later."""
    if options.backend not in graph.engines:
        return False
    lowered = ENGINES[options.backend].lowers
    if options.use_trt:  # builds its own from an fp32 graph; for int8, ONNX Runtime gives it no ranges
        lowered = ("fp16", "int8") if options.backend == PADDLE else ("fp16",)
    return graph.precision == options.precision or (graph.precision == "fp32" and options.precision in lowered)


def _what_there_is(config: DeployConfig, graphs: Sequence[GraphSpec], precision: str) -> str:
    """One graph of each format and precision, and how to get an int8 one."""
    kinds = {(graph.format, graph.precision): graph for graph in reversed(graphs)}
    named = (
        f"{graph.model.name} ({graph.precision}; --backend {' or '.join(graph.engines)})"
        for graph in reversed(kinds.values())
    )
    is_lacking = precision == "int8" and config.task != CLASSIFICATION and all(g.precision != "int8" for g in graphs)
    hint = "; deploy/slim/quant/ptq.py makes graphs of int8" if is_lacking else ""
    return f"there is {', '.join(named)}{hint}"
