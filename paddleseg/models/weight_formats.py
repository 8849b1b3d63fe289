# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The formats of weight files, recognised by content: Paddle's, safetensors, PyTorch's and MindSpore's.

All are read without running code that they may contain. numpy archives, other zip archives and HDF5 are refused by
name, as a reader of the other formats would call them damaged.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from paddleseg.utils.bfloat16 import float32_of_bfloat16
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.mindspore_file import read_mindspore
from paddleseg.utils.safe_pickle import one_line, read_pickle
from paddleseg.utils.safetensors_file import is_safetensors, read_safetensors
from paddleseg.utils.torch_file import OLD_MARK, is_torch_archive, read_torch
from paddleseg.utils.torch_pickle import Tensor

WeightFormat = Literal["Paddle", "safetensors", "PyTorch", "MindSpore"]

META_KEY = "__meta__"
# paddle.save adds a table of internal names under this key.
_NAME_TABLE_KEY = "StructuredToParameterName@@"
# Where PyTorch training files keep the weights; the first that exists is taken. super-gradients' moving average, with
# which it evaluates, comes before its plain weights.
_WRAPPERS = ("state_dict", "ema_net", "net", "model_state_dict", "model_state", "model")

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second begins an empty archive
_ZIP_HEADER_SIZE = 30  # of an entry, before its name
_HDF5 = b"\x89HDF\r\n\x1a\n"
# A checkpoint of MindSpore is a protocol buffer that begins with a field of its arrays; others end in .ckpt too.
_FIRST_FIELD = b"\n"
_ALLOWED = "give .pdparams, .safetensors, .pth of PyTorch or .ckpt of MindSpore"
_NUMPY = (
    f"an archive of numpy, which is not read here; {_ALLOWED}: "
    "safetensors.numpy.save_file(dict(numpy.load(FILE)), 'weights.safetensors') makes one of it"
)


@dataclass(frozen=True)
class WeightFile:
    """The content of a weight file.

    Attributes:
        arrays: The arrays by their names in the file; those of bfloat16 become float32.
        meta: The ``__meta__`` entry, None if there is none.
        format: The file's format.
        entry: In a training's file, the entry that had the arrays.
    """

    arrays: dict[str, np.ndarray]
    meta: dict[str, Any] | None
    format: WeightFormat
    entry: str | None


def read_arrays(path: str | os.PathLike[str]) -> WeightFile:
    """Read a weight file of any format without running code in it.

    Raises:
        WeightsError: The file is missing, damaged, of another format or not a table of arrays.
    """
    kind = _format_of(path)
    meta, state_dict = None, _StateDict(path)
    if kind == "safetensors":
        content, texts = read_safetensors(path)
        meta = texts.get(META_KEY)
    elif kind == "PyTorch":
        content = read_torch(path, state_dict.find)
    elif kind == "MindSpore":
        content = read_mindspore(path)
    else:
        content = read_pickle(path)
        if not isinstance(content, dict):
            raise WeightsError(f"{path}: holds a {type(content).__name__}, not a table of named arrays")
        meta = content.pop(META_KEY, None)
        content.pop(_NAME_TABLE_KEY, None)
        content = {name: _without_bfloat16(value) for name, value in content.items()}
    _check_arrays(path, content)
    return WeightFile(content, _facts(path, meta), kind, state_dict.entry)


def _format_of(path: str | os.PathLike[str]) -> WeightFormat:
    if is_safetensors(path):
        return "safetensors"
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return "Paddle"  # its reader says why
    if start.startswith(_ZIP):
        return _format_of_zip(path, start)
    if start.startswith(OLD_MARK):
        return "PyTorch"
    if start.startswith(_HDF5):
        raise WeightsError(f"{path}: an HDF5 file, as Keras writes them, which is not read here; {_ALLOWED}")
    is_mindspore = os.fspath(path).endswith(".ckpt") and start.startswith(_FIRST_FIELD)
    return "MindSpore" if is_mindspore else "Paddle"


def _format_of_zip(path: str | os.PathLike[str], start: bytes) -> WeightFormat:
    """Whether a zip archive is PyTorch's, by the names in it, or by the first one if it is cut off."""
    try:
        with zipfile.ZipFile(path) as archive:
            names, state = archive.namelist(), ""
    except Exception:  # damaged ones raise nearly anything
        names, state = [_first_name(start)], "damaged "
    if is_torch_archive(names):
        return "PyTorch"
    if names and all(name.endswith(".npy") for name in names):
        raise WeightsError(f"{path}: {_NUMPY}")
    weights = [name for name in names if name.endswith((".pdparams", ".safetensors", ".pth"))]
    advice = f"unpack it and give {one_line(weights[0])}" if weights else _ALLOWED
    raise WeightsError(f"{path}: a {state}zip archive, not a weight file; {advice}")


def _first_name(start: bytes) -> str:
    """The name of the first entry of a zip archive, by its header."""
    length = int.from_bytes(start[26:28], "little")
    return start[_ZIP_HEADER_SIZE : _ZIP_HEADER_SIZE + length].decode("utf-8", "replace")


class _StateDict:
    """Finds the weights in the output of torch.save, and remembers the entry that has them."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self.entry: str | None = None

    def find(self, content: Any) -> Mapping[Any, Any]:
        """The table of the weights in a file's content."""
        if not isinstance(content, dict):
            raise WeightsError(f"{self._path}: holds a {type(content).__name__}, not a table of named arrays")
        for key in _WRAPPERS:
            if _has_tensors(content.get(key)):
                self.entry = key
                return content[key]
        if _has_tensors(content):
            return content
        keys, places = one_line(", ".join(map(str, content))) or "nothing", ", ".join(_WRAPPERS)
        raise WeightsError(
            f"{self._path}: not a table of arrays; it holds {keys}, and weights are looked for in {places}"
        )


def _has_tensors(table: Any) -> bool:
    return isinstance(table, dict) and any(isinstance(value, Tensor) for value in table.values())


def _without_bfloat16(value: Any) -> Any:
    """paddle.save writes the bits of bfloat16, which numpy lacks, as uint16, which Paddle's tensors lack."""
    return float32_of_bfloat16(value) if isinstance(value, np.ndarray) and value.dtype == np.uint16 else value


def _check_arrays(path: str | os.PathLike[str], content: Mapping[Any, Any]) -> None:
    for name, value in content.items():
        if not isinstance(name, str):
            raise WeightsError(f"{path}: a name is a {type(name).__name__}; a weight file names its arrays by text")
        if not isinstance(value, np.ndarray):
            raise WeightsError(
                f"{path}: entry {one_line(name)!r} is a {type(value).__name__}, not an array of numbers; "
                "an optimiser's .pdopt or a whole checkpoint is not a weight file"
            )
        if value.dtype.kind not in "biuf" or value.dtype.itemsize > 8:
            raise WeightsError(f"{path}: entry {one_line(name)!r} holds {value.dtype} numbers; save it as float32")
    if not content:
        raise WeightsError(f"{path}: holds no arrays")


def _facts(path: str | os.PathLike[str], meta: Any) -> dict[str, Any] | None:
    try:
        facts = None if meta is None else json.loads(meta)
    except (TypeError, ValueError, RecursionError):
        raise WeightsError(f"{path}: its entry {META_KEY} is not a JSON text") from None
    if not (facts is None or isinstance(facts, dict)):
        raise WeightsError(f"{path}: its entry {META_KEY} is not a JSON mapping, but {one_line(meta)}")
    return facts
