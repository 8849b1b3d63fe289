# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The description of one graph in deploy.yaml: its files, input and output."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddleseg.deploy.graph_formats import FLOAT32, GRAPH_FORMATS, INPUT_DTYPES, PRECISIONS, format_of
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.near_miss import suggest

OUTPUT_OPS = ("argmax", "softmax", "none")
STRIDE8 = "stride8"
"""A graph that gives float32 logits (N, K, ceil(H/8), ceil(W/8))."""
GIVES = (STRIDE8, *OUTPUT_OPS)
"""What graphs give: logits at 1/8, or one of ``OUTPUT_OPS`` at the size of the input."""
ANY_SHAPE = (-1, 3, -1, -1)
TYPE_WORDS = {str: "a string", int: "a whole number", list: "a list", dict: "a mapping", bool: "true or false"}
"""The types of values in deploy.yaml, for messages."""

# Key of an entry of graphs: the type of its value.
_KEYS = {
    "model": str, "params": str, "gives": str, "format": str, "precision": str, "input": str, "input_shape": list,
    "calibrated_size": list,
}  # fmt: skip


@dataclass(frozen=True)
class GraphSpec:
    """One graph of an export.

    Attributes:
        model: File of the graph.
        params: File of its weights, which several graphs may share; None if they are in ``model``.
        gives: One of ``GIVES``; None: not said (main graphs of older kits).
        format: A name in ``GRAPH_FORMATS``.
        precision: One of ``PRECISIONS``: the precision of its numbers. An engine may run a graph of ``fp32`` in a lower
            one.
        input_dtype: One of ``INPUT_DTYPES``: float32 for normalised pictures (N, C, H, W), uint8 for RGB pictures
            (N, H, W, C).
        input_shape: (N, C, H, W) of its input, in this order for both, -1 for any size.
        calibrated_size: (height, width) of the pictures used to calibrate an ``int8`` graph; None: not said.
    """

    model: Path
    params: Path | None = None
    gives: str | None = None
    format: str = "pdmodel"
    precision: str = "fp32"
    input_dtype: str = FLOAT32
    input_shape: tuple[int, int, int, int] = ANY_SHAPE
    calibrated_size: tuple[int, int] | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files needed to run it."""
        return (self.model,) if self.params is None else (self.model, self.params)

    @property
    def engines(self) -> tuple[str, ...]:
        """Engines that run it, its format's own first.

        An int8 graph is for the engine for which it was quantised: OpenVINO 2026.4.1 loses 4 % of the classes with ONNX
        Runtime's, and on CPUs without AVX512 it ends the process by a segmentation fault when it compiles it.
        """
        engines = GRAPH_FORMATS[self.format].engines
        return engines[:1] if self.precision == "int8" else engines


def read_graphs(path: Path, entries: Mapping[Any, Any], input_shape: Sequence[int]) -> dict[str, GraphSpec]:
    """The section ``graphs`` of a deploy.yaml.

    Args:
        path: The file, for messages; the graphs are beside it.
        entries: The section.
        input_shape: The main graph's, the default of the others.

    Raises:
        ConfigError: A key or value is wrong, or a file is missing.
    """
    graphs = {}
    for name, entry in entries.items():
        key = f"Deploy.graphs.{name}"
        if not isinstance(entry, dict) or "model" not in entry:
            raise ConfigError(f"{path}: {key} is {entry!r}; it must be a mapping with 'model'")
        for part, value in entry.items():
            if part not in _KEYS:
                raise ConfigError(f"{path}: {key}.{part}: there is no such key. {suggest(part, _KEYS)}")
            if not isinstance(value, _KEYS[part]):
                raise ConfigError(f"{path}: {key}.{part} is {value!r}; it must be {TYPE_WORDS[_KEYS[part]]}")
        if "gives" not in entry and name not in GIVES:
            raise ConfigError(
                f"{path}: {key}: it does not say what the graph gives: add 'gives', or name the graph after it. "
                f"{suggest(name, GIVES)}"
            )
        graphs[str(name)] = read_graph(path, key, {"gives": name, "input_shape": list(input_shape), **entry})
    return graphs


def read_graph(path: Path, key: str, entry: Mapping[str, Any]) -> GraphSpec:
    """One graph, from values of the right types.

    Args:
        path: The deploy.yaml.
        key: The entry's place in it, for messages.
        entry: Its keys; None stands for missing ones.

    Raises:
        ConfigError: A value is wrong, or a file is missing.
    """
    model = _existing_file(path, f"{key}.model", entry["model"])
    kind = _read_format(path, key, model, entry.get("format"))
    params = entry.get("params")
    if GRAPH_FORMATS[kind].params is None and params is not None:
        raise ConfigError(f"{path}: {key}.params is {params!r}; {model.name} has its weights inside, leave it out")
    if GRAPH_FORMATS[kind].params is not None and params is None:
        raise ConfigError(f"{path}: {key}.params is missing; {model.name} needs its weights, export the network again")
    gives, precision, dtype = entry.get("gives"), entry.get("precision") or "fp32", entry.get("input") or FLOAT32
    for part, value, allowed in (
        ("gives", gives, (*GIVES, None)), ("precision", precision, PRECISIONS), ("input", dtype, INPUT_DTYPES),
    ):  # fmt: skip
        check_choice(path, f"{key}.{part}", value, allowed)
    return GraphSpec(
        model,
        None if params is None else _existing_file(path, f"{key}.params", params),
        gives,
        kind,
        precision,
        dtype,
        _read_input_shape(path, f"{key}.input_shape", entry.get("input_shape")),
        _read_calibrated_size(path, f"{key}.calibrated_size", entry.get("calibrated_size")),
    )


def check_choice(path: Path, key: str, value: Any, allowed: Collection[str | None]) -> None:
    """Refuse a value that is not allowed.

    Raises:
        ConfigError: Names file, key, value and what is allowed.
    """
    if value not in allowed:
        raise ConfigError(f"{path}: {key} is {value!r}. {suggest(value, [name for name in allowed if name])}")


def check_checksums(path: Path, files: Iterable[Path], checksums: Mapping[str, str]) -> None:
    """Compare files of an export with their checksums; files without one pass.

    Args:
        path: The deploy.yaml, for messages.
        files: Those of a graph, or others.
        checksums: SHA-256 by file name.

    Raises:
        ConfigError: A file differs from the exported one.
    """
    for file in files:
        wanted = checksums.get(file.name)
        if wanted is not None and sha256_of(file) != wanted:
            raise ConfigError(
                f"{file}: is not the file that {path.name} was written for (its SHA-256 is not that of "
                f"Deploy.checksums); export the network again, or copy the whole folder"
            )


def _read_format(path: Path, key: str, model: Path, stated: str | None) -> str:
    """The format of the file's suffix; a stated one must agree."""
    kind = format_of(model.suffix)
    if kind is None:
        known = ", ".join(kind.graph for kind in GRAPH_FORMATS.values())
        raise ConfigError(f"{path}: {key}.model is {model.name!r}; graphs have one of the suffixes {known}")
    if stated is not None:
        check_choice(path, f"{key}.format", stated, GRAPH_FORMATS)
        if stated != kind:
            raise ConfigError(f"{path}: {key}.format is {stated!r}, but {model.name} has the format {kind!r}")
    return kind


