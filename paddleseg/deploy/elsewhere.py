# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs that run on another machine: their inputs and the outputs computed there, as files.

For each picture there is a file of the network's input, ``000012_street.npy``, and its result comes back as a file of
the same name, or in the form written by devices' tools: raw numbers in ``000012_street.bin``, ``000012_street_0.bin``
or ``000012_street_output_0.bin``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.deploy.deploy_config import CLASSIFICATION, DeployConfig
from paddleseg.deploy.engines.base import Engine
from paddleseg.deploy.exported_graph import NetworkInput
from paddleseg.deploy.graph_formats import FLOAT32, GRAPH_FORMATS
from paddleseg.deploy.graph_spec import STRIDE8, GraphSpec
from paddleseg.utils.errors import ConfigError, DataError
from paddleseg.utils.near_miss import suggest
from paddleseg.utils.written_files import WrittenFiles

MAIN = "main"
"""What ``--graph`` calls the graph under PaddleSeg's keys."""
NPY, RAW = DUMP_FORMATS = ("npy", "raw")
INDEX_NAME = "index.json"
_ENDINGS = (".npy", ".bin", "_0.npy", "_0.bin", "_output_0.npy", "_output_0.bin")
_FLOATS = {4: np.float32, 2: np.float16}
_IDS = {1: np.uint8, 4: np.int32, 8: np.int64}


