# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What ``--graph_format`` offers: a new format is a function that writes it and a row of ``FORMATS``.

The command line reads the names before Paddle is known to be there: it is imported by the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddle import nn

STEMS = ("model", "model_stride8")
"""Names of the files without their suffixes: of the graph under PaddleSeg's keys, and of that of the logits at 1/8."""


@dataclass(frozen=True)
class GraphFormat:
    """One way to write a static graph.

    Attributes:
        about: What it is, for the help.
        graph: Suffix of the graph's file.
        params: Suffix of the file of its weights.
        write: Writes a network (a layer that is called with one float32 tensor) to files whose path without suffix is
            given, for inputs of a shape with -1 where any size goes.
        others: Suffixes of further files that it may write; not needed to run the graph.
    """

    about: str
    graph: str
    params: str
    write: Callable[[nn.Layer, Path, Sequence[int]], None]
    others: tuple[str, ...] = ()

    def files(self, stem: str) -> tuple[str, ...]:
        """All files that it may write."""
        return tuple(stem + suffix for suffix in (self.graph, self.params, *self.others))


def _write_pdmodel(network: nn.Layer, stem: Path, input_shape: Sequence[int]) -> None:
    from paddleseg.export.graph import save_graph

    save_graph(network, stem, input_shape, pir=False)


def _write_json(network: nn.Layer, stem: Path, input_shape: Sequence[int]) -> None:
    from paddleseg.export.graph import save_graph

    save_graph(network, stem, input_shape, pir=True)


FORMATS = {
    "pdmodel": GraphFormat(
        about="Paddle's older format",
        graph=".pdmodel",
        params=".pdiparams",
        write=_write_pdmodel,
        others=(".pdiparams.info",),
    ),
    "json": GraphFormat(
        about="that of Paddle 3",
        graph=".json",
        params=".pdiparams",
        write=_write_json,
    ),
}


def default_format() -> str:
    """The format that is right and fast on the installed Paddle.

    Paddle 3 runs .json graphs with bilinear resizes on oneDNN only after one of its passes is taken out (see
    ``deploy.engines.paddle_inference``), and other programs do not know of that; .pdmodel runs as it is, on older
    Paddles too, and on the OpenVINO that Paddle carries.
    """
    from paddleseg.export.graph import can_trace

    return "pdmodel" if can_trace(pir=False) else "json"
