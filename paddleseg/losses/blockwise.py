# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross entropy on a CPU without a full-size softmax: block by block, and again in the backward pass.

Paddle's CPU kernels are slow along axis 1 of (N, K, H, W), where their exponentials are not vectorised; numpy's are. It
works here on the tensors' own memory, on as many pixels at once as fit in a core's cache with all their classes. The
backward pass needs the logits and two numbers per pixel, the two parts of their logsumexp.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import paddle
from paddle import Tensor
from paddle.autograd import PyLayer
from paddle.autograd.py_layer import once_differentiable

from paddleseg.losses.logit_rows import LogitRows, logit_rows
from paddleseg.utils.tensor_memory import memory_of
from paddleseg.utils.tracing import computes_eagerly_on_cpu

_SMALLEST_PICTURE = 1 << 16
"""Logits of a picture from which on the blocks pay, 59 x 59 pixels of 19 classes: at half as many both are as fast."""


def is_faster(logits: Tensor, label: Tensor) -> bool:
    """Whether :class:`BlockwiseCrossEntropy` can take these logits, and is faster than Paddle's kernels.

    They must be on a CPU (devices have a fused kernel as fast along axis 1 as along any other), not be traced into a
    static graph, and have a type that Paddle's kernel takes, too.
    """
    return (
        computes_eagerly_on_cpu()
        and logits.dtype in (paddle.float32, paddle.float64)
        and math.prod([logits.shape[1], *label.shape[1:]]) >= _SMALLEST_PICTURE
    )


class BlockwiseCrossEntropy(PyLayer):
    """Cross entropy of each pixel, by ``BlockwiseCrossEntropy.apply(logits, label, ignore_index)``.

    Logits (N, K, h, w) float32 or float64 and label (N, H, W) int64 give losses (N, H, W) like the logits, 0 where
    ignored; logits of another size are interpolated bilinearly, see ``logit_rows``. Losses are not cut off at 64,
    unlike those of Paddle's CPU kernel. ValueError for a label with anything but 0..K-1 and ``ignore_index``.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, label: Tensor, ignore_index: int) -> Tensor:
        logits, label = logits.contiguous(), label.contiguous()
        losses, highest, total = (paddle.empty(label.shape, logits.dtype) for _ in range(3))
        rows = logit_rows(logits, label.shape[1:])
        compute_in_blocks(partial(_losses_of_block, ignore_index), rows, label, losses, highest, total)
        ctx.save_for_backward(logits, label, highest, total)
        ctx.ignore_index = ignore_index
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        logits, label, highest, total = ctx.saved_tensor()
        rows = logit_rows(logits, label.shape[1:])
        compute = partial(_gradient_of_block, ctx.ignore_index)
        compute_in_blocks(compute, rows, label, upstream.contiguous(), highest, total)
        return rows.gradient()


def _losses_of_block(
    ignore_index: int,
    rows: LogitRows,
    place: tuple[int, int],
    scratch: np.ndarray,
    label: np.ndarray,
    losses: np.ndarray,
    highest: np.ndarray,
    total: np.ndarray,
) -> None:
    """Fill in the losses, the highest logits h, and the sums of exp(logit - h) over the classes."""
    valid = label != ignore_index
    own_classes = np.multiply(label, valid, dtype=np.intp)
    if own_classes.view(np.uintp).max() >= len(scratch):
        wrong = own_classes[(own_classes < 0) | (own_classes >= len(scratch))][0]
        allowed = f"0 to {len(scratch) - 1}, and {ignore_index}, which is ignored"
        raise ValueError(f"the label has a pixel of {wrong}; allowed are {allowed}")
    logits = rows.read(*place, scratch)
    np.subtract(logits, np.max(logits, axis=0, out=highest), out=scratch)
    own_logits = scratch.take(_places(own_classes))
    np.exp(scratch, out=scratch)
    np.log(np.sum(scratch, axis=0, out=total), out=losses)
    np.subtract(losses, own_logits, out=losses, where=valid)
    losses *= valid  # NaN stays


def _gradient_of_block(
    ignore_index: int,
    rows: LogitRows,
    place: tuple[int, int],
    scratch: np.ndarray,
    label: np.ndarray,
    upstream: np.ndarray,
    highest: np.ndarray,
    total: np.ndarray,
) -> None:
    """Give the rows their gradient, (softmax - one-hot) * upstream.

    It is computed in scratch memory, because planes of, say, 512 x 512 compete for the same cache lines.
    """
    valid = label != ignore_index
    np.exp(np.subtract(rows.read(*place, scratch), highest, out=scratch), out=scratch)
    scratch.reshape(-1)[_places(np.multiply(label, valid, dtype=np.intp))] -= total
    scratch *= upstream * valid / total
    rows.write_gradient(*place, scratch)


def _places(classes: np.ndarray) -> np.ndarray:
    """Flat indices in (K, P) values of the P pixels' own classes; computed in the memory of ``classes``."""
    classes *= len(classes)
    classes += np.arange(len(classes))
    return classes


def compute_in_blocks(compute: Callable[..., None], rows: LogitRows, *maps: Tensor) -> None:
    """Call ``compute(rows, (picture, first row), scratch, *maps)`` for each block.

    In one thread: a second one would wait for the interpreter's lock between any two numpy calls, and make it 5 to 20 %
    slower.

    Args:
        compute: Gets scratch memory (K, P) for the P pixels of a block and its part (P,) of each map, into which it
            writes its results.
        rows: The logits.
        *maps: (N, H, W), contiguous.
    """
    num_classes, longest = rows.logits.shape[1], rows.block_rows
    arrays = [memory_of(tensor) for tensor in maps]
    count, height, width = arrays[0].shape
    scratch = np.empty(num_classes * min(longest, height) * width, rows.logits.dtype)
    with np.errstate(all="ignore"):  # values that are not finite reach the loss
        for picture in range(count):
            for first in range(0, height, longest):
                parts = [array[picture, first : first + longest].reshape(-1) for array in arrays]
                block = scratch[: num_classes * parts[0].size].reshape(num_classes, -1)
                compute(rows, (picture, first), block, *parts)
