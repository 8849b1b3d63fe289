# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Looking at pictures with one class each before a training: those that cannot be read, and how classes are spread."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

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
        num_checked: Pictures that were read.
        unusable: What is wrong with each of them that cannot be used.
    """

    section: str
    num_checked: int
    unusable: list[str]


def check_class_data(
    train: ClassDataset, val: ClassDataset | None, *, level: Literal["full", "sample"], num_workers: int = 0
) -> None:
    """Read pictures of a training's data sets, and say in the log what training would suffer from.

    Args:
        train: What is trained on.
        val: What is evaluated, or None.
        level: ``"full"`` reads every picture, and looks for pictures that are in both sets; ``"sample"`` reads
            ``SAMPLE_SIZE`` of each set and compares none, for asking the lengths of a million files takes minutes.
        num_workers: Threads that read; 0 and 1 read in this one.

    Raises:
        DataError: Lists the pictures that cannot be read.
    """
    datasets = {"train_dataset": train, **({} if val is None else {"val_dataset": val})}
    findings = [_scan(dataset, section, level, num_workers) for section, dataset in datasets.items()]
    for found, dataset in zip(findings, datasets.values()):
        get_logger().info("check_labels: %s, %s", level, describe(found, dataset))
    _warn_of_rare_classes(train)
    if val is not None and level == "full":
        _warn_of_shared_pictures(train, val)
    raise_problems(_problems(findings))


def describe(found: ClassFindings, dataset: ClassDataset) -> str:
    """One line for the log."""
    counts = dataset.class_counts()
    return (
        f"{found.num_checked} of {len(dataset)} pictures of {found.section} read; {dataset.num_classes} classes, "
        f"{counts.min()} to {counts.max()} pictures each"
    )


def _scan(dataset: ClassDataset, section: str, level: str, num_workers: int) -> ClassFindings:
    indices = spread(len(dataset), len(dataset) if level == "full" else SAMPLE_SIZE)
    # disable=None: only where the output is a terminal.
    with tqdm(total=len(indices), desc=f"checking {section}", unit="picture", disable=None, leave=False) as bar:
        faults = []
        with ThreadPoolExecutor(max(num_workers, 1)) as pool:  # decoders release the interpreter's lock
            for fault in pool.map(lambda index: _fault_of(dataset, index), indices):
                faults += [] if fault is None else [fault]
                bar.update()
    return ClassFindings(section, len(indices), faults)


def _fault_of(dataset: ClassDataset, index: int) -> str | None:
    try:
        dataset.read(index)
    except DataError as error:
        return str(error)
    return None


def _problems(findings: Sequence[ClassFindings]) -> list[str]:
    lines = []
    for found in findings:
        lines += found.unusable[:_MOST_NAMED]
        more = len(found.unusable) - _MOST_NAMED
        lines += [f"{more} more pictures of {found.section} cannot be read"] if more > 0 else []
    return lines


def _warn_of_rare_classes(train: ClassDataset) -> None:
    counts = train.class_counts()
    rare = np.flatnonzero(counts * _MUCH_RARER < counts.max())
    if rare.size:
        names = train.class_names or [f"class {class_id}" for class_id in range(train.num_classes)]
        get_logger().warning(
            "train_dataset: %d classes have less than 1/%d of the pictures of the most frequent one (%s: %d of %d); "
            "they will hardly be learnt",
            rare.size, _MUCH_RARER, names[rare[0]], counts[rare[0]], counts.max(),
        )  # fmt: skip


def _warn_of_shared_pictures(train: ClassDataset, val: ClassDataset) -> None:
    shared = find_shared_pictures(train, val)
    if shared:
        in_train, in_val = shared[0]
        get_logger().warning(
            "%d of %d pictures of val_dataset are in train_dataset too, so that scores look better than they are; "
            "first: %s is %s",
            len(shared), len(val), in_val, in_train,
        )  # fmt: skip
