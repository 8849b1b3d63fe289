# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What of an export is compared with the network: which graphs, and on which engine each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from paddleseg.deploy.deploy_config import DeployConfig
from paddleseg.deploy.engines import ENGINES
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_formats import GRAPH_FORMATS
from paddleseg.deploy.graph_spec import GraphSpec
from paddleseg.utils.errors import UserError
from paddleseg.utils.logging import get_logger


class VerificationError(UserError, RuntimeError):
    """An exported graph and its network disagree."""


@dataclass(frozen=True)
class GraphRun:
    """One graph on one engine.

    Attributes:
        config: The deploy.yaml as if the export had this graph alone.
        options: The engine and its precision.
    """

    config: DeployConfig
    options: EngineOptions

    @property
    def name(self) -> str:
        """For the log and errors."""
        return f"{self.config.main_graph.model.name} on {self.options.backend}"


def graph_runs(config: DeployConfig) -> list[GraphRun]:
    """Each graph of an export on the engine that its format is made for, else on another that is installed.

    Graphs that no installed engine runs are said in the log.

    Raises:
        VerificationError: There are no others.
    """
    runs = []
    for graph in _graphs_of(config):
        backend = _installed_engine(graph)
        if backend is None:
            get_logger().warning("verification: %s is not compared: %s", graph.model.name, _missing(graph))
            continue
        alone = dataclasses.replace(config, main_graph=graph, graphs={})
        runs.append(GraphRun(alone, EngineOptions(backend, precision=graph.precision)))
    if not runs:
        raise VerificationError(
            f"verification failed: {_missing(config.main_graph)}; nothing was exported. --no_verify exports unseen"
        )
    return runs


def _graphs_of(config: DeployConfig) -> Sequence[GraphSpec]:
    """All graphs, each file once: the main one of a portable export has its true entry under ``graphs``."""
    others = list(config.graphs.values())
    is_named_again = any(graph.model == config.main_graph.model for graph in others)
    return others if is_named_again else [config.main_graph, *others]


def _installed_engine(graph: GraphSpec) -> str | None:
    engines = GRAPH_FORMATS[graph.format].engines
    return next((name for name in engines if ENGINES[name].is_installed), None)


def _missing(graph: GraphSpec) -> str:
    kind = ENGINES[GRAPH_FORMATS[graph.format].engines[0]]
    return f"the package {kind.package}, which runs it, is not installed: {kind.install}"
