# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Primitives of oneDNN that take tensors as stored in memory, and their cache.

A primitive is one computation for one set of shapes. The library chooses its fast layouts; a tensor stored otherwise is
reordered through scratch memory before or after.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Protocol

import numpy as np
from paddle import Tensor

from paddleseg.onednn.c_interface import FLOAT32, FORMAT_ANY, Argument, Handle, Library, dims, opened_library
from paddleseg.onednn.threads import current_threads, for_large_work

# Which argument of an execution (DNNL_ARG_* of dnnl_types.h) ...
SRC, DST, WEIGHTS, BIAS = 1, 17, 33, 41
MEAN, VARIANCE, SCALE, SHIFT, WORKSPACE, _SCRATCHPAD = 49, 50, 51, 52, 64, 80
DIFF_SRC, DIFF_DST, DIFF_WEIGHTS, DIFF_BIAS, DIFF_SCALE, DIFF_SHIFT = 129, 145, 161, 169, 255, 256
# ... and queries of a primitive's description (dnnl_query_*_md).
QUERY_SRC, QUERY_DIFF_SRC, QUERY_WEIGHTS, QUERY_DIFF_WEIGHTS, QUERY_DST, QUERY_DIFF_DST = range(129, 135)
QUERY_WORKSPACE, _QUERY_SCRATCHPAD = 135, 136

_ALIGNMENT = 64


class Layout:
    """Descriptors of float32 tensors, freed together."""

    def __init__(self) -> None:
        self._library = opened_library()
        self._made: list[Handle] = []

    def contiguous(self, shape: Sequence[int]) -> Handle:
        """A tensor whose last axis varies fastest, (N, C, H, W) for example."""
        return self._strided(shape, _strides(shape))

    def channels_last(self, shape: Sequence[int]) -> Handle:
        """A batch of feature maps of (logical) shape (N, C, H, W) stored as (N, H, W, C)."""
        count, channels, height, width = shape
        return self._strided(shape, (channels * height * width, 1, width * channels, channels))

    def transposed(self, shape: Sequence[int]) -> Handle:
        """A matrix, or batch of them, whose last two axes are swapped in memory."""
        strides = _strides((*shape[:-2], shape[-1], shape[-2]))
        return self._strided(shape, (*strides[:-2], strides[-1], strides[-2]))

    def any(self, shape: Sequence[int]) -> Handle:
        """Any layout that the library prefers."""
        return self._keep(
            self._library.make("dnnl_memory_desc_create_with_tag", len(shape), dims(shape), FLOAT32, FORMAT_ANY)
        )

    def free(self) -> None:
        """Free the descriptors; primitives made with them have their own."""
        for handle in self._made:
            self._library.call("dnnl_memory_desc_destroy", handle)
        self._made.clear()

    def _strided(self, shape: Sequence[int], strides: Sequence[int]) -> Handle:
        arguments = (len(shape), dims(shape), FLOAT32, dims(strides))
        return self._keep(self._library.make("dnnl_memory_desc_create_with_strides", *arguments))

    def _keep(self, handle: Handle) -> Handle:
        self._made.append(handle)
        return handle


def _strides(shape: Sequence[int]) -> tuple[int, ...]:
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * size)
    return tuple(strides)


class Operand(NamedTuple):
    """One tensor of a primitive.

    Attributes:
        argument: Which argument of the execution it is.
        query: The query of the primitive's description for its layout; None: it takes ``layout``.
        layout: How the tensor is stored.
        is_output: Whether it is written.
    """

    argument: int
    query: int | None
    layout: Handle
    is_output: bool = False


