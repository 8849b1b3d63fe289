# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The OpenVINO in Paddle's wheel for CPUs: it takes 0.7 to 0.85 of oneDNN's time, in bfloat16 0.35 to 0.7.

Its peculiarities (Paddle 3.3.1, ``paddle/fluid/inference/openvino``), each one observed:

* It runs .pdmodel graphs. A .json graph ends the process.
* It only reads weights with the graph's own name, and an export shares them between graphs.
* It keeps compiled graphs in ``./__cache__``, in the current folder, unless it is given another.
* It identifies loaded graphs only by the names of their variables: it would confuse two exports of one network in one
  process.

So a graph is read from a folder of its own, which is removed after loading, with unique names of variables.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

from paddle import inference

from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_formats import FLOAT32
from paddleseg.deploy.graph_spec import GraphSpec

_PRECISIONS = {"fp32": inference.PrecisionType.Float32, "bf16": inference.PrecisionType.Bfloat16}
# Paddle's names of layer outputs, conv2d_3.tmp_0: these letters can be replaced by as many others.
_PART_OF_NAMES = b".tmp_"
_numbers = itertools.count()


def why_not_used(graph: GraphSpec) -> str | None:
    """Why it cannot run a graph; None: it can be tried."""
    if graph.model.suffix != ".pdmodel":
        return "it runs .pdmodel graphs only"
    if graph.input_dtype != FLOAT32:
        return f"Paddle hands it float32 only, not {graph.input_dtype}"
    if not hasattr(inference.Config, "enable_openvino_engine"):
        return "this Paddle has none"
    return None


def load(graph: GraphSpec, options: EngineOptions) -> Any:
    """A predictor of a graph.

    Args:
        graph: A .pdmodel graph.
        options: How to run it, with ``cpu_threads``.

    Raises:
        RuntimeError: This Paddle has no OpenVINO, or OpenVINO does not take the graph.
        OSError: The disk is full, or the system has no links.
    """
    with tempfile.TemporaryDirectory() as name:
        model, params = Path(name, "graph.pdmodel"), Path(name, "graph.pdiparams")
        model.write_bytes(_with_own_names(graph.model.read_bytes()))
        params.symlink_to(graph.params.absolute())
        config = inference.Config(str(model), str(params))
        if not options.print_detail:
            config.disable_glog_info()
        config.disable_gpu()
        config.set_cpu_math_library_num_threads(options.cpu_threads)
        config.set_optim_cache_dir(name)
        config.enable_openvino_engine(_PRECISIONS[options.precision])
        if not config.openvino_engine_enabled():
            raise RuntimeError("this Paddle carries none")
        return inference.create_predictor(config)


def _with_own_names(program: bytes) -> bytes:
    number = next(_numbers)
    if _PART_OF_NAMES not in program or number > 999:
        raise RuntimeError("its variables cannot be told apart from those of other graphs")
    return program.replace(_PART_OF_NAMES, b".%03d_" % number)
