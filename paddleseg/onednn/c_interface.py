# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The oneDNN of Paddle's CPU wheel, called through its C interface.

The interface is the same within a major version (oneDNN, "API and ABI compatibility"), so ctypes suffices and no
compiler or header is needed. The library must be the copy that Paddle has loaded: opened before Paddle it binds to
another OpenMP than Paddle's, and a convolution in a forked process hangs.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import paddle

TESTED_VERSIONS = ((3, 6), (3, 2))
"""Major and minor versions that the tests have run with: those of Paddle 3.3.1 and 2.6.2."""

Handle = ctypes.c_void_p
Dims = ctypes.c_int64 * 12  # DNNL_MAX_NDIMS

# Enumerators of dnnl_types.h and dnnl_common_types.h.
FLOAT32 = 3
FORMAT_ANY = 1
FORWARD_TRAINING, FORWARD_INFERENCE, BACKWARD = 64, 96, 128
CONVOLUTION_DIRECT = 1
_CPU, _IN_ORDER, _SCRATCHPAD_OF_USER = 1, 1, 1
_INSTRUCTION_SETS = {
    0x1: "SSE4.1",
    0x3: "AVX",
    0x7: "AVX2",
    0xF: "AVX2-VNNI",
    0x1F: "AVX2-VNNI-2",
    0x27: "AVX512",
    0x67: "AVX512-VNNI",
    0xE7: "AVX512-BF16",
    0x1EF: "AVX512-FP16",  # AVX10.1 with 512 bits
    0xFEF: "AVX512-AMX",
    0x1FEF: "AVX512-AMX-FP16",
}


class OneDNNError(RuntimeError):
    """The library is missing, unknown, or refused a call; says why in one line."""


class Argument(ctypes.Structure):
    """One argument of an execution: which one, and its memory."""

    _fields_ = (("index", ctypes.c_int), ("memory", Handle))


class _Version(ctypes.Structure):
    _fields_ = (
        ("major", ctypes.c_int),
        ("minor", ctypes.c_int),
        ("patch", ctypes.c_int),
        ("hash", ctypes.c_char_p),
        ("cpu_runtime", ctypes.c_uint),
        ("gpu_runtime", ctypes.c_uint),
    )


_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "dnnl_engine_create": (Handle, ctypes.c_int, ctypes.c_size_t),
    "dnnl_stream_create": (Handle, Handle, ctypes.c_uint),
    "dnnl_memory_desc_create_with_strides": (Handle, ctypes.c_int, Dims, ctypes.c_int, Dims),
    "dnnl_memory_desc_create_with_tag": (Handle, ctypes.c_int, Dims, ctypes.c_int, ctypes.c_int),
    "dnnl_memory_create": (Handle, Handle, Handle, Handle),
    "dnnl_memory_set_data_handle": (Handle, Handle),
    "dnnl_memory_destroy": (Handle,),
    "dnnl_memory_desc_destroy": (Handle,),
    "dnnl_primitive_attr_create": (Handle,),
    "dnnl_primitive_attr_set_scratchpad_mode": (Handle, ctypes.c_int),
    "dnnl_primitive_create": (Handle, Handle),
    "dnnl_primitive_execute": (Handle, Handle, ctypes.c_int, ctypes.POINTER(Argument)),
    "dnnl_primitive_destroy": (Handle,),
    "dnnl_primitive_desc_destroy": (Handle,),
    "dnnl_reorder_primitive_desc_create": (Handle,) * 6,
    "dnnl_convolution_forward_primitive_desc_create": (
        *(Handle, Handle, ctypes.c_int, ctypes.c_int),
        *(Handle,) * 4,
        *(Dims,) * 4,
        Handle,
    ),
    "dnnl_convolution_backward_data_primitive_desc_create": (
        *(Handle, Handle, ctypes.c_int),
        *(Handle,) * 3,
        *(Dims,) * 4,
        *(Handle,) * 2,
    ),
    "dnnl_convolution_backward_weights_primitive_desc_create": (
        *(Handle, Handle, ctypes.c_int),
        *(Handle,) * 4,
        *(Dims,) * 4,
        *(Handle,) * 2,
    ),
    "dnnl_batch_normalization_forward_primitive_desc_create": (
        *(Handle, Handle, ctypes.c_int, Handle, Handle, ctypes.c_float, ctypes.c_uint, Handle),
    ),
    "dnnl_batch_normalization_backward_primitive_desc_create": (
        *(Handle, Handle, ctypes.c_int, Handle, Handle, Handle, ctypes.c_float, ctypes.c_uint, Handle, Handle),
    ),
    "dnnl_matmul_primitive_desc_create": (Handle,) * 7,
    "dnnl_set_primitive_cache_capacity": (ctypes.c_int,),
    "dnnl_get_primitive_cache_capacity": (ctypes.POINTER(ctypes.c_int),),
}


