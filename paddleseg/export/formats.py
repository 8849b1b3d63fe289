# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What ``--format`` and ``--graph_format`` offer: a new format is a function that writes it and a row of ``FORMATS``.

The command line reads the names before it knows whether Paddle is installed: the functions import it, like the packages
of the other formats. Files and suffixes of formats are in ``deploy.graph_formats``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddleseg.deploy.graph_formats import GRAPH_FORMATS
from paddleseg.export.options import MNN, ONNX, OPENVINO, PADDLE, GraphRequest
from paddleseg.utils.cli import require_packages

if TYPE_CHECKING:
    from paddle import nn

STEMS = ("model", "model_stride8")
"""Names of the files without their suffixes: of the graph under PaddleSeg's keys, and of that of the logits at 1/8."""
INT8_STEM = "model_stride8_int8"
"""That of the int8 graphs that ``export.int8`` adds to an export."""


@dataclass(frozen=True)
class ExportFormat:
    """One way to write a graph.

    Attributes:
        about: Its description, for the help.
        write: Writes a network as the requested graph, to files whose path without suffix is given.
        packages: The packages needed to write it, as for ``utils.cli.require_packages``.
        others: Suffixes of files that it may write besides those needed to run it.
    """

    about: str
    write: Callable[[nn.Layer, GraphRequest, Path], None]
    packages: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def _write_pdmodel(network: nn.Layer, request: GraphRequest, stem: Path) -> None:
    from paddleseg.export.graph import exported_layer, save_graph

    save_graph(exported_layer(network, request), stem, request.input_shape, pir=False)


def _write_json(network: nn.Layer, request: GraphRequest, stem: Path) -> None:
    from paddleseg.export.graph import exported_layer, save_graph

    save_graph(exported_layer(network, request), stem, request.input_shape, pir=True)


def _write_onnx(network: nn.Layer, request: GraphRequest, stem: Path) -> None:
    from paddleseg.export.onnx_writer import write_onnx

    write_onnx(network, stem.with_suffix(".onnx"), request)


def _write_openvino(network: nn.Layer, request: GraphRequest, stem: Path) -> None:
    from paddleseg.export.converters import write_openvino

    write_openvino(network, request, stem)


def _write_mnn(network: nn.Layer, request: GraphRequest, stem: Path) -> None:
    from paddleseg.export.converters import write_mnn

    write_mnn(network, request, stem)


FORMATS = {
    "pdmodel": ExportFormat("Paddle's older format", _write_pdmodel, others=(".pdiparams.info",)),
    "json": ExportFormat("that of Paddle 3", _write_json),
    ONNX: ExportFormat("one file for onnxruntime and many others", _write_onnx, ("onnx",)),
    OPENVINO: ExportFormat("OpenVINO's IR", _write_openvino, ("onnx", "openvino")),
    MNN: ExportFormat("that of MNN", _write_mnn, ("onnx", "MNN")),
}
"""By their names in ``deploy.graph_formats``."""
PADDLE_FORMATS = ("pdmodel", "json")


def export_names() -> set[str]:
    """Names of all files that exports and their quantisation may write, except deploy.yaml."""
    suffixes = {suffix for name in FORMATS for suffix in (*GRAPH_FORMATS[name].suffixes, *FORMATS[name].others)}
    return {stem + suffix for stem in (*STEMS, INT8_STEM) for suffix in suffixes}


def require_formats(names: list[str]) -> None:
    """Refuse formats whose packages are not installed.

    Args:
        names: As for ``--format``.

    Raises:
        UserError: Says what to install.
    """
    for name in names:
        if name != PADDLE:
            require_packages(*FORMATS[name].packages)


def default_format() -> str:
    """Paddle's format that is correct and fast on the installed Paddle.

    Paddle 3 runs .json graphs with bilinear resizes on oneDNN only without one of its passes (see
    ``deploy.engines.paddle_inference``), which other programs do not know; .pdmodel runs directly, also on older
    versions, and on the OpenVINO in Paddle's wheel.
    """
    from paddleseg.export.graph import can_trace

    return "pdmodel" if can_trace(pir=False) else "json"
