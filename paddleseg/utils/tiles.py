# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that do not fit into memory: predicted by overlapping tiles, whose scores are blended; numpy only.

The tiles of a row are predicted one after another, and their scores (logits at 1/8, if the network has them) are added
up with weights that fall linearly over the overlap. Rows of scores that no later tile covers go on to the label map,
those below stay for the next row of tiles. So only one row of tiles is in memory: of the picture, and of the scores at
their own resolution.

The result differs from that of the whole picture: at the rim of a tile the network sees zeros where the picture
continues, and DDRNet's pyramid (DAPPM) averages over its whole input, so that each pixel depends on the whole tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.label_rows import LabelRows

STRIDE = 8
"""Pixels that are between two cells of logits; tiles begin at multiples of it, for their cells to coincide."""
COARSEST_STRIDE = 64
"""Pixels between two cells of the coarsest features of a DDRNet: beginning at multiples of it, all tiles of a picture
see it through one grid. With steps of 384 pixels 7.1 % of the pixels differed from the whole picture's label map, with
steps of 392 and nearly the same overlap 11.3 % (tiles of 512, three drawn scenes)."""
SMALLEST_TILE = 128


class PictureRows(Protocol):
    """A picture that is read some rows at a time, from the top.

    Attributes:
        size_hw: Height and width.
    """

    size_hw: tuple[int, int]

    def rows(self, top: int, bottom: int) -> np.ndarray:
        """(bottom - top, W, C) as from ``image_io.read_image``."""


Scores = Callable[[np.ndarray], np.ndarray]
"""From tiles (N, h, w, C), as they are read, to the scores of their classes (N, K, ceil(h / s), ceil(w / s)) float32,
where the stride s is 8, or 1 for networks that give scores at full size."""


