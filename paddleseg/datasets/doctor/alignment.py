# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a label is aligned with its picture: borders of classes lie where the picture changes.

For every displacement of up to ``REACH`` pixels, the mean contrast of the picture below the label's borders is
computed (a cross-correlation, by Fourier transforms). What counts is how far the best displacement stands out: its
distance from the mean over the far displacements, in their standard deviations. A label on its own picture has a
sharp peak at displacement 0 (CamVid: 12 standard deviations in the median), the label of another street a low one of 3.

The height reached by chance is measured on the data itself: labels are compared with pictures they do not belong to,
and Gumbel's distribution, to which maxima tend, is fitted to the heights (E. J. Gumbel, Statistics of Extremes, 1958).
Aligning by the edges of both images is common in registration; here it judges instead of moving.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from paddleseg.utils.visualize import class_borders

LONG_SIDE = 384
"""Pictures are looked at with their long side reduced to this, in pixels."""
REACH = 24
"""Largest displacement in reduced pixels: 6 % of a picture."""
TOLERANCE = 2
"""Displacements that are not faults, in reduced pixels: annotators are not more exact."""
ERROR_RATE = 0.01
"""Chance of one wrong report in all pairs of a data set."""
_FAR = 8
_LEAST_BORDERS = 100
_LEAST_MARGIN = 2.0
_FEWEST_WRONG_PAIRS = 20
# Fitted to 468 wrong pairs of CamVid, for data sets with too few pictures to measure it.
_USUAL_CHANCE = (2.9, 0.6)

TURNS = ("", "mirrored", "upside down", "turned by 180 degrees")
"""How a label can lie on a picture of its size, by the flips of ``turn``."""


class Edges(NamedTuple):
    """A pair at the reduced size used for comparison.

    Attributes:
        contrast: (h, w) float32, local contrast of the picture; its mean is 0.
        borders: (h, w) uint8, 1 where the label changes to the right or below.
        scale: Pixels of the picture per pixel of these.
    """

    contrast: np.ndarray
    borders: np.ndarray
    scale: float


class Fit(NamedTuple):
    """How a label fits a picture.

    Attributes:
        own: Height of the best displacement within ``TOLERANCE``, in standard deviations.
        best: Height of the best of all placements.
        turn: The position in ``TURNS`` of the best placement.
        shift_xy: Its displacement in pixels of the picture: how far the label lies too far right and too low.
        peak_xy: The displacement of the best placement that is not turned, likewise.
    """

    own: float
    best: float
    turn: int
    shift_xy: tuple[float, float]
    peak_xy: tuple[float, float]

    @property
    def lies_elsewhere(self) -> bool:
        """Whether a placement other than its own is the best."""
        return self.best > self.own


def find_edges(grey: np.ndarray, values: np.ndarray) -> Edges | None:
    """The edges of a picture and its label for comparison.

    Args:
        grey: (H, W) uint8 picture.
        values: (H, W) int32 label, class ids or packed colours.

    Returns:
        None if the label has hardly any borders.
    """
    scale = max(1.0, max(values.shape) / LONG_SIDE)
    size_wh = tuple(max(1, round(side / scale)) for side in values.shape[::-1])
    small = cv2.resize(grey, size_wh, interpolation=cv2.INTER_AREA).astype(np.float32)
    label = cv2.resize(values, size_wh, interpolation=cv2.INTER_NEAREST)
    borders = class_borders(label).astype(np.uint8)
    if np.count_nonzero(borders) < _LEAST_BORDERS or min(label.shape) < 4 * _FAR:
        return None
    gradient = cv2.magnitude(cv2.Scharr(small, -1, 1, 0), cv2.Scharr(small, -1, 0, 1))
    # Relative to the surroundings: the edge of a dark car counts as much as a sunlit wall's. Clipped, so that no edge
    # dominates.
    gradient /= cv2.blur(gradient, (31, 31)) + 0.1 * gradient.mean() + 1e-6
    contrast = np.minimum(gradient, 4)
    return Edges(contrast - contrast.mean(), borders, scale)


def turn(array: np.ndarray, how: int) -> np.ndarray:
    """An (H, W) array turned as ``TURNS[how]`` says; the same again undoes it."""
    return array[:: -1 if how & 2 else 1, :: -1 if how & 1 else 1]