class Elsewhere(Engine):
    """The engine of a graph that runs elsewhere: it returns, picture by picture, the outputs computed there.

    Args:
        graph: The exported graph that was run there.
        names: Names of the pictures, in their order; see ``names_of``.
        outputs: The folder of the outputs; None: there are none yet, and it cannot run.
        config: The export, which defines the form of the outputs.

    Raises:
        DataError: There is no output for a picture, or one of another picture.
    """

    backend = "elsewhere"
    about = "another machine"
    run_errors = ()

    def __init__(
        self,
        graph: GraphSpec,
        names: Sequence[str] = (),
        outputs: Path | None = None,
        config: DeployConfig | None = None,
    ) -> None:
        super().__init__(graph)
        self._config, self._names = config, iter(names)
        self._files = {} if outputs is None else _files_of(outputs, names)

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.concatenate([self._output(image) for image in inputs[0]])]

    def clone(self) -> Elsewhere:
        # Part of the interface, for threads; evaluate.py, its only user, runs one picture after the other.
        raise NotImplementedError("its outputs come in one order")

    def _output(self, image: np.ndarray) -> np.ndarray:
        file = self._files[next(self._names)]
        size_hw = image.shape[:2] if image.dtype == np.uint8 else image.shape[1:]
        shape, kinds = self._expected(size_hw)
        array = _read_npy(file) if file.suffix == ".npy" else _read_raw(file, shape, kinds)
        # By their count alone, outputs with channels last would pass.
        is_right = _without_ones(array.shape) in (_without_ones(shape), [int(np.prod(shape))])
        if not is_right or array.dtype not in kinds.values():
            raise DataError(
                f"{file}: has {array.dtype} of the shape {list(array.shape)}, but the graph gives {list(shape)} of "
                f"{' or '.join(np.dtype(kind).name for kind in kinds.values())} for its picture"
            )
        array = array.reshape(shape)
        return array if kinds is _IDS else array.astype(np.float32)

    def _expected(self, size_hw: Sequence[int]) -> tuple[tuple[int, ...], dict[int, Any]]:
        """Shape of the graph's output for one picture, and its types by their bytes."""
        gives, num_classes = self.graph.gives, self._config.num_classes
        is_classifier = self._config.task == CLASSIFICATION
        if gives == "argmax":
            return (1,) if is_classifier else (1, *size_hw), _IDS
        if is_classifier:
            return (1, num_classes), _FLOATS
        return (1, num_classes, *(-(-side // 8) if gives == STRIDE8 else side for side in size_hw)), _FLOATS


def graph_for_elsewhere(config: DeployConfig, name: str | None) -> GraphSpec:
    """The graph that another machine runs.

    Args:
        config: The export.
        name: Its name in deploy.yaml, or ``MAIN``; None: among float32 graphs for float32 pictures an ONNX model first,
            and among these one of logits at 1/8, as written by ``export.py --portable``.

    Raises:
        ConfigError: There is no such graph, its output is not stated, or it takes batches.
    """
    graphs = {MAIN: config.main_graph, **config.graphs}
    if name is None:
        best = [graph for graph in graphs.values() if (graph.input_dtype, graph.precision) == (FLOAT32, "fp32")]
        formats = sorted(GRAPH_FORMATS, key=lambda kind: kind != "onnx")
        best.sort(key=lambda graph: (formats.index(graph.format), graph.gives != STRIDE8))
        graph = (best or [config.main_graph])[0]
    elif name in graphs:
        # The main graph of a portable export returns logits at 1/8, which output_op cannot express; ``graphs`` does.
        alike = (graph for graph in config.graphs.values() if graph.model == graphs[name].model)
        graph = next(alike, graphs[name])
    else:
        raise ConfigError(f"--graph {name}: there is no such graph in {config.path}. {suggest(name, graphs)}")
    if graph.gives is None or config.num_classes is None:
        raise ConfigError(f"{config.path}: output_op or num_classes is missing; export the network again")
    if graph.input_shape[0] not in (-1, 1):
        raise ConfigError(
            f"{config.path}: {graph.model.name} takes batches of {graph.input_shape[0]}, but each file holds one "
            "picture; export with --input_shape 1 C H W"
        )
    return graph


def names_of(pictures: Sequence[str]) -> list[str]:
    """A name for the files of each picture: its position, and its own name as far as file names allow."""
    return [f"{index:06d}_{re.sub(r'[^A-Za-z0-9.-]+', '-', Path(path).stem)}" for index, path in enumerate(pictures)]


class InputDump:
    """Writes the inputs of a network, and ``index.json``, which describes them.

    Args:
        folder: The output folder; foreign files in it stay, and are an error if one would be replaced.
        graph: The graph that takes them.
        names: Names of all pictures, see ``names_of``.
        kind: ``npy``, or ``raw``: only the numbers, in the order of the axes, little-endian.

    Raises:
        DataError: A file that no command wrote has one of the names.
    """

    def __init__(self, folder: str | Path, graph: GraphSpec, names: Sequence[str], kind: str) -> None:
        self._folder, self._graph, self._kind = Path(folder), graph, kind
        self._suffix = ".npy" if kind == NPY else ".bin"
        self._written = WrittenFiles(self._folder)
        self._written.refuse_foreign(self._folder / name for name in (INDEX_NAME, *(n + self._suffix for n in names)))
        self._entries: list[dict[str, Any]] = []

    def add(self, name: str, item: NetworkInput) -> None:
        """Write one picture, as a batch of one."""
        array = np.ascontiguousarray(item.image[np.newaxis])
        file = self._folder / f"{name}{self._suffix}"
        if self._kind == NPY:
            self._written.write_by(file, lambda opened: np.save(opened, array))
        else:
            self._written.write(file, array.astype(array.dtype.newbyteorder("<")).tobytes())
        self._entries.append({"file": file.name, "picture": item.path, "shape": list(array.shape)})

    def finish(self) -> None:
        """Write the index."""
        is_float = self._graph.input_dtype == FLOAT32
        content = {
            "graph": self._graph.model.name,
            "gives": self._graph.gives,
            "dtype": self._graph.input_dtype,
            "layout": "NCHW" if is_float else "NHWC",
            "content": "normalised pictures" if is_float else "RGB pictures, which the graph normalises",
            "format": self._kind,
            "inputs": self._entries,
        }
        self._written.write(self._folder / INDEX_NAME, f"{json.dumps(content, indent=2)}\n".encode())


def _files_of(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """The file of each picture's output.

    Raises:
        DataError: The folder does not exist, has no or two outputs for a picture, or some for unknown pictures.
    """
    if not folder.is_dir():
        raise DataError(f"--score_outputs {folder}: there is no such folder")
    there = {path.name: path for path in folder.iterdir() if path.suffix in (".npy", ".bin")}
    found: dict[str, Path] = {}
    for name in names:
        files = [there.pop(name + ending) for ending in _ENDINGS if name + ending in there]
        if len(files) > 1:
            raise DataError(f"{files[0]} and {files[1].name}: both are outputs for one picture; keep one of them")
        if files:
            found[name] = files[0]
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(
            f"--score_outputs {folder}: {len(missing)} of {len(names)} pictures have no output, the first is "
            f"{missing[0]}; the files have the names of --dump_inputs, with the ending {', '.join(_ENDINGS[:4])} or so"
        )
    if there:
        raise DataError(
            f"--score_outputs {folder}: {min(there)} belongs to no picture of --data; give the data set that the "
            "inputs were made of"
        )
    return found


def _without_ones(shape: Sequence[int]) -> list[int]:
    """The sides that are informative about the order of the axes."""
    return [side for side in shape if side != 1]


def _read_npy(file: Path) -> np.ndarray:
    """The array of a file.

    Raises:
        DataError: It is not an array, or damaged.
    """
    try:
        array = np.lib.format.open_memmap(file, mode="r")
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: is damaged or not a numpy file (.npy): {' '.join(str(error).split())}") from error
    return np.array(array)


def _read_raw(file: Path, shape: Sequence[int], kinds: dict[int, Any]) -> np.ndarray:
    """Numbers whose type follows from the bytes of each.

    Raises:
        DataError: No type has this many bytes.
    """
    size, count = file.stat().st_size, int(np.prod(shape))
    if size % count or size // count not in kinds:
        wanted = " or ".join(f"{count * width} ({np.dtype(kind).name})" for width, kind in kinds.items())
        raise DataError(f"{file}: has {size} bytes, but {list(shape)} numbers take {wanted}")
    return np.fromfile(file, np.dtype(kinds[size // count]).newbyteorder("<"))
