# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Adding our own operations to Paddle's gradient graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import paddle
from paddle import Tensor
from paddle.autograd import PyLayer

_LISTS_ARE_SLOTS = int(paddle.__version__.split(".")[0]) >= 3 or paddle.__version__ == "0.0.0"  # not Paddle 2.6.2's
_CPU = paddle.CPUPlace()


class Operation(Protocol):
    """An operation with gradients. ``context`` stores the tensors for the backward pass (``save``)."""

    def forward(self, context: Any, *tensors: Tensor) -> Tensor:
        """The output; its computation is not recorded."""

    def backward(self, context: Any, upstream: Tensor, wanted: Sequence[bool]) -> Sequence[Tensor | None]:
        """The gradient of each tensor that wants one; its computation is not recorded."""

    def differentiable_backward(
        self, context: Any, upstream: Tensor, wanted: Sequence[bool]
    ) -> Sequence[Tensor | None]:
        """The same with Paddle's operations, for gradients of gradients."""


def apply(operation: Operation, *tensors: Tensor) -> Tensor:
    """Run an operation; the output has a gradient if one of the tensors has.

    As with any PyLayer of Paddle's, its graph can be traversed only once: a second ``backward`` after
    ``retain_graph=True`` ends the process.
    """
    if not paddle.is_grad_enabled() or all(tensor.stop_gradient for tensor in tensors):
        return operation.forward(_NoContext(), *tensors)
    if not _LISTS_ARE_SLOTS:
        return _SlotForEach.apply(operation, *tensors)
    # paddle.grad prunes unneeded inputs from the graph and then refuses gradients for them, which a PyLayer cannot
    # know; but it never prunes a node with one slot, and a list is one. What counts is the list's first tensor.
    places = sorted(range(len(tensors)), key=lambda place: tensors[place].stop_gradient)
    return _OneSlot.apply([tensors[place] for place in places], places, operation)


def save(context: Any, *tensors: Tensor) -> None:
    """Keep tensors for the backward pass."""
    context.save_for_backward(*tensors)
    context.versions = [tensor.inplace_version for tensor in tensors]


def saved(context: Any) -> list[Tensor]:
    """The saved tensors.

    Raises:
        RuntimeError: One was changed in place since: the gradients would be wrong.
    """
    tensors = context.saved_tensor()
    for tensor, version in zip(tensors, context.versions):
        if tensor.inplace_version != version:
            raise RuntimeError(
                f"a tensor of shape {list(tensor.shape)}, which is needed for gradients, was modified by an inplace "
                "operation"
            )
    return list(tensors)


class _NoContext:
    def save_for_backward(self, *tensors: Tensor) -> None:
        """There is no backward pass."""


class _OneSlot(PyLayer):
    @staticmethod
    def forward(context: Any, tensors: list[Tensor], places: list[int], operation: Operation) -> Tensor:
        in_order = [tensor for _, tensor in sorted(zip(places, tensors), key=lambda pair: pair[0])]
        context.operation, context.places = operation, places
        context.wanted = [not tensor.stop_gradient for tensor in in_order]
        return operation.forward(context, *in_order)

    @staticmethod
    def backward(context: Any, upstream: Tensor) -> list[Tensor | None]:
        gradients = _gradients(context, upstream)
        return [gradients[place] for place in context.places]


class _SlotForEach(PyLayer):
    @staticmethod
    def forward(context: Any, operation: Operation, *tensors: Tensor) -> Tensor:
        context.operation = operation
        context.wanted = [not tensor.stop_gradient for tensor in tensors]
        return operation.forward(context, *tensors)

    @staticmethod
    def backward(context: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        return tuple(_gradients(context, upstream))


def _gradients(context: Any, upstream: Tensor) -> Sequence[Tensor | None]:
    operation = context.operation
    way = operation.differentiable_backward if paddle.is_grad_enabled() else operation.backward
    return way(context, upstream, context.wanted)


def empty(shape: Sequence[int]) -> Tensor:
    """A float32 tensor on the CPU with uninitialised values; ``paddle.empty`` takes four times as long."""
    return paddle._C_ops.empty(shape, paddle.float32, _CPU)


def contiguous(tensor: Tensor) -> Tensor:
    """The tensor, copied if it is a view whose values do not lie in order (a transposed one, for example)."""
    return tensor if tensor.is_contiguous() else tensor.contiguous()