class _Reorder:
    """Copies memory into another layout."""

    def __init__(self, lib: Library, source: Handle, target: Handle, memories: tuple[Handle, Handle]) -> None:
        self._lib = lib
        description = lib.make(
            "dnnl_reorder_primitive_desc_create", source, lib.engine, target, lib.engine, lib.attributes
        )
        self.scratch_size = _scratch_size(lib, description)
        self._scratch = lib.make("dnnl_memory_create", _scratch_layout(lib, description), lib.engine, None)
        self._primitive = lib.make("dnnl_primitive_create", description)
        lib.call("dnnl_primitive_desc_destroy", description)
        self._arguments = _arguments([(SRC, memories[0]), (DST, memories[1]), (_SCRATCHPAD, self._scratch)])

    def run(self) -> None:
        lib = self._lib
        if self.scratch_size:
            lib.call("dnnl_memory_set_data_handle", self._scratch, _SCRATCH.pointer("reorder", self.scratch_size))
        lib.call("dnnl_primitive_execute", self._primitive, lib.stream, len(self._arguments), self._arguments)

    def free(self) -> None:
        self._lib.call("dnnl_memory_destroy", self._scratch)
        self._lib.call("dnnl_primitive_destroy", self._primitive)


class _Binding:
    """Gives a primitive's argument the memory of a tensor, reordered if their layouts differ."""

    def __init__(self, lib: Library, operand: Operand, wanted: Handle, slot: int) -> None:
        self._lib, self._slot = lib, slot
        self.is_output = operand.is_output
        self.memory = lib.make("dnnl_memory_create", wanted, lib.engine, None)
        self._tensor: Handle | None = None
        self._reorder: _Reorder | None = None
        if not lib.function("dnnl_memory_desc_equal")(operand.layout, wanted):
            self._size = lib.function("dnnl_memory_desc_get_size")(wanted)
            self._tensor = lib.make("dnnl_memory_create", operand.layout, lib.engine, None)
            layouts, memories = (operand.layout, wanted), (self._tensor, self.memory)
            if operand.is_output:
                layouts, memories = layouts[::-1], memories[::-1]
            self._reorder = _Reorder(lib, *layouts, memories)

    def before(self, pointer: int) -> None:
        lib = self._lib
        if self._reorder is None:
            lib.call("dnnl_memory_set_data_handle", self.memory, pointer)
            return
        lib.call("dnnl_memory_set_data_handle", self._tensor, pointer)
        lib.call("dnnl_memory_set_data_handle", self.memory, _SCRATCH.pointer(self._slot, self._size))
        if not self.is_output:
            self._reorder.run()

    def after(self) -> None:
        if self.is_output and self._reorder is not None:
            self._reorder.run()

    def free(self) -> None:
        self._lib.call("dnnl_memory_destroy", self.memory)
        if self._reorder is not None:
            self._reorder.free()
            self._lib.call("dnnl_memory_destroy", self._tensor)


class Primitive:
    """A primitive with its operands; called with a tensor for each.

    Args:
        description: The primitive's description, which it then owns.
        operands: The primitive's tensors, in the order of the call.

    Attributes:
        workspace_bytes: Size of the data that a forward primitive leaves for its backward one.
    """

    def __init__(self, description: Handle, operands: Sequence[Operand]) -> None:
        self._lib = lib = opened_library()
        self.description = description
        self._primitive = lib.make("dnnl_primitive_create", description)
        self._bindings = [
            _Binding(lib, one, one.layout if one.query is None else query_layout(description, one.query), slot)
            for slot, one in enumerate(operands)
        ]
        self.workspace_bytes = _layout_bytes(query_layout(description, QUERY_WORKSPACE))
        self._scratch_size = _scratch_size(lib, description)
        self._scratch = lib.make("dnnl_memory_create", _scratch_layout(lib, description), lib.engine, None)
        memories = [(one.argument, binding.memory) for one, binding in zip(operands, self._bindings)]
        self._arguments = _arguments([*memories, (_SCRATCHPAD, self._scratch)])

    def execute(self, tensors: Sequence[Tensor]) -> None:
        """Compute; tensors are contiguous and on the CPU. Scratch memory is shared: one at a time."""
        lib = self._lib
        for binding, tensor in zip(self._bindings, tensors, strict=True):
            binding.before(tensor.data_ptr())
        lib.call("dnnl_memory_set_data_handle", self._scratch, _SCRATCH.pointer("own", self._scratch_size))
        lib.call("dnnl_primitive_execute", self._primitive, lib.stream, len(self._arguments), self._arguments)
        for binding in self._bindings:
            binding.after()

    def free(self) -> None:
        """Release its memory; it must not be used afterwards."""
        for binding in self._bindings:
            binding.free()
        self._lib.call("dnnl_memory_destroy", self._scratch)
        self._lib.call("dnnl_primitive_destroy", self._primitive)
        self._lib.call("dnnl_primitive_desc_destroy", self.description)


