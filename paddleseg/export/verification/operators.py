# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The operators of an export's ONNX models: what the tool chain of a device has to know to take them."""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import dataclass

from paddleseg.deploy.deploy_config import DeployConfig


@dataclass(frozen=True)
class Operators:
    """Those of one model.

    Attributes:
        opset: Version of ONNX's operators.
        counts: How many there are of each, by name.
    """

    opset: int
    counts: dict[str, int]


def operators_of(config: DeployConfig) -> dict[str, Operators]:
    """The operators of each ONNX model of an export by its file's name.

    Empty where the package onnx is missing, which engines do without. A model that cannot be read has none either: the
    rows of its runs say so.
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