def _existing_file(path: Path, key: str, name: str) -> Path:
    file = path.parent / name
    if not file.is_file():
        suffixes = {suffix for kind in GRAPH_FORMATS.values() for suffix in kind.suffixes}
        others = sorted(p.name for p in path.parent.glob("*.*") if p.suffix in suffixes)
        found = f"the folder has {', '.join(others)}" if others else "the folder has no exported network"
        raise ConfigError(f"{path}: {key} names {name!r}, which is not beside it; {found}")
    return file


def _read_input_shape(path: Path, key: str, value: Sequence[Any] | None) -> tuple[int, int, int, int]:
    if value is None:
        return ANY_SHAPE
    # PaddleSeg writes null for any size.
    shape = tuple(-1 if size is None else size for size in value)
    if len(shape) != 4 or not all(isinstance(size, int) and (size > 0 or size == -1) for size in shape):
        raise ConfigError(f"{path}: {key} is {value}; it must be [N, C, H, W], -1 for any size")
    if shape[1] == -1:
        raise ConfigError(f"{path}: {key} is {value}; the number of channels C must be stated")
    return shape


def _read_calibrated_size(path: Path, key: str, value: Sequence[Any] | None) -> tuple[int, int] | None:
    if value is not None and not (len(value) == 2 and all(type(side) is int and side > 0 for side in value)):
        raise ConfigError(f"{path}: {key} is {value}; it must be [height, width]")
    return None if value is None else tuple(value)
