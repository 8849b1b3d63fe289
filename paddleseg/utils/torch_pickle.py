# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The pickle within a file of torch.save, read without PyTorch and without running code.

It has each tensor as a storage, whose bytes are elsewhere in the file, and the offset, sizes and strides of a view of
it; see ``torch._utils._rebuild_tensor_v2`` and ``torch.serialization``.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from paddleseg.utils.bfloat16 import float32_of_bfloat16
from paddleseg.utils.restricted_unpickler import ForbiddenName, RestrictedUnpickler

# Name of the class in a file -> numpy's dtype of its numbers. numpy lacks BFloat16: see ``Tensor.array``.
_BFLOAT16 = "BFloat16Storage"
_STORAGES = {
    "FloatStorage": "f4", "DoubleStorage": "f8", "HalfStorage": "f2", _BFLOAT16: "u2", "LongStorage": "i8",
    "IntStorage": "i4", "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
}  # fmt: skip
_MOST_AXES = 32  # numpy 1's limit
_MOST_BITS = 48  # of an offset, size or stride


@dataclass(frozen=True)
class Storage:
    """The numbers that one or more tensors view.

    Attributes:
        key: Its name in the file.
        kind: Name of its class in PyTorch.
        count: How many numbers it has.
    """

    key: str
    kind: str
    count: int

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.count * np.dtype(_STORAGES[self.kind]).itemsize


@dataclass(frozen=True)
class Tensor:
    """A view of a storage; offset and strides in numbers, not in bytes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many numbers it has; several may be the same number of the storage."""
        count = 1
        for side in self.shape:
            count *= side
        return count

    def array(self, data: bytearray, byte_order: str) -> np.ndarray:
        """A copy of its numbers in C order; those of bfloat16 as float32.

        Args:
            data: The bytes of the storage.
            byte_order: Their order, ``<`` or ``>``.
        """
        dtype = np.dtype(_STORAGES[self.storage.kind]).newbyteorder(byte_order)
        strides = [stride * dtype.itemsize for stride in self.strides]
        if self.count:  # numpy checks once more that it is within the storage
            array = np.ndarray(self.shape, dtype, data, self.offset * dtype.itemsize, strides)
        else:
            array = np.empty(self.shape, dtype)
        array = array.astype(dtype.newbyteorder("="), order="C")
        return float32_of_bfloat16(array) if self.storage.kind == _BFLOAT16 else array


class TorchUnpickler(RestrictedUnpickler):
    """Turns tensors and parameters into ``Tensor``, and makes nothing of the known objects beside them.

    Attributes:
        storages: The file's storages by key, as far as it was read.
    """

    def __init__(self, file: BinaryIO, length: int) -> None:
        super().__init__(file, length, _NAMES_OF_TORCH)
        self.storages: dict[str, Storage] = {}

    def persistent_load(self, pid: Any) -> Storage:
        """A storage, given in files as ('storage', class, key, device, count of numbers)."""
        if not isinstance(pid, tuple) or not 5 <= len(pid) <= 6:
            raise pickle.UnpicklingError("a malformed storage")
        word, kind, key, _, count = pid[:5]
        if word != "storage" or not isinstance(kind, _StorageKind) or not isinstance(key, str) or len(key) > 99:
            raise pickle.UnpicklingError("a malformed storage")
        if pid[5:] not in ((), (None,)):
            raise pickle.UnpicklingError("a storage that is a part of another one, as before PyTorch 0.4")
        _check_sizes((count,))
        storage = Storage(key, kind.name, count)
        if self.storages.setdefault(key, storage) != storage:
            raise pickle.UnpicklingError("one storage of two kinds")
        return storage

    def load_newobj(self) -> None:
        arguments, kind = self.stack.pop(), self.stack.pop()
        self.count_arguments(arguments)
        self.append(kind(*arguments) if kind is _nothing else _refuse("an object of a class"))

    def load_build(self) -> None:
        # A state dict has an attribute _metadata; the content of other objects is not needed here.
        if isinstance(self.stack[-2], (_Nothing, OrderedDict)):
            self.stack.pop()
        else:
            super().load_build()

    dispatch = RestrictedUnpickler.dispatch.with_methods(
        BINPERSID=RestrictedUnpickler.load_binpersid, NEWOBJ=load_newobj, BUILD=load_build
    )


class _StorageKind:
    """A class of storages; an object, because a class could be called."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Nothing:
    """Stands for an object that is not needed here; it keeps nothing and runs nothing, whatever a file gives it."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        """The entries of a defaultdict."""


_NOTHING = _Nothing()


def _nothing(*arguments: Any) -> _Nothing:
    return _NOTHING


def _attribute(owner: Any, name: str) -> _Nothing:
    """The pickled form of the methods that mmengine's HistoryBuffer uses as statistics."""
    if owner is not _nothing and owner is not _NOTHING:
        raise ForbiddenName("builtins.getattr")
    return _NOTHING


def _refuse(what: str) -> Any:
    raise pickle.UnpicklingError(what)


def _check_sizes(sizes: Any) -> None:
    for size in sizes:
        if type(size) is not int or size < 0 or size.bit_length() > _MOST_BITS:
            raise pickle.UnpicklingError("an impossible offset, size or stride")


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *flags: Any) -> Tensor:
    shape, strides = tuple(shape), tuple(strides)
    if not isinstance(storage, Storage) or len(shape) != len(strides) or len(shape) > _MOST_AXES:
        raise pickle.UnpicklingError("a malformed tensor")
    _check_sizes((offset, *shape, *strides))
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides))
    if 0 not in shape and last >= storage.count:
        raise pickle.UnpicklingError(f"a tensor that looks at number {last} of a storage of {storage.count}")
    return Tensor(storage, offset, shape, strides)


def _parameter(tensor: Any, *flags: Any) -> Tensor:
    return tensor if isinstance(tensor, Tensor) else _refuse("a parameter that is not a tensor")


def _size(sides: Any = ()) -> tuple[Any, ...]:
    return tuple(sides)


_PATHS = "PosixPath WindowsPath PurePosixPath PureWindowsPath"
_BUILTINS = "set frozenset list dict int float str bool"  # sets, and what a defaultdict makes for a missing key
_OBJECTS_BESIDE = {
    "collections": "Counter defaultdict",  # a Counter has the milestones of MultiStepLR
    "argparse": "Namespace",
    "pathlib": _PATHS,
    "pathlib._local": _PATHS,  # Python 3.13's
    "builtins": _BUILTINS,
    "__builtin__": _BUILTINS,
    "torch": "device",
    "torch.serialization": "_get_layout",
    # mmengine's log and parts of its configuration (runner.save_checkpoint).
    "mmengine.logging.history_buffer": "HistoryBuffer",
    "mmengine.logging.message_hub": "MessageHub",
    "mmengine.config.config": "Config ConfigDict",
}
"""Module to classes whose objects trainings keep beside the weights. None is made: each is ``_nothing``."""
_DTYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex128 complex64"
_NAMES_OF_TORCH: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): _size,
    ("__builtin__", "getattr"): _attribute,
    ("builtins", "getattr"): _attribute,
    **{("torch", name): _StorageKind(name) for name in _STORAGES},
    **{("torch", name): _NOTHING for name in _DTYPES.split()},
    **{(module, name): _nothing for module, names in _OBJECTS_BESIDE.items() for name in names.split()},
}
