# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading .pdparams, .pdopt and .pdstates without running code.

These files are pickles, and a pickle may name any function to be called while it is read (paddle.load calls it).
The unpickler here knows only what arrays are made of, and refuses every other name.
"""

from __future__ import annotations

import os
import pickle
from typing import Any

from paddleseg.utils.errors import WeightsError

# numpy moved its private parts from numpy.core to numpy._core in 2.0; files name the one or the other.
_ALLOWED = {
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),  # how pickle protocols below 3 write bytes
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
}


class _ForbiddenGlobal(Exception):
    """The file names something that is not part of an array."""


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise _ForbiddenGlobal(f"{module}.{name}")
        return super().find_class(module, name)


def read_pickle(path: str | os.PathLike[str]) -> Any:
    """Read a pickle of plain values and numpy arrays.

    Args:
        path: The file.

    Returns:
        What was pickled: numbers, strings, lists, dicts and numpy arrays.

    Raises:
        WeightsError: The file is missing, damaged, or names anything beside arrays; in that case nothing of it
            has been run.
    """
    try:
        with open(path, "rb") as file:
            return _RestrictedUnpickler(file).load()
    except FileNotFoundError:
        raise WeightsError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise WeightsError(f"{path} is a folder, not a weight file") from None
    except _ForbiddenGlobal as forbidden:
        raise WeightsError(
            f"{path}: refused, because reading it would call {forbidden}; a weight file holds only arrays. "
            "Do not trust where it came from"
        ) from None
    except PermissionError as error:
        raise WeightsError(f"{path}: {error.strerror}") from None
    # A damaged pickle raises nearly any type of exception: the opcodes are executed until one does not fit.
    except Exception as error:
        raise WeightsError(
            f"{path}: damaged or not a Paddle weight file ({type(error).__name__}: {error}); download or save it again"
        ) from None
