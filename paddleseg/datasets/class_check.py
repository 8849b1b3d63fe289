# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Checking pictures with one class each before a training: unusable ones, and the distribution of classes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.data_check import SAMPLE_SIZE
from paddleseg.datasets.data_report import raise_problems
from paddleseg.datasets.loader import ImageKind, describe_difference, kind_of
from paddleseg.datasets.shared_pictures import find_shared_pictures
from paddleseg.utils.choices import CheckLevel
from paddleseg.utils.errors import UserError, count_of, printable_line
from paddleseg.utils.logging import get_logger
from paddleseg.utils.progress import tracked
from paddleseg.utils.seeding import sample_rng
from paddleseg.utils.spread import spread
from paddleseg.utils.visualize import names_of_classes

_MOST_NAMED = 10
# ImageNet's rarest class has 732 pictures, its most frequent ones 1300.
_MUCH_RARER = 20


@dataclass(frozen=True)
class ClassFindings:
    """The findings about one data set.

    Attributes:
        section: ``"train_dataset"`` or ``"val_dataset"``.
        dataset: The data set.
        num_checked: Pictures that were read and transformed.
        unusable: What is wrong with each unusable one.
        differing: Pictures that cannot share a batch, the first of each kind; empty for evaluation, which has
            separate batches for each kind.
    """

    section: str
    dataset: ClassDataset
    num_checked: int
    unusable: list[str]
    differing: list[str]

    def describe(self) -> str:
        """One line for the log."""
        counts = self.dataset.class_counts()
        return (
            f"{self.num_checked} of {count_of(len(self.dataset), 'picture')} of {self.section} read; "
            f"{count_of(self.dataset.num_classes, 'class')}, {counts.min()} to {counts.max()} pictures each"
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, for a JSON file."""
        counts = self.dataset.class_counts().tolist()
        classes = [
            {"id": class_id, "name": name, "pictures": counts[class_id]}
            for class_id, name in enumerate(_names(self.dataset))
        ]
        faults = {"unusable": self.unusable, "differing": self.differing}
        return {"num_checked": self.num_checked, **faults, "classes": classes}


def check_class_data(train: ClassDataset, val: ClassDataset | None, *, level: CheckLevel, num_workers: int = 0) -> None:
    """Compare the classes of a training's data sets, read pictures, and log what would harm training.

    Args:
        train: The training data.
        val: The evaluation data, or None.
        level: See ``examine_classes``; ``"off"`` reads no pictures.
        num_workers: See ``examine_classes``.

    Raises:
        DataError: The classes are not the same, or some pictures cannot be used; lists them.
    """
    for dataset in (train, val):
        if dataset is not None:
            dataset.class_ids()  # refuses ids out of range
    raise_problems(find_other_classes(train, val))
    if level == "off":
        return
    findings = examine_classes(train, val, level=level, num_workers=num_workers)
    for found in findings:
        get_logger().info("check_labels: %s, %s", level, found.describe())
    for warning in find_class_warnings(findings, level=level):
        get_logger().warning(warning)
    raise_problems(find_class_problems(findings))


def find_other_classes(train: ClassDataset, val: ClassDataset | None) -> list[str]:
    """One line on numbers that are different classes in the two data sets; empty if there are none."""
    if val is None:
        return []
    if train.num_classes != val.num_classes:
        return [f"num_classes: train_dataset has {train.num_classes}, val_dataset {val.num_classes}; make them equal"]
    for what, ours, theirs in (
        ("", train.class_keys, val.class_keys),
        (" by name (class_names)", train.class_names, val.class_names),
    ):
        if ours is None or theirs is None:
            continue
        for class_id, (one, other) in enumerate(zip(ours, theirs)):
            if one != other:
                pair = printable_line(f"{one!r} in train_dataset and {other!r} in val_dataset")
                return [f"class {class_id}{what} is {pair}; both need the same classes in the same order"]
    return []


def examine_classes(
    train: ClassDataset, val: ClassDataset | None, *, level: Literal["full", "sample"], num_workers: int = 0
) -> list[ClassFindings]:
    """Read pictures of a training's data sets; nothing is judged or logged yet.

    Args:
        train: The training data.
        val: The evaluation data, or None.
        level: ``"full"`` reads every picture, ``"sample"`` ``SAMPLE_SIZE`` of each set.
        num_workers: Threads that read; 0 and 1 read in one.

    Returns:
        An entry for each data set, the training set first.
    """
    datasets = {"train_dataset": train, **({} if val is None else {"val_dataset": val})}
    return [_scan(dataset, section, level, num_workers) for section, dataset in datasets.items()]


def find_class_problems(findings: Sequence[ClassFindings]) -> list[str]:
    """What training cannot use, one line each."""
    lines = find_other_classes(*(found.dataset for found in findings)) if len(findings) > 1 else []
    for found in findings:
        lines += found.unusable[:_MOST_NAMED]
        more = len(found.unusable) - _MOST_NAMED
        lines += [f"{count_of(more, 'more picture')} of {found.section} cannot be used"] if more > 0 else []
        lines += found.differing
    return lines


def find_class_warnings(findings: Sequence[ClassFindings], *, level: Literal["full", "sample"]) -> list[str]:
    """What training can use but will suffer from, one line each.

    Pictures that are in both sets are searched for only with ``"full"``: getting the lengths of a million files takes
    minutes.
    """
    train = findings[0].dataset
    lines, counts = [], train.class_counts()
    rare = np.flatnonzero(counts * _MUCH_RARER < counts.max())
    if rare.size:
        lines.append(
            f"train_dataset: {count_of(rare.size, 'class')} with less than 1/{_MUCH_RARER} of the pictures of the most "
            f"frequent one ({printable_line(_names(train)[rare[0]])}: {counts[rare[0]]} of {counts.max()}), of which "
            "little will be learnt"
        )
    shared = find_shared_pictures(train, findings[1].dataset) if level == "full" and len(findings) > 1 else []
    if shared:
        in_train, in_val = shared[0]
        lines.append(
            f"{len(shared)} of {len(findings[1].dataset)} pictures of val_dataset are in train_dataset too, so "
            f"scores look better than they are; first: {in_val} is {in_train}"
        )
    return lines


def _scan(dataset: ClassDataset, section: str, level: str, num_workers: int) -> ClassFindings:
    indices = spread(len(dataset), len(dataset) if level == "full" else SAMPLE_SIZE)
    faults, kinds = [], {}
    with ThreadPoolExecutor(max(num_workers, 1)) as pool:  # decoders release the interpreter's lock
        found = pool.map(lambda index: _look_at(dataset, index), indices)
        for fault, kind, path in tracked(found, f"checking {section}", total=len(indices)):
            faults += [] if fault is None else [fault]
            if kind is not None:
                kinds.setdefault(kind, path)
    (first, *others) = kinds.items() or [None]
    differing = [f"{section}: {describe_difference(first, other)}" for other in others[:_MOST_NAMED]]
    return ClassFindings(section, dataset, len(indices), faults, differing if section == "train_dataset" else [])


def _look_at(dataset: ClassDataset, index: int) -> tuple[str | None, ImageKind | None, str]:
    """Read a picture and run the transforms once: what is wrong with it, its kind after them, and its name."""
    try:
        sample = dataset.read(index)
        sample.pop("label", None)
        sample = dataset.pipeline(sample, sample_rng(0, 0, index))
    except UserError as error:
        return str(error), None, ""
    return None, kind_of(sample["img"]), sample["path"]


def _names(dataset: ClassDataset) -> list[str]:
    return names_of_classes(dataset.num_classes, dataset.class_names)
