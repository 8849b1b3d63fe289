# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures used for both training and evaluation, which makes scores look better than they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable, Sequence

from paddleseg.datasets.pictures import PictureDataset

_HEAD_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 20


def find_shared_pictures(train: PictureDataset, val: PictureDataset) -> list[tuple[str, str]]:
    """Find the pictures of ``val`` that are also in ``train``: the same file, or another one with the same content.

    Contents are compared only among files of equal length and equal beginning, which are few: for compressed pictures
    the cost is that of getting the lengths.

    Returns:
        (path in ``train``, path in ``val``) for each, in the order of ``val``.
    """
    if not (_names_its_pictures(train) and _names_its_pictures(val)):
        return []
    train_names = [train.picture_name(index) for index in range(len(train))]
    val_names = [val.picture_name(index) for index in range(len(val))]
    pairs = _matches(train_names, val_names, _place)
    left_train, left_val = train_names, [name for name in val_names if name not in pairs]
    # Each sieve is finer, and applied only to what the one before could not tell apart.
    for key in (_length, _head):
        left_train, left_val = _alike(left_train, left_val, key)
    contents = {name: _content(name) for name in {*left_train, *left_val}}
    pairs.update(_matches(left_train, left_val, contents.__getitem__))
    return [(pairs[name], name) for name in dict.fromkeys(val_names) if name in pairs]


def _names_its_pictures(dataset: PictureDataset) -> bool:
    """Whether the samples have names; a data set that generates them need not have any."""
    has_own_names = type(dataset).picture_name is not PictureDataset.picture_name
    return has_own_names or len(dataset.file_list) == len(dataset)


def _matches(train: Sequence[str], val: Sequence[str], key: Callable[[str], Hashable]) -> dict[str, str]:
    """Names of ``val`` whose key occurs in ``train``, each with the first such name there."""
    known: dict[Hashable, str] = {}
    for name in train:
        known.setdefault(key(name), name)
    return {name: known[key(name)] for name in val if key(name) in known}


def _alike(train: Sequence[str], val: Sequence[str], key: Callable[[str], Hashable]) -> tuple[list[str], list[str]]:
    """Names of both lists whose key also occurs in the other one; None is not a key."""
    train_keys, val_keys = {name: key(name) for name in train}, {name: key(name) for name in val}
    common = set(train_keys.values()) & set(val_keys.values()) - {None}
    return (
        [name for name, found in train_keys.items() if found in common],
        [name for name, found in val_keys.items() if found in common],
    )


def _place(name: str) -> str:
    """The file itself, with links resolved; a name that is not a file stands for itself."""
    return os.path.realpath(name) if os.path.exists(name) else name


def _length(name: str) -> int | None:
    try:
        return os.stat(name).st_size or None  # empty files are reported as damaged
    except OSError:
        return None


def _head(name: str) -> tuple[int, str] | None:
    return _digest(name, _HEAD_BYTES)


def _content(name: str) -> tuple[int, str] | None:
    return _digest(name, None)


def _digest(name: str, limit: int | None) -> tuple[int, str] | None:
    """Length of the file and checksum of it, or of its first ``limit`` bytes; None if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(name, "rb") as file:
            length = os.fstat(file.fileno()).st_size
            if limit is not None:
                digest.update(file.read(limit))
            else:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
    except OSError:
        return None
    return length, digest.hexdigest()
