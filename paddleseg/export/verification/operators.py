# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The operators of an export's ONNX models, which the tool chain of a device must support."""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import dataclass

from paddleseg.deploy.deploy_config import DeployConfig


@dataclass(frozen=True)
class Operators:
    """The operators of one model.

    Attributes:
        opset: Version of ONNX's operators.
        counts: The number of each, by name.
    """

    opset: int
    counts: dict[str, int]


def operators_of(config: DeployConfig) -> dict[str, Operators]:
    """The operators of each ONNX model of an export by its file's name.

    Empty if the package onnx, which engines do not need, is missing. A model that cannot be read has none either, which
    the rows of its runs report.
    """
    models = {graph.model for graph in (config.main_graph, *config.graphs.values()) if graph.format == "onnx"}
    if not models or importlib.util.find_spec("onnx") is None:
        return {}
    import onnx
    from google.protobuf.message import DecodeError

    found = {}
    for path in sorted(models):
        try:
            model = onnx.load(path, load_external_data=False)
        except DecodeError:
            continue
        opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
        found[path.name] = Operators(opset, dict(sorted(Counter(node.op_type for node in model.graph.node).items())))
    return found