def fit(picture: Edges, label: Edges, turns: Sequence[int] = (0, 1, 2, 3)) -> Fit:
    """Compare the borders of a label with a picture, its own or another one."""
    borders = label.borders
    if borders.shape != picture.contrast.shape:
        borders = cv2.resize(borders, picture.contrast.shape[::-1], interpolation=cv2.INTER_NEAREST)
    reach = min(REACH, min(borders.shape) // 4)
    peaks = []
    for how in turns:
        heights = _heights(picture.contrast, turn(borders, how).astype(np.float32), reach)
        row, column = divmod(int(heights.argmax()), 2 * reach + 1)
        # The borders must move by this to match the picture: the label is displaced the opposite way.
        shift = (reach - column) * picture.scale, (reach - row) * picture.scale
        peaks.append((float(heights[row, column]), how, shift))
        if how == 0:
            near = slice(reach - TOLERANCE, reach + TOLERANCE + 1)
            own, peak = float(heights[near, near].max()), shift
    best, how, shift = max(peaks)
    return Fit(own, best, how, shift, peak)


def _heights(contrast: np.ndarray, borders: np.ndarray, reach: int) -> np.ndarray:
    """(2 reach + 1, 2 reach + 1): how far each displacement stands out; displacement 0 is in the centre."""
    height, width = (cv2.getOptimalDFTSize(side + reach) for side in contrast.shape)
    planes = np.zeros((2, height, width), np.float32)
    planes[0, : contrast.shape[0], : contrast.shape[1]] = contrast
    planes[1, : contrast.shape[0], : contrast.shape[1]] = borders
    product = cv2.mulSpectrums(cv2.dft(planes[0]), cv2.dft(planes[1]), 0, conjB=True)
    sums = cv2.idft(product, flags=cv2.DFT_SCALE)
    sums = np.roll(sums, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
    distance = np.abs(np.arange(-reach, reach + 1))
    far = sums[np.maximum(distance[:, None], distance) > min(_FAR, reach // 2)]
    return (sums - far.mean()) / max(float(far.std()), 1e-12)


class Chance(NamedTuple):
    """Gumbel's distribution of the heights that wrong pairs reach.

    Attributes:
        location: Its mode.
        width: Its scale.
        num_pairs: The number of wrong pairs it was fitted to; 0: CamVid's values.
    """

    location: float
    width: float
    num_pairs: int

    @classmethod
    def measure(cls, edges: Sequence[Edges]) -> Chance:
        """Compare each label with the picture half a data set away."""
        count = len(edges)
        if count < _FEWEST_WRONG_PAIRS:
            return cls(*_USUAL_CHANCE, 0)
        heights = [fit(edges[i], edges[(i + count // 2) % count]).best for i in range(count)]
        width = max(float(np.std(heights)) * math.sqrt(6) / math.pi, 0.2)
        return cls(float(np.mean(heights)) - float(np.euler_gamma) * width, width, count)

    def threshold(self, tests: int) -> float:
        """The height that any of this many wrong pairs exceeds with probability ``ERROR_RATE``."""
        return self.location - self.width * math.log(-math.log1p(-ERROR_RATE / max(tests, 1)))


class Verdict(NamedTuple):
    """The combined verdict on the pairs of a data set.

    Attributes:
        shared_turn: How most labels are turned; 0: not at all.
        shared_shift_xy: By how much most of them lie too far right and too low, in pixels; None: they do not.
        elsewhere: Positions of single pairs that fit turned or displaced.
        unclear: Positions of other pairs whose fit in place is no better than chance.
        threshold: Height that a single pair had to exceed.
    """

    shared_turn: int
    shared_shift_xy: tuple[float, float] | None
    elsewhere: list[int]
    unclear: list[int]
    threshold: float


def judge(fits: Sequence[Fit | None], chance: Chance, scale: float = 1.0) -> Verdict:
    """Separate what is wrong with all labels from what is wrong with some.

    Args:
        fits: The fit of each pair; None if there is nothing to compare.
        chance: The heights that wrong pairs reach.
        scale: Pixels of a picture per pixel of the reduced size.
    """
    rated = [index for index, found in enumerate(fits) if found is not None]
    others = [index for index in rated if fits[index].lies_elsewhere]
    threshold = chance.threshold(len(others))
    single = chance.threshold(1)
    elsewhere = [
        index for index in others if fits[index].best > threshold and fits[index].best - fits[index].own > _LEAST_MARGIN
    ]
    unclear = [index for index in rated if fits[index].own <= single and index not in elsewhere]
    shared_turn, shared_shift = 0, None
    sure = [fits[index] for index in rated if fits[index].best > single]
    for how in (1, 2, 3):
        if is_majority(sum(found.turn == how for found in sure), len(sure)):
            shared_turn = how
    upright = [found.peak_xy for found in sure if found.turn == 0]
    if upright and not shared_turn and len(upright) > len(sure) / 2:
        shared_shift = _shared_shift(np.array(upright), TOLERANCE * scale)
    return Verdict(shared_turn, shared_shift, elsewhere, unclear, threshold)


def _shared_shift(peaks_xy: np.ndarray, least: float) -> tuple[float, float] | None:
    """The median displacement, if it is at least ``least`` and most pairs are shifted more than half way towards it."""
    middle = np.median(peaks_xy, axis=0)
    length = float(np.hypot(*middle))
    if length < least:
        return None
    along = peaks_xy @ middle / length
    return tuple(middle.tolist()) if is_majority(int((along > length / 2).sum()), len(along)) else None


def is_majority(count: int, total: int) -> bool:
    """Whether ``count`` of ``total`` is significantly more than half, by a sign test at ``ERROR_RATE``."""
    if 2 * count <= total:
        return False
    if total > 100:  # the normal approximation; thousands of binomial coefficients take seconds
        return math.erfc((2 * count - total - 1) / math.sqrt(2 * total)) / 2 < ERROR_RATE
    return sum(math.comb(total, k) for k in range(count, total + 1)) / 2**total < ERROR_RATE
