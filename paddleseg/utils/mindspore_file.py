# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading checkpoints of MindSpore (.ckpt) without it and without the package protobuf.

The file is a protocol buffer (MindSpore's checkpoint.proto): ``Checkpoint`` is values in field 1, each with a name in
field 1 and a tensor in field 2; a tensor is its dims in field 1, the name of its type in field 2 and its bytes in field
3. An array beyond 512 MB is written in slices that share a name. A scalar has the dims [0] and one number; texts, which
``append_dict`` may add, have the type ``str``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from paddleseg.utils.bfloat16 import float32_of_bfloat16
from paddleseg.utils.safe_pickle import one_line_for_damage

_BFLOAT16, _TEXT = "BFloat16", "str"
_DTYPES = {
    "Float16": "<f2", "Float32": "<f4", "Float64": "<f8", _BFLOAT16: "<u2", "Int8": "i1", "Int16": "<i2",
    "Int32": "<i4", "Int64": "<i8", "UInt8": "u1", "Bool": "?",
}  # fmt: skip
_NUMBER, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # wire types
_MOST_AXES, _MOST_VALUES = 32, 100_000  # a value may take only two bytes in the file


def read_mindspore(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the arrays of a checkpoint by name; those of bfloat16 as float32. Texts are left out.

    Raises:
        WeightsError: The file is missing or damaged, or has numbers of another kind.
    """
    with one_line_for_damage(path, "checkpoint of MindSpore"):
        with open(path, "rb") as file:
            data = file.read()
        parts: dict[str, list[tuple[tuple[int, ...], str, memoryview]]] = {}
        for number, (field, value) in enumerate(_fields(memoryview(data))):
            if number == _MOST_VALUES:
                raise ValueError(f"more than {_MOST_VALUES} values")
            if field == 1:
                name, tensor = _value(value)
                parts.setdefault(name, []).append(tensor)
        return {name: _joined(name, tensors) for name, tensors in parts.items() if tensors[0][1] != _TEXT}


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and content of each field of a message; nothing is copied."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        field, wire = key >> 3, key & 7
        if wire == _NUMBER:
            value, place = _varint(data, place)
            yield field, value
            continue
        if wire == _BYTES:
            length, place = _varint(data, place)
        elif wire in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if wire == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"field {field} is of the wire type {wire}")
        if length > len(data) - place:
            raise EOFError(f"field {field} says {length} bytes, {len(data) - place} are left")
        yield field, data[place : place + length]
        place += length


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and the place behind it."""
    number = 0
    for i in range(10):  # 64 bits
        if place + i >= len(data):
            raise EOFError("it ends too early")
        byte = data[place + i]
        number |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return number, place + i + 1
    raise ValueError("a number of more than 64 bits")


def _value(data: int | memoryview) -> tuple[str, tuple[tuple[int, ...], str, memoryview]]:
    name, tensor = None, None
    for field, value in _fields(_message(data)):
        if field == 1:
            name = str(_message(value), "utf-8")
        elif field == 2:
            tensor = _tensor(_message(value))
    if name is None or tensor is None:
        raise ValueError("a value without name or tensor")
    return name, tensor


def _tensor(data: memoryview) -> tuple[tuple[int, ...], str, memoryview]:
    dims, kind, content = [], "", memoryview(b"")
    for field, value in _fields(data):
        if field == 1 and isinstance(value, int):
            dims.append(value)
        elif field == 1:  # packed
            place = 0
            while place < len(value):
                dim, place = _varint(value, place)
                dims.append(dim)
        elif field == 2:
            kind = str(_message(value)[:99], "utf-8")
        elif field == 3:
            content = _message(value)
        if len(dims) > _MOST_AXES:
            raise ValueError(f"an array of more than {_MOST_AXES} axes")
    return tuple(dims), kind, content


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a text or a message belongs")
    return value


def _joined(name: str, tensors: list[tuple[tuple[int, ...], str, memoryview]]) -> np.ndarray:
    dims, kind, _ = tensors[0]
    if kind not in _DTYPES:
        raise ValueError(f"{name} holds {kind or 'nameless'} numbers")
    if any(tensor[:2] != (dims, kind) for tensor in tensors):
        raise ValueError(f"the slices of {name} differ in shape or kind")
    array = np.frombuffer(b"".join(content for _, _, content in tensors), _DTYPES[kind])
    is_scalar = dims == (0,) and array.size > 0
    array = array.reshape(() if is_scalar else dims)  # refuses a wrong count, before anything is copied
    array = array.astype(array.dtype.newbyteorder("="))
    return float32_of_bfloat16(array) if kind == _BFLOAT16 else array