def query_layout(description: Handle, query: int) -> Handle:
    """The layout that a primitive wants for a tensor; owned by the description."""
    return Handle(opened_library().function("dnnl_primitive_desc_query_md")(description, query, 0))


def _layout_bytes(layout: Handle) -> int:
    return opened_library().function("dnnl_memory_desc_get_size")(layout)


def _scratch_layout(lib: Library, description: Handle) -> Handle:
    return Handle(lib.function("dnnl_primitive_desc_query_md")(description, _QUERY_SCRATCHPAD, 0))


def _scratch_size(lib: Library, description: Handle) -> int:
    return lib.function("dnnl_memory_desc_get_size")(_scratch_layout(lib, description))


def _arguments(pairs: Sequence[tuple[int, Handle]]) -> ctypes.Array[Argument]:
    return (Argument * len(pairs))(*(Argument(index, memory) for index, memory in pairs))


class _ScratchMemory:
    """Memory for reordered tensors and the primitives' own, as large as the largest need; used under the lock."""

    def __init__(self) -> None:
        self._blocks: dict[Hashable, tuple[int, int, np.ndarray]] = {}  # size, address (slow to ask for), memory

    def pointer(self, slot: Hashable, size: int) -> int:
        found = self._blocks.get(slot)
        if found is None or found[0] < size:
            memory = np.empty(size + _ALIGNMENT, np.uint8)
            start = memory.ctypes.data
            found = self._blocks[slot] = size, start + -start % _ALIGNMENT, memory
        return found[1]

    def free(self) -> None:
        self._blocks.clear()


_SCRATCH = _ScratchMemory()


class ShapedOperation(Protocol):
    """An operation of one shape, hashable; the first part of a primitive's key, the second is which part of it."""

    @property
    def is_small(self) -> bool:
        """Whether one thread computes it in about a millisecond or less, so that a second one does not pay off."""


def _threads_for(operation: ShapedOperation) -> AbstractContextManager[None]:
    return nullcontext() if operation.is_small else for_large_work()


class PrimitiveCache:
    """Keeps the most recently used primitives, and lets one thread at a time use them.

    Args:
        capacity: How many. A network has a few dozen for each input size, each with about 50 kB of code.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[Hashable, Primitive] = OrderedDict()
        self._renew_lock()
        os.register_at_fork(after_in_child=self._renew_lock)

    def __len__(self) -> int:
        return len(self._kept)

    def run(self, key: tuple[ShapedOperation, str], make: Callable[[], Primitive], *tensors: Tensor) -> None:
        """Execute the primitive of this key with these tensors; it is made if needed."""
        with self._lock, _threads_for(key[0]):
            self._find(key, make).execute(tensors)

    def get(self, key: tuple[ShapedOperation, str], make: Callable[[], Primitive]) -> Primitive:
        """The primitive of this key, an operation and which part of it; valid until the next one is made."""
        with self._lock, _threads_for(key[0]):
            return self._find(key, make)

    def _find(self, key: tuple[ShapedOperation, str], make: Callable[[], Primitive]) -> Primitive:
        with_threads = key, current_threads()  # a primitive divides its work when it is made
        found = self._kept.get(with_threads)
        if found is not None:
            self._kept.move_to_end(with_threads)
            return found
        made = self._kept[with_threads] = make()
        if len(self._kept) > self._capacity:
            _, oldest = self._kept.popitem(last=False)
            oldest.free()
        return made

    def clear(self) -> None:
        """Free all of them, and the scratch memory."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].free()
            _SCRATCH.free()

    def _renew_lock(self) -> None:
        self._lock = threading.RLock()  # in a forked process: another thread of the parent may have held the old one


CACHE = PrimitiveCache(capacity=1024)