class Library:
    """The opened library with its engine and stream.

    Attributes:
        version: For example "3.6.2".
        instruction_set: The one its kernels use on this processor.
        engine, stream, attributes: Handles: the CPU, its queue, and the attribute that lets us provide scratch memory.
    """

    def __init__(self, path: str) -> None:
        self._c = _open(path)
        self.version = _check_version(self._c, path)
        for name, types in _SIGNATURES.items():
            function = getattr(self._c, name)
            function.argtypes, function.restype = types, ctypes.c_int
        for name, types, result in (
            ("dnnl_primitive_desc_query_md", (Handle, ctypes.c_int, ctypes.c_int), Handle),
            ("dnnl_memory_desc_get_size", (Handle,), ctypes.c_size_t),
            ("dnnl_memory_desc_equal", (Handle, Handle), ctypes.c_int),
            ("dnnl_get_effective_cpu_isa", (), ctypes.c_int),
        ):
            function = getattr(self._c, name)
            function.argtypes, function.restype = types, result
        isa = self._c.dnnl_get_effective_cpu_isa()
        self.instruction_set = _INSTRUCTION_SETS.get(isa, hex(isa))
        self.engine = self.make("dnnl_engine_create", _CPU, 0)
        self.stream = self.make("dnnl_stream_create", self.engine, _IN_ORDER)
        self.attributes = self.make("dnnl_primitive_attr_create")
        self.call("dnnl_primitive_attr_set_scratchpad_mode", self.attributes, _SCRATCHPAD_OF_USER)

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function that returns a status.

        Raises:
            OneDNNError: The status is not success.
        """
        status = getattr(self._c, name)(*arguments)
        if status:
            raise OneDNNError(f"oneDNN {self.version}: {name} ended with status {status}")

    def make(self, name: str, *arguments: Any) -> Handle:
        """Call a function that makes an object, and return its handle."""
        handle = Handle()
        self.call(name, ctypes.byref(handle), *arguments)
        return handle

    def function(self, name: str) -> Callable[..., int]:
        """The function itself, for calls that must be fast."""
        return getattr(self._c, name)


def dims(values: Sequence[int]) -> ctypes.Array[ctypes.c_int64]:
    """Sizes as the interface takes them."""
    return Dims(*values)


@cache
def opened_library() -> Library:
    """Paddle's oneDNN.

    Raises:
        OneDNNError: There is none, or one that was not tested.
    """
    return Library(str(find_library()))


def find_library() -> Path:
    """Where Paddle's wheels keep it."""
    return Path(paddle.__file__).parent / "libs" / "libdnnl.so.3"


def _open(path: str) -> ctypes.CDLL:
    if not Path(path).is_file():
        raise OneDNNError(f"this Paddle carries no oneDNN ({path} is missing)")
    try:
        return ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
    except OSError as error:
        raise OneDNNError(f"Paddle has not loaded its oneDNN ({error})") from error


def _check_version(c: ctypes.CDLL, path: str) -> str:
    try:
        c.dnnl_version.restype = ctypes.POINTER(_Version)
        version = c.dnnl_version().contents
    except AttributeError as error:
        raise OneDNNError(f"{path} is not oneDNN ({error})") from error
    name = f"{version.major}.{version.minor}.{version.patch}"
    if (version.major, version.minor) not in TESTED_VERSIONS:
        tested = ", ".join(f"{major}.{minor}" for major, minor in TESTED_VERSIONS)
        raise OneDNNError(f"oneDNN {name} was not tested (tested: {tested})")
    return name


@contextmanager
def bounded_cache() -> Iterator[None]:
    """Switch off oneDNN's own cache of primitives, which keeps up to 1024 of them, even freed ones."""
    lib, before = opened_library(), ctypes.c_int()
    lib.call("dnnl_get_primitive_cache_capacity", ctypes.byref(before))
    lib.call("dnnl_set_primitive_cache_capacity", 0)
    try:
        yield
    finally:
        lib.call("dnnl_set_primitive_cache_capacity", before.value)
