# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The .safetensors format, which other kits read too and which cannot contain code; needs the package safetensors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import ModuleType

import numpy as np

from paddleseg.utils.atomic_file import write_atomically
from paddleseg.utils.bfloat16 import float32_of_bfloat16
from paddleseg.utils.errors import WeightsError
from paddleseg.utils.safe_pickle import one_line

SUFFIX = ".safetensors"
_BFLOAT16 = "BF16"


def is_safetensors(path: str | os.PathLike[str]) -> bool:
    """Whether a file has this format, by its name."""
    return os.fspath(path).lower().endswith(SUFFIX)


def read_safetensors(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read all arrays of a file, those of bfloat16 as float32, and the texts beside them.

    Raises:
        WeightsError: The package is not installed, or the file is missing, damaged or of numbers that numpy lacks.
    """
    safetensors = _import_package(path)
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise WeightsError(f"{path}: {'is a folder, not a weight file' if os.path.isdir(path) else 'no such file'}")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            names, texts = list(file.keys()), dict(file.metadata() or {})
            widened = {name for name in names if file.get_slice(name).get_dtype() == _BFLOAT16}
            arrays = {name: file.get_tensor(name) for name in names if name not in widened}
        if widened:
            arrays.update(_float32_arrays(safetensors, path, widened))
        return {name: arrays[name] for name in names}, texts
    except PermissionError as error:
        raise WeightsError(f"{path}: {error.strerror}") from None
    except (TypeError, AttributeError, KeyError) as error:  # numpy has no 8-bit floats
        reason = one_line(error)
        raise WeightsError(f"{path}: numpy cannot hold its numbers ({reason}); save it as float32") from None
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        reason = one_line(error)
        raise WeightsError(f"{path}: damaged or not a safetensors file ({reason}); download or save it again") from None


def _float32_arrays(safetensors: ModuleType, path: str, names: set[str]) -> dict[str, np.ndarray]:
    """The arrays of bfloat16 with these names; the package's numpy API cannot hold them, but gives their bytes."""
    with open(path, "rb") as file:
        content = safetensors.deserialize(file.read())  # checks all sizes and offsets, like safe_open
    return {
        name: float32_of_bfloat16(np.frombuffer(tensor["data"], "<u2").reshape(tensor["shape"]))
        for name, tensor in content
        if name in names
    }


def write_safetensors(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], texts: Mapping[str, str]) -> None:
    """Write arrays by name, and texts beside them.

    Raises:
        WeightsError: The package is not installed.
        UserError: The file cannot be written.
    """
    _import_package(path)
    import safetensors.numpy

    # The format has neither strides nor Fortran's order.
    plain = {name: np.ascontiguousarray(value).reshape(value.shape) for name, value in arrays.items()}
    write_atomically(path, safetensors.numpy.save(plain, metadata=dict(texts)))


def _import_package(path: str | os.PathLike[str]) -> ModuleType:
    try:
        import safetensors
    except ImportError as error:
        raise WeightsError(f"{path}: needs the package safetensors ({error}): pip install safetensors") from None
    return safetensors
