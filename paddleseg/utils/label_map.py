# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From logits at 1/8 to the label map at the picture's size, without the logits at that size; numpy only.

The label map is defined as the argmax of logits that are resized bilinearly (half-pixel centres, Paddle's and
PyTorch's ``align_corners=False``) to the size of the network's input, cropped to the part without padding, and resized
bilinearly to the picture's size, following the transforms step by step; ties go to the lowest class. Each pixel is
then a convex combination of a few neighbouring logits: two on each axis if the picture was not resized, three or four
if it was. So where all of these agree on the class, the pixel has it. Only the pixels at the borders of classes, a
few per cent of a street picture, need arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from paddleseg.utils.type_hints import Bound
from paddleseg.utils.way_back import Axis, TransInfo, axis_of, way_back

MAX_CLASSES = 255
"""Labels have 8 bits, and one of their 256 values is left for the pixels to ignore."""
LABEL_CLASSES = Bound(1, MAX_CLASSES, f"from 1 to {MAX_CLASSES}, for labels have 8 bits")
LABEL_VALUES = Bound(0, 255, "from 0 to 255, for labels have 8 bits")

LabelClassCount = Annotated[int, LABEL_CLASSES]
LabelValue = Annotated[int, LABEL_VALUES]

# Two classes closer than this for each cell of a pixel's row and column, relative to the largest logit, could swap by
# rounding in the interpolation: such a pixel is computed. It is about 4 ulp of float32 for 2 x 2 cells.
_ROUNDING = 4 * np.finfo(np.float32).eps
# Blocks interpolated at once: keeps the work in the cache, and small where almost every block is a border.
_BLOCKS_AT_ONCE = 512
# Blocks whose logits are gathered at once: enough for a street picture's borders, and a bound if all is border.
_BLOCKS_GATHERED = 1 << 15


def label_map(logits_stride8: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """Class of each pixel of the network's input.

    Args:
        logits_stride8: (N, K, h, w) float32, K at most 256.
        size_hw: Height and width of the network's input, which is the size of the result.

    Returns:
        (N, H, W) uint8 class ids.

    Example:
        >>> logits = np.array([[[[3.0, 0.0]], [[0.0, 1.0]]]], np.float32)  # class 0 left, class 1 right
        >>> label_map(logits, (1, 8)).tolist()
        [[[0, 0, 0, 0, 0, 1, 1, 1]]]
    """
    return np.stack(label_maps(logits_stride8, size_hw, [()] * len(logits_stride8)))


def label_maps(
    logits: np.ndarray,
    size_hw: Sequence[int],
    trans_infos: Sequence[TransInfo],
    *,
    ignored_class: int | None = None,
) -> list[np.ndarray]:
    """Class of each pixel of the pictures, at their sizes before the transforms.

    Args:
        logits: (N, K, h, w) float32, K at most 256: at 1/8, or at any other size, up to that of the input.
        size_hw: Height and width of the network's input.
        trans_infos: For each picture the size changes by the transforms, see ``way_back.TransInfo``.
        ignored_class: A class that is never predicted, see ``ignored_class_of``.

    Returns:
        For each picture (height, width) uint8 class ids.
    """
    return [
        _label_map_of_one(planes, tuple(size_hw), trans_info, ignored_class)
        for planes, trans_info in zip(logits, trans_infos, strict=True)
    ]


def ignored_class_of(num_classes: int, ignore_index: int | None) -> int | None:
    """The class that is never predicted because its pixels are neither trained nor counted; None if there is none.

    A network of a single class has nothing else to predict.
    """
    return ignore_index if ignore_index is not None and 0 <= ignore_index < num_classes and num_classes > 1 else None


def _label_map_of_one(
    logits: np.ndarray, size_hw: tuple[int, int], trans_info: TransInfo, ignored_class: int | None
) -> np.ndarray:
    rows, columns = axes_of(logits.shape[1:], size_hw, trans_info)
    # Repeating the outermost logits makes the rim a cell like any other.
    grid = np.pad(without_class(logits, ignored_class), ((0, 0), (1, 1), (1, 1)), mode="edge")  # (K, h + 2, w + 2)
    return with_class(labels_of_grid(grid, rows, columns), ignored_class)


def without_class(logits: np.ndarray, ignored_class: int | None) -> np.ndarray:
    """The logits (K, h, w) of the other classes; a very low one would make all the others look equal."""
    return logits if ignored_class is None else np.delete(logits, ignored_class, axis=0)


def with_class(labels: np.ndarray, ignored_class: int | None) -> np.ndarray:
    """Original class ids for those renumbered by ``without_class``; the array is changed in place."""
    if ignored_class is not None:
        labels += labels >= ignored_class
    return labels


def labels_of_grid(grid: np.ndarray, rows: Axis, columns: Axis) -> np.ndarray:
    """Class of each pixel described by the axes.

    Args:
        grid: (K, h, w) float32 logits, with the rim of repeated ones that ``Axis`` counts as cells.
        rows: The pixels' rows, in terms of grid cells.
        columns: Their columns.

    Returns:
        (H, W) uint8.
    """
    rounding = _ROUNDING * (rows.taps + columns.taps) * np.abs(grid).max()
    coarse, uniform = _uniform_blocks(grid, rows, columns, rounding)
    # Columns first, so that rows are copied whole. `take` needs a fifth of the time of indexing.
    labels = coarse.take(columns.run_of_pixel, axis=1).take(rows.run_of_pixel, axis=0)
    if rows.taps * columns.taps > 1:
        i, j = np.nonzero(~uniform)
        for start in range(0, len(i), _BLOCKS_GATHERED):
            some = np.s_[start : start + _BLOCKS_GATHERED]
            _fill_border_blocks(labels, grid, i[some], j[some], rows, columns, rounding)
    return labels


def axes_of(grid_hw: Sequence[int], size_hw: Sequence[int], trans_info: TransInfo) -> tuple[Axis, Axis]:
    """Rows and columns of the way from a grid of logits through the network's input to the picture."""
    steps = way_back(size_hw, trans_info)
    if tuple(grid_hw) != tuple(size_hw):
        steps.insert(0, (tuple(size_hw), None))
    return tuple(
        axis_of(source, tuple((size[axis], None if corner is None else corner[axis]) for size, corner in steps))
        for axis, source in enumerate(grid_hw)
    )


def _uniform_blocks(grid: np.ndarray, rows: Axis, columns: Axis, rounding: float) -> tuple[np.ndarray, np.ndarray]:
    """Class at the first cell of each block, and whether all of the block's pixels certainly have that class.

    A block is the intersection of a run of rows and a run of columns.

    Returns:
        (R, S) uint8 and (R, S) bool.
    """
    classes, lead = winner_and_lead(grid)
    clear = lead > rounding
    for axis, runs in enumerate((rows, columns)):
        cell_classes, cell_clear = classes, clear
        classes, clear = cell_classes.take(runs.cells[0], axis), cell_clear.take(runs.cells[0], axis)
        for cells in runs.cells[1:]:
            clear &= cell_clear.take(cells, axis)
            clear &= cell_classes.take(cells, axis) == classes
    return classes, clear


def winner_and_lead(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The highest of K planes at each place, the first of equal ones, and its lead over the next.

    Plane by plane, because argmax and a second maximum along a short axis take numpy four times as long.

    Returns:
        The number of the plane, uint8, and the distance to the next plane (infinite if there is only one).
    """
    best = planes[0].copy()
    second = np.full_like(best, -np.inf)
    winner = np.zeros(best.shape, np.uint8)
    for number, plane in enumerate(planes[1:], start=1):
        np.copyto(winner, number, where=plane > best)
        np.maximum(second, np.minimum(plane, best), out=second)
        np.maximum(best, plane, out=best)
    return winner, best - second


def _fill_border_blocks(
    labels: np.ndarray, grid: np.ndarray, i: np.ndarray, j: np.ndarray, rows: Axis, columns: Axis, rounding: float
) -> None:
    """Interpolate in the n blocks (i, j), and write the classes into ``labels``.

    Most blocks have two or three candidate classes: a class is out if its highest cell is below the lowest cell of
    another. Blocks with the same number of candidates are processed together.
    """
    cells = np.stack([grid[:, row[i], column[j]] for row in rows.cells for column in columns.cells])  # (T * U, K, n)
    # Written so that NaN is a candidate: even a network that returns nothing else gets a label map.
    contends = ~(cells.max(axis=0) < cells.min(axis=0).max(axis=0) - rounding)  # (K, n)
    contenders = contends.sum(axis=0)
    for count in np.unique(contenders):
        same_count = np.flatnonzero(contenders == count)
        for start in range(0, len(same_count), _BLOCKS_AT_ONCE):
            some = same_count[start : start + _BLOCKS_AT_ONCE]
            classes = np.nonzero(contends[:, some].T)[1].reshape(-1, count).T  # (count, n), rising
            down, across = rows.weights[:, i[some]], columns.weights[:, j[some]]
            y, x = rows.pixels[i[some]][:, :, None], columns.pixels[j[some]][:, None, :]
            labels[y, x] = _highest_class(cells[:, classes, some], classes.astype(np.uint8), down, across)


def _highest_class(cells: np.ndarray, classes: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Class of the highest interpolated logit at each pixel of n blocks, the first of equal ones.

    The blocks are the last axis internally, along which numpy iterates: a block has only a few pixels.

    Args:
        cells: (T * U, C, n) logits of C classes in the cells of each block, row by row.
        classes: (C, n) uint8, the ids of these classes.
        down: (T, n, P) weights of the rows of cells.
        across: (U, n, Q) weights of the columns of cells.

    Returns:
        (n, P, Q) uint8.
    """
    down, across = (np.ascontiguousarray(weights.transpose(0, 2, 1)) for weights in (down, across))
    across = across[:, None]  # (U, 1, Q, n)
    best = winner = None
    for planes, class_ids in zip(cells.transpose(1, 0, 2), classes):
        logits = None
        for column, share in enumerate(across):
            side = planes[column] * down[0]  # (P, n)
            for row in range(1, len(down)):
                side += planes[row * len(across) + column] * down[row]
            part = side[:, None] * share  # (P, Q, n)
            logits = part if logits is None else np.add(logits, part, out=logits)
        if best is None:
            best, winner = logits, np.broadcast_to(class_ids, logits.shape)
        else:
            # Where it is higher, the bits in which the two classes differ are flipped: bytes are faster than masks.
            winner = winner ^ (winner ^ class_ids) * (logits > best).view(np.uint8)
            np.maximum(best, logits, out=best)
    return winner.transpose(2, 0, 1)
