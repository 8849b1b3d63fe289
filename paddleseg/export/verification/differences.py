# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The difference between scores of a graph and of its network; numpy only."""

from __future__ import annotations

import numpy as np

_SMALLEST = 1e-30  # of the compared probabilities; float32 has its full precision down to 1e-38
_SMALLEST_SCALE = 0.01  # rounding alone moves the logarithm of a probability by 1e-6


def relative_difference(
    output: np.ndarray, logits: np.ndarray, output_op: str | None, ignored_class: int | None = None
) -> float:
    """The largest difference between the scores of a graph and of its network, in units of the largest logit.

    Probabilities are compared by their logarithms, which differ like logits: where a network is sure, they themselves
    are 0 and 1 whatever the logits. Those hardly distinguishable from 0 in float32 are left out.

    Args:
        output: The graph's output, (N, K, ...).
        logits: The network's, of the same shape.
        output_op: ``softmax``: the graph returns probabilities; else logits.
        ignored_class: A class whose logits the graph lowers on purpose.
    """
    if ignored_class is not None:
        logits, output = (np.delete(scores, ignored_class, axis=1) for scores in (logits, output))
    scale = float(np.abs(logits).max())
    if output_op != "softmax":
        return float(np.abs(output - logits).max()) / max(scale, 1e-12)
    shifted = logits - logits.max(axis=1, keepdims=True)
    expected = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    found = np.log(np.maximum(output, np.finfo(np.float32).tiny))
    differences = np.abs(found - expected)[~((output < _SMALLEST) & (expected < np.log(_SMALLEST)))]  # NaN stays
    return float(differences.max()) / max(scale, _SMALLEST_SCALE)


def gap_of_best(output: np.ndarray, logits: np.ndarray) -> float:
    """The deficit of a graph's class against the network's best one, in units of the network's largest logit.

    Args:
        output: Scores (K,) of the graph, or a class id ().
        logits: The network's, (K,).
    """
    best = int(output) if output.ndim == 0 else int(output.argmax())
    return float(logits.max() - logits[best]) / max(float(np.abs(logits).max()), 1e-12)