@dataclass(frozen=True)
class TileOptions:
    """How pictures are cut into tiles.

    Args:
        size_wh: Width and height of a tile, multiples of 8 from 128.
        overlap_wh: Least overlap of neighbours to the right and below, at most half of a tile.

    Raises:
        ConfigError: Says which value of ``--tile`` or ``--overlap`` is wrong.
    """

    size_wh: tuple[int, int]
    overlap_wh: tuple[int, int]

    def __post_init__(self) -> None:
        for side, overlap in zip(self.size_wh, self.overlap_wh):
            if side < SMALLEST_TILE or side % STRIDE:
                nearest = max(SMALLEST_TILE, round(side / STRIDE) * STRIDE)
                raise ConfigError(
                    f"--tile {side}: must be a multiple of {STRIDE} from {SMALLEST_TILE} up; the nearest is {nearest}"
                )
            if not 0 <= overlap <= side // 2:
                raise ConfigError(
                    f"--overlap {overlap}: must be from 0 to {side // 2}, half of the tile's {side} pixels"
                )

    @classmethod
    def of(cls, tile: Sequence[int], overlap: Sequence[int] | None = None) -> TileOptions:
        """The options from one or two numbers each, [width, height]; by default an eighth of a tile overlaps."""
        tile = (*tile, *tile)[:2] if len(tile) == 1 else tuple(tile)
        if overlap is None:
            overlap = tuple(side // 8 for side in tile)
        return cls(tile, (*overlap, *overlap)[:2] if len(overlap) == 1 else tuple(overlap))

    def fit(self, size_hw: tuple[int, int]) -> bool:
        """Whether a picture of this height and width is one tile."""
        return size_hw[0] <= self.size_wh[1] and size_hw[1] <= self.size_wh[0]

    def describe(self) -> str:
        """For the log, such as ``tiles of 1024x1024 that overlap by 128x128 at least``."""
        return "tiles of {}x{} that overlap by {}x{} at least".format(*self.size_wh, *self.overlap_wh)


def tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """The starts of the tiles along one axis: as few as possible, evenly spread, at multiples of 64 if possible.

    The last tile ends with the picture, so it may be a few pixels shorter than the others.

    Args:
        length: Pixels of the axis.
        tile: Pixels of a tile.
        overlap: Least number of pixels that neighbours share.

    Returns:
        Ascending; 0 alone if the tile covers the axis.

    Example:
        >>> tile_starts(2048, 1024, 128)
        [0, 512, 1024]
    """
    if length <= tile:
        return [0]
    grid = COARSEST_STRIDE if tile - overlap >= COARSEST_STRIDE else STRIDE
    steps = -(-(length - tile) // ((tile - overlap) // grid * grid))
    last = -(-(length - tile) // grid)
    return [number * last // steps * grid for number in range(steps + 1)]


def axis_weights(length: int, starts: Sequence[int], tile: int) -> list[np.ndarray]:
    """The weight of each tile in each of its cells on one axis; for each cell they sum to 1.

    They fall linearly towards both ends of the tile, except at the picture's own.

    Args:
        length: Cells of the axis.
        starts: First cell of each tile.
        tile: Cells of a tile; the last one ends with the axis.

    Returns:
        For each tile (cells,) float32.

    Example:
        >>> [weights.tolist() for weights in axis_weights(6, [0, 2], 4)]
        [[1.0, 1.0, 0.75, 0.25], [0.25, 0.75, 1.0, 1.0]]
    """
    total, shares = np.zeros(length), []
    for start in starts:
        end = min(start + tile, length)
        place = np.arange(start, end) + 0.5
        to_first = place - start if start > 0 else np.inf
        to_last = end - place if end < length else np.inf
        share = np.minimum(np.minimum(to_first, to_last), np.full(len(place), length, float))
        total[start:end] += share
        shares.append(share)
    ends = [start + len(share) for start, share in zip(starts, shares)]
    return [(share / total[start:end]).astype(np.float32) for start, end, share in zip(starts, ends, shares)]


def label_bands(
    picture: PictureRows,
    scores_of: Scores,
    options: TileOptions,
    *,
    ignored_class: int | None = None,
    batch_size: int = 1,
    on_tiles: Callable[[int], object] = lambda count: None,
) -> Iterator[np.ndarray]:
    """The label map of a picture larger than a tile, in bands from the top.

    Args:
        picture: Read in bands of rows.
        scores_of: The network.
        options: The tiles.
        ignored_class: A class that is never predicted, see ``label_map.ignored_class_of``.
        batch_size: Most tiles of one size in a call of the network.
        on_tiles: Called after each call with its number of tiles.

    Yields:
        (rows, W) uint8 class ids; there may be no rows in it.
    """
    height = picture.size_hw[0]
    tops, lefts = _starts(picture.size_hw, options)
    tile_w, tile_h = options.size_wh
    blender = label_rows = None
    for top in tops:
        band = picture.rows(top, min(top + tile_h, height))
        for columns in _batches(lefts, tile_w, picture.size_hw[1], batch_size):
            tiles = np.stack([band[:, left : left + tile_w] for left in (lefts[column] for column in columns)])
            scores = scores_of(tiles)
            if blender is None:
                stride = 1 if scores.shape[2:] == tiles.shape[1:3] else STRIDE
                blender = _Blender(picture.size_hw, options, stride)
                label_rows = LabelRows(blender.grid_hw, picture.size_hw, ignored_class)
            for column, tile_scores in zip(columns, scores):
                blender.add(column, tile_scores)
            on_tiles(len(columns))
        yield label_rows.push(blender.finish_row())


class _Blender:
    """Adds up the scores of tiles, row by row.

    Args:
        size_hw: Height and width of the picture.
        options: The tiles.
        stride: Pixels between the cells of scores.

    Attributes:
        grid_hw: Rows and columns of all cells.
    """

    def __init__(self, size_hw: tuple[int, int], options: TileOptions, stride: int) -> None:
        self.grid_hw = tuple(-(-side // stride) for side in size_hw)
        self._tops, self._lefts = ([start // stride for start in starts] for starts in _starts(size_hw, options))
        self._down, self._across = (
            axis_weights(cells, starts, side // stride)
            for cells, starts, side in zip(self.grid_hw, (self._tops, self._lefts), options.size_wh[::-1])
        )
        self._row = 0
        self._total: np.ndarray | None = None  # (K, h, all columns) of this row of tiles
        self._kept: np.ndarray | None = None  # the earlier rows' share in its first cells

    def add(self, column: int, scores: np.ndarray) -> None:
        """Add the scores (K, h, w) of the next tile of the row."""
        if self._total is None:
            self._total = np.zeros((*scores.shape[:2], self.grid_hw[1]), np.float32)
        first, weights = self._lefts[column], self._across[column]
        self._total[:, :, first : first + len(weights)] += scores * weights

    def finish_row(self) -> np.ndarray:
        """The cells (K, n, all columns) that no later row of tiles covers."""
        total = self._total
        total *= self._down[self._row][:, np.newaxis]
        if self._kept is not None:
            total[:, : self._kept.shape[1]] += self._kept
        following = self._tops[self._row + 1 :]
        finished = following[0] - self._tops[self._row] if following else total.shape[1]
        self._kept, self._total = total[:, finished:].copy(), None
        self._row += 1
        return total[:, :finished]


def count_tiles(size_hw: tuple[int, int], options: TileOptions) -> int:
    """How many tiles a picture of this height and width has."""
    tops, lefts = _starts(size_hw, options)
    return len(tops) * len(lefts)


def _starts(size_hw: tuple[int, int], options: TileOptions) -> tuple[list[int], list[int]]:
    sides_and_overlaps = zip(size_hw, options.size_wh[::-1], options.overlap_wh[::-1])
    tops, lefts = (tile_starts(*numbers) for numbers in sides_and_overlaps)
    return tops, lefts


def _batches(lefts: Sequence[int], tile_w: int, width: int, batch_size: int) -> Iterator[Sequence[int]]:
    """The columns of tiles in batches of one size: the last of a row is separate if it is narrower."""
    is_ragged = lefts[-1] + tile_w > width
    alike = range(len(lefts) - 1 if is_ragged else len(lefts))
    for first in range(0, len(alike), batch_size):
        yield alike[first : first + batch_size]
    if is_ragged:
        yield [len(lefts) - 1]
