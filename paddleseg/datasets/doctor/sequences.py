# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Adjacent pictures of a film or a drive, one trained on and the other evaluated."""

from __future__ import annotations

import bisect
import functools
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddleseg.datasets.doctor import cures, exhibits
from paddleseg.datasets.doctor.duplicates import correlation
from paddleseg.datasets.doctor.finding import Finding, first_of, share_of
from paddleseg.datasets.doctor.survey import PairFacts, Survey

ERROR_RATE = 0.001
"""Chance that numbers in names are taken for the time of a film though they are not."""
_STEPS = 2
_FEWEST = 8
_MOST_COMPARED = 300
# In 0016E5_f07959 the frame; in 000019_leftImg8bit not the 8 within a word.
_NUMBER = re.compile(r"\d+(?![A-Za-z\d])")


def find_neighbours(train: Survey, val: Survey) -> list[Finding]:
    """Pictures of ``val`` whose number is within two steps of a training picture, in actual sequences.

    Names alone do not tell: randomly numbered pictures have neighbours too. A sequence is accepted if pictures with
    adjacent numbers look more alike than pictures with distant ones (one-sided Mann-Whitney test of the
    correlations of their thumbnails at ``ERROR_RATE``).
    """
    sequences: dict[tuple[str, str], dict[str, list[tuple[int, PairFacts]]]] = defaultdict(lambda: defaultdict(list))
    for part, survey in (("train", train), ("val", val)):
        for fact in survey.facts:
            key, number = parse_name(survey.picture(fact))
            if number is not None:
                sequences[key][part].append((number, fact))
    pairs: list[tuple[int, int]] = []
    for parts in sequences.values():
        if parts["train"] and parts["val"]:
            pairs += _pairs_of(parts["train"], parts["val"])
    if not pairs:
        return []
    pairs.sort(key=lambda pair: pair[1])
    files = [val.dataset.picture_name(index) for _, index in pairs]
    message = (
        f"{share_of(len(pairs), len(val.facts), 'pictures')} follow within {_STEPS} steps of a sequence on one that is "
        f"trained on, as {files[0]} on {train.dataset.picture_name(pairs[0][0])}: scores say little about other "
        f"places; {first_of(files)}"
    )
    cure = cures.leave_out(val, files, ", or split by whole sequences")
    show = functools.partial(exhibits.show_pictures_beside, train, val, pairs)
    return [Finding("sequence_neighbours", "info", "val_dataset", message, cure, files, show)]


def parse_name(path: str) -> tuple[tuple[str, str], int | None]:
    """The parts before and after the last number of a picture's name, and the number; None if it has none."""
    stem = Path(path).stem
    matches = list(_NUMBER.finditer(stem))
    if not matches:
        return (stem, ""), None
    return (stem[: matches[-1].start()], stem[matches[-1].end() :]), int(matches[-1][0])


def _pairs_of(train: Sequence[tuple[int, PairFacts]], val: Sequence[tuple[int, PairFacts]]) -> list[tuple[int, int]]:
    """(position in train, position in val) of the neighbours of one sequence; empty if it is not a sequence."""
    ordered = sorted([*((n, 0, f) for n, f in train), *((n, 1, f) for n, f in val)], key=lambda entry: entry[:2])
    numbers = [number for number, _, _ in ordered]
    steps = np.diff(numbers)
    steps = steps[steps > 0]
    if not len(steps) or not _is_sequence([fact for _, _, fact in ordered]):
        return []
    reach = _STEPS * float(np.median(steps))
    in_train = sorted(train, key=lambda entry: entry[0])
    train_numbers = [number for number, _ in in_train]
    pairs = []
    for number, fact in val:
        place = bisect.bisect_left(train_numbers, number)
        near = [entry for entry in in_train[max(place - 1, 0) : place + 1] if abs(entry[0] - number) <= reach]
        if near:
            pairs.append((min(near, key=lambda entry: abs(entry[0] - number))[1].index, fact.index))
    return pairs


def _is_sequence(facts: Sequence[PairFacts]) -> bool:
    """Whether adjacent pictures are more alike than those half a sequence apart."""
    thumbnails = [fact.thumbnail for fact in facts]
    count = len(thumbnails)
    if count < _FEWEST or any(thumbnail is None for thumbnail in thumbnails):
        return False
    places = np.unique(np.linspace(0, count - 2, min(count - 1, _MOST_COMPARED)).astype(int)).tolist()
    near = [correlation(thumbnails[i], thumbnails[i + 1]) for i in places]
    far = [correlation(thumbnails[i], thumbnails[(i + count // 2) % count]) for i in places]
    return mann_whitney(near, far) < ERROR_RATE


def mann_whitney(greater: Sequence[float], lesser: Sequence[float]) -> float:
    """Chance of numbers at least this much above the others if all were alike (one-sided, normal approximation).

    H. B. Mann, D. R. Whitney, Annals of Mathematical Statistics 18 (1947).
    """
    one, other = np.asarray(greater), np.asarray(lesser)
    wins = (one[:, None] > other).sum() + 0.5 * (one[:, None] == other).sum()
    mean = len(one) * len(other) / 2
    deviation = math.sqrt(len(one) * len(other) * (len(one) + len(other) + 1) / 12)
    return 0.5 * math.erfc((wins - mean - 0.5) / deviation / math.sqrt(2))
