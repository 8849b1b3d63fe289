# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An unpickler that creates numbers, texts, tables and numpy arrays, and calls nothing that a file names.

It refuses every name except those used for numpy arrays, and for these it calls functions of its own: numpy's trust
their arguments, and arrays of objects or forged dtypes reach foreign memory.
"""

from __future__ import annotations

import pickle
import re
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO

import numpy as np

# Booleans, integers, floats and complex numbers with byte order and length in bytes.
_DTYPE = re.compile(r"[<>=|]?[biufc]\d{1,2}")
_CIRCLE = object()
# Python's hash of an integer is its remainder by 2**61 - 1. Many larger ones can share a hash, and a table of such keys
# takes quadratic time.
_MOST_KEY_BITS = 60


class ForbiddenName(Exception):
    """The file names something that is not part of an array."""


class NoNumbers(Exception):
    """An array of objects, or of other non-numbers."""


class RestrictedUnpickler(pickle._Unpickler):
    """Python's own unpickler, with a limit on what a file can make it do.

    The one in C allocates its memo as large as a file of seven bytes demands, and hashes any key: for deeply nested
    tuples that overflows the stack, for tuples that contain each other twice it never ends.

    Args:
        file: The pickle; its position is left after the last byte read.
        length: Most bytes in the file.
        more: Further names: (module, name) to its replacement.
    """

    def __init__(self, file: BinaryIO, length: int, more: Mapping[tuple[str, str], Any] | None = None) -> None:
        self.known = {**_NAMES_OF_ARRAYS, **(more or {})}
        # A file may make arrays from the same bytes repeatedly. Twice: older protocols make bytes from texts.
        self._left = 2 * length
        super().__init__(_BoundedFile(file, length), encoding="latin1")  # for bytes written by Python 2

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.known:
            raise ForbiddenName(f"{module}.{name}")
        return self.known[module, name]

    def load_put(self) -> None:
        super().load_put()
        _check_keys([next(reversed(self.memo))])  # a text, unlike those of the other opcodes: of any size

    def load_inst(self) -> None:
        self.load_global()  # refuses forbidden names
        raise pickle.UnpicklingError("an instance of a class")

    def load_bytearray8(self) -> None:
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(length)))

    def load_reduce(self) -> None:
        self.count_arguments(self.stack[-1])
        super().load_reduce()
        self._count(self.stack[-1])

    def count_arguments(self, arguments: Any) -> None:
        """Count the arguments of a call with their content: a call visits each, but takes a file only a few bytes."""
        if not isinstance(arguments, tuple):
            raise pickle.UnpicklingError("malformed arguments")
        self._spend(len(arguments))
        for argument in arguments:
            if isinstance(argument, (tuple, list, dict, set, frozenset)):
                self._spend(len(argument))

    def load_build(self) -> None:
        if not isinstance(self.stack[-2], (_Array, _Dtype)):
            raise pickle.UnpicklingError("a state for an object without one")
        super().load_build()
        self._count(self.stack[-1])

    def _count(self, made: Any) -> None:
        if isinstance(made, _Array):
            made = getattr(made, "value", None)  # not there yet if it is still being created
        if isinstance(made, np.ndarray):
            self._spend(made.nbytes)
        elif isinstance(made, (bytes, tuple, OrderedDict)):
            self._spend(len(made))

    def _spend(self, cost: int) -> None:
        self._left -= cost
        if self._left < 0:
            raise pickle.UnpicklingError("more content than there are bytes")

    def load_setitem(self) -> None:
        _check_keys(self.stack[-2:-1])
        super().load_setitem()

    def load_setitems(self) -> None:
        _check_keys(self.stack[::2])
        super().load_setitems()

    def load_dict(self) -> None:
        _check_keys(self.stack[::2])
        super().load_dict()

    def load_additems(self) -> None:
        _check_keys(self.stack)
        super().load_additems()

    def load_frozenset(self) -> None:
        _check_keys(self.stack)
        super().load_frozenset()


class _Dispatch(dict):
    """What to do for each opcode."""

    def with_methods(self, **methods: Callable[..., None]) -> _Dispatch:
        """A copy with these methods for the opcodes of these names."""
        return _Dispatch({**self, **{getattr(pickle, name)[0]: method for name, method in methods.items()}})

    def __missing__(self, key: int) -> Any:
        raise pickle.UnpicklingError(f"invalid load key {chr(key)!r}")


# The opcodes of plain values and arrays, without those for objects of other classes.
_OPCODES = (
    "PROTO FRAME STOP MARK POP POP_MARK DUP NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT "
    "BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE BINUNICODE "
    "SHORT_BINUNICODE BINUNICODE8 EMPTY_LIST APPEND APPENDS LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_DICT "
    "DICT SETITEM SETITEMS EMPTY_SET ADDITEMS FROZENSET GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE GLOBAL "
    "STACK_GLOBAL INST REDUCE BUILD"
)
RestrictedUnpickler.dispatch = _Dispatch(
    (code, getattr(RestrictedUnpickler, pickle._Unpickler.dispatch[code].__name__))
    for code in (getattr(pickle, name)[0] for name in _OPCODES.split())
)


class _BoundedFile:
    """Never allocates more than the file has, whatever the file claims."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self._length = file, length
        self.readline = file.readline

    def read(self, count: int) -> bytes:
        data = self._file.read(min(count, self._length))
        if len(data) < count:
            raise EOFError("it ends too early")
        return data


