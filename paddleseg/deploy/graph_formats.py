# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The formats of graphs: names, files, and the engines that read them.

A new format is a row here and, if ``export.py`` is to write it, a row of ``export.formats``.
"""

from __future__ import annotations

from dataclasses import dataclass

PADDLE, ONNXRUNTIME, OPENVINO, MNN = "paddle", "onnxruntime", "openvino", "mnn"
"""Names of the engines, as ``--backend`` takes them."""
PRECISIONS = ("fp32", "bf16", "fp16", "int8")
FLOAT32, UINT8 = INPUT_DTYPES = ("float32", "uint8")
"""What graphs take: normalised float32 pictures (N, C, H, W), or uint8 RGB pictures (N, H, W, C), which the graph
normalises itself."""


@dataclass(frozen=True)
class GraphFormat:
    """One format of graphs.

    Attributes:
        graph: Suffix of the graph's file.
        params: Suffix of the file of its weights; None: they are in the graph's file.
        engines: Engines that read it, its own first.
    """

    graph: str
    params: str | None
    engines: tuple[str, ...]

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of all files needed to run it."""
        return (self.graph,) if self.params is None else (self.graph, self.params)


GRAPH_FORMATS = {
    "openvino": GraphFormat(".xml", ".bin", (OPENVINO,)),
    "onnx": GraphFormat(".onnx", None, (ONNXRUNTIME, OPENVINO)),
    "mnn": GraphFormat(".mnn", None, (MNN,)),
    "pdmodel": GraphFormat(".pdmodel", ".pdiparams", (PADDLE, OPENVINO)),
    "json": GraphFormat(".json", ".pdiparams", (PADDLE,)),
}
"""An engine that reads several takes the first of them: graphs written from the network have fewer nodes than traced
ones, and its own format is read fastest."""


def format_of(suffix: str) -> str | None:
    """The format whose graphs have this suffix (``.onnx``); None if there is none."""
    return next((name for name, kind in GRAPH_FORMATS.items() if kind.graph == suffix), None)
