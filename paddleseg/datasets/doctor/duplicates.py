# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The same picture in training and validation, even resized or re-encoded.

Candidates have nearly the same difference hash (64 bits: whether each of 8 x 8 cells is brighter than its left
neighbour; Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010, compares such hashes). They
are
verified by the correlation of thumbnails, and then of the fine structure of the pictures themselves, which another
picture of the same place does not share: with CamVid's pictures it is above 0.86 for a copy of half the size at JPEG
quality 50, and 0.03 or less for the nearest picture of the other part.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import cv2
import numpy as np

from paddleseg.datasets.doctor import cures, exhibits
from paddleseg.datasets.doctor.finding import Finding, first_of, share_of
from paddleseg.datasets.doctor.survey import PairFacts, Survey, read_pair, to_grey
from paddleseg.datasets.shared_pictures import find_shared_pictures

_MOST_BITS = 10
_LEAST_THUMBNAIL, _LEAST_DETAIL = 0.95, 0.8
_DETAIL_SIDE = 256
# Below this, a picture is a single colour, and any similarity is chance.
_LEAST_CONTRAST = 2.0
# Pairs compared at once: two arrays of 40 MB.
_PAIRS_AT_ONCE = 5_000_000
_BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


def find_duplicates(train: Survey, val: Survey) -> list[Finding]:
    """Pictures of ``val`` that are also in ``train``."""
    same = find_shared_pictures(train.dataset, val.dataset)
    position = {val.picture(fact): fact.index for fact in val.facts}
    source = {train.picture(fact): fact.index for fact in train.facts}
    groups: dict[str, list[tuple[int, int]]] = {"same_picture": [(source[a], position[b]) for a, b in same]}
    known = {index for _, index in groups["same_picture"]}
    for train_index, val_index in find_copies(train, val):
        if val_index not in known:
            known.add(val_index)
            resized = train.facts[train_index].size_wh != val.facts[val_index].size_wh
            groups.setdefault("resized_copy" if resized else "reencoded_copy", []).append((train_index, val_index))
    return [_say(kind, pairs, train, val) for kind, pairs in groups.items() if pairs]


def _say(kind: str, pairs: list[tuple[int, int]], train: Survey, val: Survey) -> Finding:
    files = [val.dataset.picture_name(index) for _, index in pairs]
    how = {
        "same_picture": "are in train_dataset too",
        "resized_copy": "are in train_dataset in another size",
        "reencoded_copy": "are in train_dataset as another file (re-encoded, or taken from the same spot)",
    }[kind]
    message = (
        f"{share_of(len(pairs), len(val.facts), 'pictures')} {how}, so scores look better than they are: "
        f"{files[0]} is {train.dataset.picture_name(pairs[0][0])}; {first_of(files)}"
    )
    show = functools.partial(exhibits.show_pictures_beside, train, val, pairs)
    return Finding(kind, "error", "val_dataset", message, cures.leave_out(val, files), files, show)


def find_copies(train: Survey, val: Survey) -> Iterator[tuple[int, int]]:
    """Positions of pictures in ``train`` and ``val`` with the same content, each of ``val`` once."""
    train_facts, val_facts = _with_contrast(train), _with_contrast(val)
    if not train_facts or not val_facts:
        return
    known = np.array([difference_hash(fact.thumbnail) for fact in train_facts], np.uint64)
    rows = max(1, _PAIRS_AT_ONCE // len(known))
    for start in range(0, len(val_facts), rows):
        some = val_facts[start : start + rows]
        hashes = np.array([difference_hash(fact.thumbnail) for fact in some], np.uint64)
        near: dict[int, list[int]] = {}
        for row, column in zip(*np.nonzero(bits_apart(hashes, known) <= _MOST_BITS)):
            near.setdefault(int(row), []).append(int(column))
        for row, columns in near.items():
            found = _best_copy(train, val, [train_facts[column] for column in columns], some[row])
            if found is not None:
                yield found, some[row].index


def difference_hash(thumbnail: np.ndarray) -> int:
    """64 bits of a grey thumbnail: for 8 x 8 places whether it gets brighter to the right."""
    cells = cv2.resize(thumbnail, (9, 8), interpolation=cv2.INTER_AREA)
    return int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes(), "big")


def bits_apart(hashes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N, M) uint8: in how many bits (N,) uint64 differ from (M,) uint64."""
    differing = hashes[:, None] ^ others[None]
    if hasattr(np, "bitwise_count"):  # NumPy 2
        return np.bitwise_count(differing)
    return _BITS[differing.view(np.uint8).reshape(*differing.shape, 8)].sum(axis=2, dtype=np.uint8)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation of two arrays of the same shape; 0 if one of them is constant."""
    one, other = (array.astype(np.float64) - array.mean() for array in (one, other))
    norm = np.sqrt((one * one).sum() * (other * other).sum())
    return float((one * other).sum() / norm) if norm > 0 else 0.0


def _with_contrast(survey: Survey) -> list[PairFacts]:
    return [fact for fact in survey.facts if fact.thumbnail is not None and fact.thumbnail.std() >= _LEAST_CONTRAST]


def _best_copy(train: Survey, val: Survey, candidates: list[PairFacts], fact: PairFacts) -> int | None:
    """The position of the candidate with the same content as a picture of ``val``; None: there is none."""
    rated = [(correlation(other.thumbnail, fact.thumbnail), other) for other in candidates]
    rated = sorted((pair for pair in rated if pair[0] >= _LEAST_THUMBNAIL), key=lambda pair: -pair[0])[:8]
    ours = _detail_source(val, fact) if rated else None
    for _, other in rated:
        theirs = _detail_source(train, other)
        if ours is not None and theirs is not None and _detail_correlation(ours, theirs) >= _LEAST_DETAIL:
            return other.index
    return None


def _detail_source(survey: Survey, fact: PairFacts) -> np.ndarray | None:
    picture, _ = read_pair(survey.dataset, fact.index)
    return None if picture is None else to_grey(picture)


def _detail_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of the fine structure of two grey pictures, at the size of the smaller one."""
    side = min(_DETAIL_SIDE, *(max(grey.shape) for grey in (one, other)))
    smaller = min((one, other), key=lambda grey: grey.size).shape
    scale = side / max(smaller)
    size_wh = tuple(max(8, round(length * scale)) for length in smaller[::-1])
    fine = []
    for grey in (one, other):
        small = cv2.resize(grey, size_wh, interpolation=cv2.INTER_AREA).astype(np.float32)
        fine.append(small - cv2.GaussianBlur(small, (0, 0), 2))
    return correlation(*fine)