def _check_keys(keys: Iterable[Any]) -> None:
    for key in keys:
        if not isinstance(key, (str, bytes, int, float, type(None))):
            raise pickle.UnpicklingError(f"a {type(key).__name__} as a key")
        if isinstance(key, int) and key.bit_length() > _MOST_KEY_BITS:
            raise pickle.UnpicklingError(f"an integer of more than {_MOST_KEY_BITS} bits as a key")


class _Dtype:
    """An unfinished dtype; pickles set its byte order after creating it."""

    __slots__ = ("_text",)

    def __init__(self, text: str, *flags: Any) -> None:
        # Values other than text can be of any size when written out.
        if not (isinstance(text, str) and _DTYPE.fullmatch(text)):
            raise NoNumbers(f"dtype {text}" if isinstance(text, str) else f"a {type(text).__name__} for a dtype")
        self._text = text

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">", "=", "|"):
            self._text = state[1] + self._text.lstrip("<>=|")

    def make(self) -> np.dtype:
        return np.dtype(self._text)


class _Array:
    """An unfinished array; pickles set its content after creating it."""

    __slots__ = ("value",)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # numpy's own form: version, shape, dtype, whether in Fortran's order, bytes.
        _, shape, dtype, in_columns, data = state
        self.value = _array_of(data, dtype, shape, "F" if in_columns else "C")


def _array_of(data: Any, dtype: Any, shape: Any, order: str = "C") -> np.ndarray:
    if not isinstance(dtype, _Dtype):
        raise NoNumbers(f"a {type(dtype).__name__} for a dtype")
    if isinstance(data, str):  # bytes in a pickle written by Python 2
        data = data.encode("latin-1")
    array = np.frombuffer(data, dtype.make()).reshape(shape, order=order)
    # Copied, because arrays on bytes are read-only; in this machine's byte order, the only one Paddle takes.
    return array.astype(array.dtype.newbyteorder("="), order=order)


def _make_array(*arguments: Any) -> _Array:
    return _Array()


def _make_dtype(*arguments: Any) -> _Dtype:
    return _Dtype(*arguments)


def _ordered_dict(pairs: Any = ()) -> OrderedDict:
    _check_keys(key for key, _ in pairs)
    return OrderedDict(pairs)


def _tuple(values: list[Any] | tuple[Any, ...] = ()) -> tuple[Any, ...]:
    return tuple(values)


def _scalar(dtype: Any, data: Any) -> Any:
    return _array_of(data, dtype, ())[()]


def _latin1(text: str, encoding: str) -> bytes:
    """The form of bytes in pickle protocols below 3."""
    if encoding != "latin1":
        raise pickle.UnpicklingError("bytes in another encoding than latin1")
    return text.encode("latin-1")


def _no_bytes() -> bytes:
    """Their form of the bytes of an array without elements."""
    return b""


_ARRAY_TYPE = "numpy.ndarray"  # only passed on to _reconstruct, which creates no other type
_NAMES_OF_ARRAYS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _ordered_dict,
    ("builtins", "tuple"): _tuple,  # paddle.save stores nested tensors as (name, array)
    ("__builtin__", "tuple"): _tuple,
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): _no_bytes,
    ("numpy", "ndarray"): _ARRAY_TYPE,
    ("numpy", "dtype"): _make_dtype,
}
# numpy moved its private parts from numpy.core to numpy._core in 2.0; files name the one or the other.
for _core in ("numpy.core", "numpy._core"):
    _NAMES_OF_ARRAYS[f"{_core}.multiarray", "_reconstruct"] = _make_array
    _NAMES_OF_ARRAYS[f"{_core}.multiarray", "scalar"] = _scalar
    _NAMES_OF_ARRAYS[f"{_core}.numeric", "_frombuffer"] = _array_of


def finished(value: Any) -> Any:
    """Replace unfinished arrays by finished ones, at any depth.

    Raises:
        pickle.UnpicklingError: A value contains itself, or a part of an array outside one.
    """
    return _finished(value, {})


def _finished(value: Any, done: dict[int, Any]) -> Any:
    """The same; ``done`` has the result for each part by its id, so that a shared part stays shared."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, _Dtype) or callable(value):
        raise pickle.UnpicklingError("a part of an array outside of one")
    if not isinstance(value, (dict, list, tuple, set, frozenset)):
        return value
    if id(value) not in done:
        done[id(value)] = _CIRCLE
        if isinstance(value, dict):
            whole = type(value)((key, _finished(entry, done)) for key, entry in value.items())
        else:
            whole = type(value)(_finished(entry, done) for entry in value)
        done[id(value)] = whole
    if done[id(value)] is _CIRCLE:
        raise pickle.UnpicklingError("something that holds itself")
    return done[id(value)]
