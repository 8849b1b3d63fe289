# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading .pdparams, .pdopt and .pdstates without running code.

These files are pickles, and a pickle may name any function to be called while it is read (paddle.load calls it).
The unpickler here refuses every name but those that numpy arrays are written with, and for these it calls functions
of its own: numpy's trust what they are given, and arrays of objects or forged dtypes reach memory that is not theirs.
"""

from __future__ import annotations

import os
import pickle
import re
from collections import OrderedDict
from typing import Any, Callable

import numpy as np

from paddleseg.utils.errors import WeightsError

# Booleans, integers, floats and complex numbers of a byte order and a length in bytes.
_DTYPE = re.compile(r"[<>=|]?[biufc]\d{1,2}")
_MOST_LETTERS = 200  # of a file's own words in a message


def read_pickle(path: str | os.PathLike[str]) -> Any:
    """Read a pickle of plain values and numpy arrays.

    Args:
        path: The file.

    Returns:
        What was pickled: numbers, strings, lists, tuples, sets, dicts (ordered ones too) and numpy arrays of numbers.

    Raises:
        WeightsError: The file is missing, damaged, or names anything beside arrays of numbers; in that case nothing
            of it has been run.
    """
    try:
        with open(path, "rb") as file:
            return _with_arrays(_RestrictedUnpickler(file).load())
    except FileNotFoundError:
        raise WeightsError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise WeightsError(f"{path} is a folder, not a weight file") from None
    except _ForbiddenGlobal as forbidden:
        raise WeightsError(
            f"{path}: refused, because reading it would call {_one_line(forbidden)}; a weight file holds only arrays. "
            "Do not trust where it came from"
        ) from None
    except _NoNumbers as kind:
        raise WeightsError(
            f"{path}: refused, because it holds an array of {_one_line(kind)}; a weight file holds only arrays of "
            "numbers"
        ) from None
    except PermissionError as error:
        raise WeightsError(f"{path}: {error.strerror}") from None
    # A damaged pickle raises nearly any type of exception: the opcodes are executed until one does not fit.
    except Exception as error:
        reason = f"{type(error).__name__}: {_one_line(error)}"
        raise WeightsError(
            f"{path}: damaged or not a Paddle weight file ({reason}); download or save it again"
        ) from None


class _ForbiddenGlobal(Exception):
    """The file names something that is not part of an array."""


class _NoNumbers(Exception):
    """An array of objects, or of something else that is not numbers."""


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise _ForbiddenGlobal(f"{module}.{name}")
        return _KNOWN[module, name]


class _Function:
    """Something that a pickle may call and can change nothing of.

    A plain function would not do: a pickle may set attributes on whatever it gets hold of.
    """

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a state for what has none")


class _Dtype:
    """A dtype on its way; pickles give the byte order after they have made it."""

    __slots__ = ("_text",)

    def __init__(self, text: str, *flags: Any) -> None:
        if not (isinstance(text, str) and _DTYPE.fullmatch(text)):
            raise _NoNumbers(f"dtype {text}")
        self._text = text

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">", "=", "|"):
            self._text = state[1] + self._text.lstrip("<>=|")

    def make(self) -> np.dtype:
        return np.dtype(self._text)


class _Array:
    """An array on its way; pickles give its content after they have made it."""

    __slots__ = ("value",)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # numpy's own form: version, shape, dtype, whether in Fortran's order, bytes.
        _, shape, dtype, in_columns, data = state
        self.value = _array_of(data, dtype, shape, "F" if in_columns else "C")


def _array_of(data: Any, dtype: Any, shape: Any, order: str = "C") -> np.ndarray:
    if not isinstance(dtype, _Dtype):
        raise _NoNumbers(f"dtype {dtype}")
    if isinstance(data, str):  # bytes of a pickle that Python 2 wrote
        data = data.encode("latin-1")
    # Copied, because what lies on bytes cannot be written to.
    return np.frombuffer(data, dtype.make()).reshape(shape, order=order).copy(order)


def _scalar(dtype: Any, data: Any) -> Any:
    return _array_of(data, dtype, ())[()]


def _latin1(text: str, encoding: str) -> bytes:
    """How pickle protocols below 3 write bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding!r}")
    return text.encode("latin-1")


_ARRAY_TYPE = "numpy.ndarray"  # only ever handed on to _reconstruct, which makes no other type
_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _Function(_latin1),
    ("numpy", "ndarray"): _ARRAY_TYPE,
    ("numpy", "dtype"): _Function(_Dtype),
}
# numpy moved its private parts from numpy.core to numpy._core in 2.0; files name the one or the other.
for _core in ("numpy.core", "numpy._core"):
    _KNOWN[f"{_core}.multiarray", "_reconstruct"] = _Function(lambda *arguments: _Array())
    _KNOWN[f"{_core}.multiarray", "scalar"] = _Function(_scalar)
    _KNOWN[f"{_core}.numeric", "_frombuffer"] = _Function(_array_of)


def _with_arrays(value: Any) -> Any:
    """Put finished arrays in place of those on their way, at any depth."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, dict):
        return type(value)((_with_arrays(key), _with_arrays(entry)) for key, entry in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return type(value)(_with_arrays(entry) for entry in value)
    if isinstance(value, (_Dtype, _Function)) or value is OrderedDict:
        raise pickle.UnpicklingError("a part of an array outside of one")
    return value


def _one_line(words: object) -> str:
    """A file's own words, fit for a terminal: no line breaks, nothing that is not shown, not too long."""
    text = " ".join(str(words).split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= _MOST_LETTERS else text[:_MOST_LETTERS] + "..."
