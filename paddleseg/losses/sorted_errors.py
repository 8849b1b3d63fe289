# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Lovasz-Softmax on a CPU by numpy, which sorts several times as fast as Paddle's kernels.

Softmax is computed block by block, from logits of any size. In the background of a class only the pixels above the
smallest error of its foreground are sorted: the others, most of the picture for rare classes, have no weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import paddle
from paddle import Tensor
from paddle.autograd import PyLayer
from paddle.autograd.py_layer import once_differentiable

from paddleseg.losses.blockwise import compute_in_blocks
from paddleseg.losses.logit_rows import LogitRows, logit_rows
from paddleseg.utils.tensor_memory import memory_of


class SortedErrors(PyLayer):
    """Lovasz losses of single classes, by ``SortedErrors.apply(logits, label, ignore_index, classes)``.

    Logits (N, K, h, w) float32 or float64 and label (N, H, W) int64 give a loss for each of the listed classes; logits
    of another size are interpolated bilinearly, see ``logit_rows``. The weights of the errors are those of
    ``functional.lovasz_weights``.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, label: Tensor, ignore_index: int, classes: Sequence[int]) -> Tensor:
        logits, label = logits.contiguous(), label.contiguous()
        shape = [*logits.shape[:2], *label.shape[1:]]
        probabilities, slopes = paddle.empty(shape, logits.dtype), paddle.zeros(shape, logits.dtype)
        compute_in_blocks(
            partial(_softmax_of_block, memory_of(probabilities)), logit_rows(logits, label.shape[1:]), label
        )
        labels = memory_of(label).reshape(-1)
        valid = labels != ignore_index
        losses = []
        for index in classes:
            loss, slope = _loss_and_slope(memory_of(probabilities)[:, index].reshape(-1), labels == index, valid)
            memory_of(slopes)[:, index] = slope.reshape(label.shape)
            losses.append(loss)
        ctx.save_for_backward(logits, label, probabilities, slopes)
        ctx.classes = classes
        return paddle.to_tensor(losses, dtype=logits.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        logits, label, probabilities, slopes = ctx.saved_tensor()
        factors = np.zeros((logits.shape[1], 1), memory_of(upstream).dtype)
        factors[ctx.classes, 0] = memory_of(upstream.contiguous())
        rows = logit_rows(logits, label.shape[1:])
        compute = partial(_gradient_of_block, memory_of(probabilities), memory_of(slopes), factors)
        compute_in_blocks(compute, rows, label)
        return rows.gradient()


def _softmax_of_block(
    probabilities: np.ndarray, rows: LogitRows, place: tuple[int, int], scratch: np.ndarray, label: np.ndarray
) -> None:
    """Fill in the probabilities (N, K, H, W) of the block."""
    logits = rows.read(*place, scratch)
    np.exp(np.subtract(logits, logits.max(axis=0), out=scratch), out=scratch)
    part = _part_of(probabilities, rows, place)
    np.divide(scratch.reshape(part.shape), scratch.sum(axis=0).reshape(part.shape[1:]), out=part)


def _gradient_of_block(
    probabilities: np.ndarray,
    slopes: np.ndarray,
    factors: np.ndarray,
    rows: LogitRows,
    place: tuple[int, int],
    scratch: np.ndarray,
    label: np.ndarray,
) -> None:
    """Give the rows p * (g - sum of g * p over the classes), with g the gradient of the probabilities p."""
    own = _part_of(probabilities, rows, place).reshape(scratch.shape)
    gradient = _part_of(slopes, rows, place).reshape(scratch.shape) * factors
    gradient -= np.multiply(gradient, own, out=scratch).sum(axis=0)
    rows.write_gradient(*place, np.multiply(gradient, own, out=scratch))


def _part_of(maps: np.ndarray, rows: LogitRows, place: tuple[int, int]) -> np.ndarray:
    picture, first = place
    return maps[picture, :, first : first + rows.block_rows]


def _loss_and_slope(probabilities: np.ndarray, foreground: np.ndarray, valid: np.ndarray) -> tuple[float, np.ndarray]:
    """The Lovasz loss of a class and its gradient with respect to the class's probabilities.

    See ``functional.lovasz_weights`` for the weights of the errors; here they are summed in float64.

    Args:
        probabilities: (P,) float.
        foreground: (P,) bool, whether the pixel is of the class.
        valid: (P,) bool.

    Returns:
        The loss, and (P,) float like the probabilities.
    """
    slope = np.zeros_like(probabilities)
    inside = np.flatnonzero(foreground & valid)
    if not inside.size:  # only the largest error: from there on the whole class is wrong
        candidates = np.flatnonzero(valid)
        if not candidates.size:
            return 0.0, slope
        worst = candidates[probabilities[candidates].argmax()]
        slope[worst] = 1
        return float(probabilities[worst]), slope
    inside, inner_errors = _rising(inside, 1 - probabilities[inside])
    # Not "above the smallest": NaN must reach the loss.
    outside = np.flatnonzero(~(probabilities <= inner_errors[0]) & valid & ~foreground)
    outside, outer_errors = _rising(outside, probabilities[outside])
    # How many of the background reach each of the foreground; how many of the foreground stay below each.
    passed = outer_errors.searchsorted(inner_errors, side="right")
    below = np.bincount(passed, minlength=outside.size + 1)[:-1].cumsum()
    union = np.arange(inside.size + outside.size, inside.size, -1, dtype=np.float64)
    inner_weights = 1 / (inside.size + outside.size - passed.astype(np.float64))
    outer_weights = below / (union * (union - 1))
    slope[inside], slope[outside] = -inner_weights, outer_weights
    return float(inner_weights @ inner_errors + outer_weights @ outer_errors), slope


def _rising(places: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places and their errors, at least 0, sorted by rising error.

    In float32 both are sorted as one number of 64 bits, which takes half the time of ``argsort``: the bits of
    non-negative floats sort like their values.
    """
    if errors.dtype != np.float32 or places.size > 2**32:
        order = errors.argsort()
        return places[order], errors[order]
    keys = errors.view(np.uint32).astype(np.uint64) << np.uint64(32)
    keys |= np.arange(places.size, dtype=np.uint64)
    keys.sort()
    return places[keys & np.uint64(0xFFFFFFFF)], (keys >> np.uint64(32)).astype(np.uint32).view(np.float32)
