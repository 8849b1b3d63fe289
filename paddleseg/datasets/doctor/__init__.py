# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The label doctor: what is wrong with a training's labels and lists, with pictures, files and the line that fixes it.

``diagnose`` reads all pairs once (:mod:`.survey`) and runs each of the checks. ``propose_maps`` reads only the labels.
Findings are reported; files are never changed.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from paddleseg.datasets.doctor.duplicates import find_duplicates
from paddleseg.datasets.doctor.finding import Finding
from paddleseg.datasets.doctor.label_values import find_value_faults
from paddleseg.datasets.doctor.pairing import find_misplaced, find_swapped_columns, find_swapped_parts
from paddleseg.datasets.doctor.rare import find_rare_classes
from paddleseg.datasets.doctor.sequences import find_neighbours
from paddleseg.datasets.doctor.survey import Survey, take_survey
from paddleseg.datasets.segmentation import SegmentationDataset

_ORDER = {"error": 0, "warning": 1, "info": 2}


class Diagnosis(NamedTuple):
    """The label doctor's result.

    Attributes:
        findings: The worst first.
        surveys: The collected facts, the training set first.
        seconds: Duration.
    """

    findings: list[Finding]
    surveys: list[Survey]
    seconds: float


def diagnose(train: SegmentationDataset, val: SegmentationDataset | None = None, *, num_workers: int = 0) -> Diagnosis:
    """Read all pictures and labels of a training, and report what is wrong with them.

    Args:
        train: The training data.
        val: The evaluation data, or None.
        num_workers: Threads that read; 0 and 1 read in one.
    """
    return _diagnose(train, val, with_pictures=True, num_workers=num_workers)


def propose_maps(
    train: SegmentationDataset, val: SegmentationDataset | None = None, *, num_workers: int = 0
) -> Diagnosis:
    """Findings from the values of the labels alone, without reading pictures. Arguments as for ``diagnose``."""
    return _diagnose(train, val, with_pictures=False, num_workers=num_workers)


def _diagnose(
    train: SegmentationDataset, val: SegmentationDataset | None, *, with_pictures: bool, num_workers: int
) -> Diagnosis:
    started = time.perf_counter()
    surveys = [
        take_survey(dataset, section, with_pictures=with_pictures, num_workers=num_workers)
        for section, dataset in (("train_dataset", train), ("val_dataset", val))
        if dataset is not None
    ]
    findings = find_value_faults(surveys)
    if with_pictures:
        for survey in surveys:
            findings += [*find_swapped_columns(survey), *find_misplaced(survey)]
        findings += find_rare_classes(surveys[0])
        if len(surveys) == 2:
            for compare in (find_swapped_parts, find_duplicates, find_neighbours):
                findings += compare(*surveys)
    findings.sort(key=lambda found: _ORDER[found.severity])
    return Diagnosis(findings, surveys, time.perf_counter() - started)
