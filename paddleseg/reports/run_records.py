# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``metrics.jsonl`` in a run's folder: the figures of a training, a line for each step that has any.

A line is a JSON object with ``iter``, the optimiser step, and figures by their VisualDL names: ``Train/loss``,
``Train/lr``, ``Evaluate/...``. A figure that is not finite is null. One step may have several lines.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddleseg.utils.atomic_file import write_atomically

METRICS = "metrics.jsonl"
STEP = "iter"


@dataclass
class RunFigures:
    """The figures of a training.

    Attributes:
        name: The run's name, for a legend.
        series: For each tag, the figures by step, in the order of steps.
    """

    name: str
    series: dict[str, dict[int, float]] = field(default_factory=dict)

    def add(self, step: int, figures: Mapping[str, float]) -> None:
        """Add figures of a step; later ones of the same step and tag replace them, as in a resumed training."""
        for tag, value in figures.items():
            self.series.setdefault(tag, {})[step] = value

    def sort(self) -> RunFigures:
        """The same with steps in ascending order."""
        self.series = {tag: dict(sorted(values.items())) for tag, values in self.series.items()}
        return self


def append_record(file: str | os.PathLike[str], step: int, figures: Mapping[str, float]) -> None:
    """Add a line, see ``append_records``."""
    append_records(file, [(step, figures)])


def append_records(file: str | os.PathLike[str], records: Iterable[tuple[int, Mapping[str, float]]]) -> None:
    """Add a line for each step with its figures; they have been passed to the system when this returns.

    Raises:
        OSError: The file cannot be written.
    """
    lines = []
    for step, figures in records:
        values = {name: value if math.isfinite(value) else None for name, value in figures.items()}
        lines.append(json.dumps({STEP: step, **values}) + "\n")
    with open(file, "a", encoding="utf-8") as opened:
        opened.write("".join(lines))


def parse_record(line: str | bytes) -> dict[str, Any] | None:
    """The content of a line, or None if it is truncated or something else."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_record = isinstance(record, dict) and type(record.get(STEP)) is int
    return record if is_record else None


def read_metrics(file: Path, name: str) -> RunFigures:
    """The figures of a run; other lines are skipped.

    Raises:
        OSError: The file cannot be read.
    """
    run = RunFigures(name)
    with open(file, "rb") as lines:
        for line in lines:
            record = parse_record(line)
            if record is not None:
                figures = {tag: _number(value) for tag, value in record.items() if tag != STEP}
                run.add(record[STEP], {tag: value for tag, value in figures.items() if value is not None})
    return run.sort()


def keep_records(source: Path, target: Path, last_step: int) -> int:
    """Write the records up to a step to ``target``, which may be the source.

    A run resumed from a checkpoint repeats the later steps, whose lines would otherwise occur twice.

    Returns:
        The number of later records, which are dropped.

    Raises:
        OSError: The source cannot be read.
        UserError: The target cannot be written.
    """
    lines = source.read_bytes().splitlines(keepends=True)
    records = [(line, parse_record(line)) for line in lines]
    kept = [line for line, record in records if record is not None and record[STEP] <= last_step]
    if kept != lines or source != target:
        write_atomically(target, b"".join(kept))
    return sum(record is not None and record[STEP] > last_step for _, record in records)


def _number(value: Any) -> float | None:
    """A figure; null, which stands for one that is not finite, is NaN; None for anything else."""
    if value is None:
        return math.nan
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
