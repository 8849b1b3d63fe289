# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Files in the form of torch.save, made without PyTorch: valid ones, and hostile ones by opcodes.

That the reader takes PyTorch's own files as well is tested in ``tests/utils/test_torch_file.py``.
"""

import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np

OLD_MAGIC, OLD_VERSION = 0x1950A86A20F9469CFC6C, 1001
KINDS = {"f4": "FloatStorage", "f8": "DoubleStorage", "f2": "HalfStorage", "i8": "LongStorage", "?": "BoolStorage"}


class Name:
    """A global by its module and name, written without looking for it."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """What ``function``, a Name, gives for the arguments."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments


class Persistent:
    """An object that is not in the pickle, by what names it."""

    def __init__(self, *pid):
        self.pid = pid


class Writer(pickle._Pickler):
    """Writes arrays as tensors, and keeps the bytes of their storages."""

    dispatch = dict(pickle._Pickler.dispatch)

    def __init__(self, file):
        super().__init__(file, protocol=2)
        self.storages = {}

    def save_name(self, value):
        self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())

    def save_call(self, value):
        self.save(value.function)
        self.save(value.arguments)
        self.write(pickle.REDUCE)

    def save_persistent(self, value):
        self.save(value.pid)
        self.write(pickle.BINPERSID)

    def save_array(self, value):
        key = str(len(self.storages))
        self.storages[key] = np.ascontiguousarray(value)
        kind = Name("torch", KINDS[value.dtype.str.lstrip("<|").replace("b1", "?")])
        strides = tuple(step // value.itemsize for step in self.storages[key].strides[: value.ndim])
        self.save(tensor(storage(kind, key, value.size), 0, value.shape, strides))

    dispatch[Name], dispatch[Call], dispatch[Persistent] = save_name, save_call, save_persistent
    dispatch[np.ndarray] = save_array


def storage(kind, key, count):
    return Persistent("storage", Name("torch", kind) if isinstance(kind, str) else kind, key, "cpu", count)


def tensor(held, offset, shape, strides):
    arguments = (held, offset, tuple(shape), tuple(strides), False, OrderedDict())
    return Call(Name("torch._utils", "_rebuild_tensor_v2"), *arguments)


def pickled(content):
    """The pickle, and the bytes of the storages by key."""
    file = io.BytesIO()
    writer = Writer(file)
    writer.dump(content)
    return file.getvalue(), {key: value.tobytes() for key, value in writer.storages.items()}


def zipped(pickle_bytes, storages, compression=zipfile.ZIP_STORED, byte_order="little"):
    """The archive of these."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("net/data.pkl", pickle_bytes)
        archive.writestr("net/byteorder", byte_order)
        for key, data in storages.items():
            archive.writestr(f"net/data/{key}", data)
        archive.writestr("net/version", "3\n")
    return file.getvalue()


def torch_file(content):
    """What torch.save writes of dicts, lists, numbers and arrays, which stand for tensors."""
    return zipped(*pickled(content))


def old_torch_file(content):
    """The same in the format before version 1.6."""
    data, storages = pickled(content)
    return old_file(data, {key: (counts(content)[key], value) for key, value in storages.items()})


def counts(content):
    writer = Writer(io.BytesIO())
    writer.dump(content)
    return {key: value.size for key, value in writer.storages.items()}


def old_file(pickle_bytes, storages):
    """The format before version 1.6, of a pickle and (count, bytes) of each storage."""
    sizes = {"protocol_version": OLD_VERSION, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    parts = [pickle.dumps(part, 2) for part in (OLD_MAGIC, OLD_VERSION, sizes)]
    parts += [pickle_bytes, pickle.dumps(list(storages), 2)]
    for count, data in storages.values():
        parts += [count.to_bytes(8, "little", signed=True), data]
    return b"".join(parts)


def varint(number):
    data = b""
    while number > 0x7F:
        data += bytes([number & 0x7F | 0x80])
        number >>= 7
    return data + bytes([number])


def message(field, data):
    """A field of a protocol buffer, of bytes or of a number."""
    if isinstance(data, int):
        return varint(field << 3) + varint(data)
    return varint(field << 3 | 2) + varint(len(data)) + data


def mindspore_value(name, array, kind="Float32"):
    dims = b"".join(message(1, side) for side in array.shape or [0])  # of a scalar as MindSpore writes it
    body = dims + message(2, kind.encode()) + message(3, array.tobytes())
    return message(1, message(1, name.encode()) + message(2, body))


def mindspore_file(arrays):
    """A checkpoint of MindSpore with float32 arrays."""
    return b"".join(mindspore_value(name, np.asarray(array, "<f4")) for name, array in arrays.items())
