# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Looking at pictures with one class each before a training: those that cannot be read, and how classes are spread."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from paddleseg.datasets.classification import ClassDataset
from paddleseg.datasets.data_check import SAMPLE_SIZE, spread
from paddleseg.datasets.data_report import raise_problems
from paddleseg.datasets.shared_pictures import find_shared_pictures
from paddleseg.utils.errors import DataError
from paddleseg.utils.logging import get_logger

_MOST_NAMED = 10
# ImageNet's rarest class has 732 pictures, its most frequent ones 1300.
_MUCH_RARER = 20


@dataclass(frozen=True)
class ClassFindings:
    """What was found in one data set.

    Attributes:
        section: ``"train_dataset"`` or ``"val_dataset"``.
        dataset: The data set.
        num_checked: Pictures that were read.
        unusable: What is wrong with each of them that cannot be used.
    """

    section: str
    dataset: ClassDataset
    num_checked: int
    unusable: list[str]

    def describe(self) -> str:
        """One line for the log."""
        counts = self.dataset.class_counts()
        return (
            f"{self.num_checked} of {len(self.dataset)} pictures of {self.section} read; {self.dataset.num_classes} "
            f"classes, {counts.min()} to {counts.max()} pictures each"
        )

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, for a JSON file."""
        counts = dict(zip(_names(self.dataset), self.dataset.class_counts().tolist()))
        return {"num_checked": self.num_checked, "unusable": self.unusable, "pictures_of_classes": counts}


def check_class_data(
    train: ClassDataset, val: ClassDataset | None, *, level: Literal["full", "sample"], num_workers: int = 0
) -> None:
    """Read pictures of a training's data sets, and say in the log what training would suffer from.

    Args:
        train: What is trained on.
        val: What is evaluated, or None.
        level: See ``examine_classes``.
        num_workers: See ``examine_classes``.

    Raises:
        DataError: Lists the pictures that cannot be read.
    """
    findings = examine_classes(train, val, level=level, num_workers=num_workers)
    for found in findings:
        get_logger().info("check_labels: %s, %s", level, found.describe())
    for warning in find_class_warnings(findings, level=level):
        get_logger().warning(warning)
    raise_problems(find_class_problems(findings))


def examine_classes(
    train: ClassDataset, val: ClassDataset | None, *, level: Literal["full", "sample"], num_workers: int = 0
) -> list[ClassFindings]:
    """Read pictures of a training's data sets; nothing is judged or logged yet.

    Args:
        train: What is trained on.
        val: What is evaluated, or None.
        level: ``"full"`` reads every picture, ``"sample"`` ``SAMPLE_SIZE`` of each set.
        num_workers: Threads that read; 0 and 1 read in one.

    Returns:
        An entry for each data set, the training set first.
    """
    datasets = {"train_dataset": train, **({} if val is None else {"val_dataset": val})}
    return [_scan(dataset, section, level, num_workers) for section, dataset in datasets.items()]


def find_class_problems(findings: Sequence[ClassFindings]) -> list[str]:
    """What training cannot use, one line each."""
    lines = []
    for found in findings:
        lines += found.unusable[:_MOST_NAMED]
        more = len(found.unusable) - _MOST_NAMED
        lines += [f"{more} more pictures of {found.section} cannot be read"] if more > 0 else []
    return lines


def find_class_warnings(findings: Sequence[ClassFindings], *, level: Literal["full", "sample"]) -> list[str]:
    """What training can use and will suffer from, one line each.

    Pictures that are in both sets are looked for with ``"full"`` alone: asking the lengths of a million files takes
    minutes.
    """
    train = findings[0].dataset
    lines, counts = [], train.class_counts()
    rare = np.flatnonzero(counts * _MUCH_RARER < counts.max())
    if rare.size:
        lines.append(
            f"train_dataset: {rare.size} classes have less than 1/{_MUCH_RARER} of the pictures of the most frequent "
            f"one ({_names(train)[rare[0]]}: {counts[rare[0]]} of {counts.max()}); they will hardly be learnt"
        )
    shared = find_shared_pictures(train, findings[1].dataset) if level == "full" and len(findings) > 1 else []
    if shared:
        in_train, in_val = shared[0]
        lines.append(
            f"{len(shared)} of {len(findings[1].dataset)} pictures of val_dataset are in train_dataset too, so that "
            f"scores look better than they are; first: {in_val} is {in_train}"
        )
    return lines


def _scan(dataset: ClassDataset, section: str, level: str, num_workers: int) -> ClassFindings:
    indices = spread(len(dataset), len(dataset) if level == "full" else SAMPLE_SIZE)
    faults = []
    # disable=None: only where the output is a terminal.
    with tqdm(total=len(indices), desc=f"checking {section}", unit="picture", disable=None, leave=False) as bar:
        with ThreadPoolExecutor(max(num_workers, 1)) as pool:  # decoders release the interpreter's lock
            for fault in pool.map(lambda index: _fault_of(dataset, index), indices):
                faults += [] if fault is None else [fault]
                bar.update()
    return ClassFindings(section, dataset, len(indices), faults)


def _fault_of(dataset: ClassDataset, index: int) -> str | None:
    try:
        dataset.read(index)
    except DataError as error:
        return str(error)
    return None


def _names(dataset: ClassDataset) -> list[str]:
    return dataset.class_names or [f"class {class_id}" for class_id in range(dataset.num_classes)]
