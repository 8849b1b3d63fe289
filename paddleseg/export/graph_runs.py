# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The comparisons of an export with its network: graphs, engines and precisions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.engines import ENGINES
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_choice import runs
from paddleseg.deploy.graph_formats import PADDLE, PRECISIONS
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import UserError

MAIN = ""
"""Stands for the graph under PaddleSeg's keys, which has no name in deploy.yaml."""


class VerificationError(UserError, RuntimeError):
    """An exported graph and its network disagree."""


@dataclass(frozen=True)
class GraphRun:
    """One graph on one engine in one precision.

    Attributes:
        key: Name of the graph in deploy.yaml; ``MAIN``: the one under PaddleSeg's keys.
        graph: Its description in deploy.yaml.
        options: The engine and its precision.
        why_not: Why it cannot be run on this machine; None: it can be tried.
    """

    key: str
    graph: GraphSpec
    options: EngineOptions
    why_not: str | None = None

    @property
    def engine(self) -> str:
        """The engine, and Paddle's kernels if they are chosen."""
        return f"{self.options.backend} (oneDNN)" if self.options.enable_mkldnn else str(self.options.backend)

    @property
    def name(self) -> str:
        """For the log and errors."""
        return f"{self.graph.model.name} on {self.engine} in {self.options.precision}"


def graph_runs(config: DeployConfig, *, every_way: bool = False) -> list[GraphRun]:
    """The runs of an export's graphs, in the order of deploy.yaml.

    Args:
        config: The export.
        every_way: Whether each graph runs on all engines that run it, in all precisions that they support for it, and
            on Paddle also with oneDNN besides its fastest kernels. Otherwise it runs once, in its own precision, on the
            first of them that is installed.

    Raises:
        VerificationError: No graph has an engine that is installed.
    """
    ways = _every_way if every_way else _one_way
    found = [run for key, graph in _graphs_of(config) for run in ways(key, graph)]
    if all(run.why_not for run in found):
        raise VerificationError(f"verification failed: {nothing_runs(found[0].graph, found[0].why_not)}")
    return found


def nothing_runs(graph: GraphSpec, reason: str | None) -> str:
    """For messages: no graph of an export could be run, why not one of them, and how to go on."""
    return (
        f"none of the graphs can be run here ({graph.model.name}: {reason}), so that nothing is compared; install an "
        "engine, or let export.py --no_verify export without verification"
    )


def graph_of(config: DeployConfig, key: str) -> DeployConfig:
    """The deploy.yaml as if the export had only one graph.

    Args:
        config: The export.
        key: See ``GraphRun``.
    """
    graph = config.main_graph if key == MAIN else config.graphs[key]
    return dataclasses.replace(config, main_graph=graph, graphs={})


def _graphs_of(config: DeployConfig) -> Iterator[tuple[str, GraphSpec]]:
    """All graphs, each file once: the main one of a portable export has its true entry under ``graphs``."""
    if all(graph.model != config.main_graph.model for graph in config.graphs.values()):
        yield MAIN, config.main_graph
    yield from config.graphs.items()


def _one_way(key: str, graph: GraphSpec) -> Iterator[GraphRun]:
    engines = [name for name in graph.engines if _can_run(graph, name, graph.precision)]
    backend = next((name for name in engines if ENGINES[name].is_installed), engines[0])
    yield GraphRun(key, graph, EngineOptions(backend, precision=graph.precision), _missing(backend))


def _every_way(key: str, graph: GraphSpec) -> Iterator[GraphRun]:
    for backend in graph.engines:
        # For .json graphs, Paddle's fastest is already oneDNN.
        kernels = (None, True) if backend == PADDLE and graph.format == "pdmodel" else (None,)
        for precision in PRECISIONS:
            if _can_run(graph, backend, precision):
                for onednn in kernels:
                    options = EngineOptions(backend, precision=precision, enable_mkldnn=onednn)
                    yield GraphRun(key, graph, options, _missing(backend))


def _can_run(graph: GraphSpec, backend: str, precision: str) -> bool:
    return runs(graph, EngineOptions(backend, precision=precision))


def _missing(backend: str) -> str | None:
    kind = ENGINES[backend]
    return None if kind.is_installed else f"the package {kind.package} is not installed: {kind.install}"
