# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A network's confidence in the classes of a label map: the lead of the best class, cell by cell; numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddleseg.utils.label_map import winner_and_lead
from paddleseg.utils.way_back import TransInfo, way_back

CELL = 8
"""Side of a cell in pixels of the picture: the networks give their logits at 1/8."""


def margin_map(
    logits: np.ndarray, size_hw: Sequence[int], trans_info: TransInfo, *, ignored_class: int | None = None
) -> np.ndarray:
    """The lead of the best class over the second one in each cell of a picture.

    The unit is that of logits, natural logarithms: with a margin m the network considers the best class exp(m) times as
    probable as the second. 0 is a tie, 0.7 is two to one, 4.6 a hundred to one. Trained networks are often
    overconfident, so compare margins with each other before you trust one.

    Args:
        logits: (K, h, w) float32, at 1/8 of the network's input or at any other size.
        size_hw: Height and width of the network's input.
        trans_info: The size changes by the transforms, see ``way_back.TransInfo``.
        ignored_class: A class that is never predicted, see ``label_map.ignored_class_of``.

    Returns:
        (ceil(H/8), ceil(W/8)) float32 for a picture of height H and width W, which the cells divide evenly. The margin
        of a cell is that of the network's cell in which its centre lies; if the transforms do not resize, the two grids
        are the same. Infinite if the network has a single class.

    Example:
        >>> logits = np.array([[[3.0, 0.0]], [[0.0, 1.0]]], np.float32)
        >>> margin_map(logits, (8, 16), ())
        array([[3., 1.]], dtype=float32)
    """
    if ignored_class is not None:
        logits = np.delete(logits, ignored_class, axis=0)
    lead = winner_and_lead(logits)[1]
    steps = way_back(size_hw, trans_info)
    rows, columns = (_nearest_cells(length, size_hw[axis], steps, axis) for axis, length in enumerate(lead.shape))
    return np.ascontiguousarray(lead[rows[:, None], columns], np.float32)


def _nearest_cells(num_cells: int, input_length: int, steps: Sequence, axis: int) -> np.ndarray:
    """For each cell of the picture on one axis, the network's cell in which its centre lies."""
    lengths = [input_length, *(step.size_hw[axis] for step in steps)]
    cells = -(-lengths[-1] // CELL)
    place = (np.arange(cells) + 0.5) * (lengths[-1] / cells)  # in pixels of the picture, then of the preceding steps
    for before, step in zip(reversed(lengths[:-1]), reversed(steps)):
        after = step.size_hw[axis]
        place = place * (before / after) if step.corner_yx is None else place + step.corner_yx[axis]
    return np.minimum((place * (num_cells / input_length)).astype(np.intp), num_cells - 1)
