# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether int8 is faster on this machine, measured in one run against the engine's other precisions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from paddleseg.deploy.engines.base import Engine
from paddleseg.export.int8.scores import Scores

_WARM_UPS, _ROUNDS = 2, 15
_NOISE = 1.03
"""What is not this much faster is not called faster."""


@dataclass(frozen=True)
class Measured:
    """A graph on an engine in a precision.

    Attributes:
        backend: The engine.
        precision: The precision.
        scores: Its scores on the pictures.
        milliseconds: Median time of one run at the calibrated size.
        bytes: Size of its files.
    """

    backend: str
    precision: str
    scores: Scores
    milliseconds: float
    bytes: int

    @property
    def name(self) -> str:
        """``openvino int8``."""
        return f"{self.backend} {self.precision}"


def measure_speed(engines: Mapping[str, Engine], images: np.ndarray) -> dict[str, float]:
    """Median milliseconds of a run of each engine. They take turns, to be subject to the same drift of the machine."""
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(_WARM_UPS + _ROUNDS):
        for name, engine in engines.items():
            start = time.perf_counter()
            engine(images)
            if turn >= _WARM_UPS:
                seconds[name].append(time.perf_counter() - start)
    return {name: 1e3 * statistics.median(values) for name, values in seconds.items()}


def table(rows: list[Measured], size_hw: tuple[int, int], threads: int) -> str:
    """The figures of graphs of one engine, the float32 one first."""
    first = rows[0]
    title = f"{first.backend}, {size_hw[0]} x {size_hw[1]}, {threads} thread(s)"
    lines = [f"{title:<34}{'ms':>9}{'speed':>8}{'mIoU %':>9}{'points':>9}{'equal %':>9}{'MB':>7}"]
    for row in rows:
        iou = "-" if row.scores.mean_iou is None else f"{100 * row.scores.mean_iou:.2f}"
        change = "-" if row is first or iou == "-" else f"{-row.scores.loss(first.scores):+.2f}"
        lines.append(
            f"{row.precision:<34}{row.milliseconds:>9.2f}{first.milliseconds / row.milliseconds:>8.2f}{iou:>9}"
            f"{change:>9}{100 * row.scores.equal_share:>9.3f}{row.bytes / 1e6:>7.1f}"
        )
    return "\n".join(lines)


def verdict(rows: list[Measured]) -> tuple[bool, str]:
    """Whether int8 is faster here than the engine's other precisions, and that in words.

    Args:
        rows: Graphs of one engine, of which one is int8.
    """
    (int8,) = (row for row in rows if row.precision == "int8")
    best = min((row for row in rows if row is not int8), key=lambda row: row.milliseconds)
    ratio = best.milliseconds / int8.milliseconds
    loss = int8.scores.loss(rows[0].scores)
    price = f"with {loss:.2f} points lost" if loss > 0 else "without a loss"
    times = f"{int8.milliseconds:.2f} ms against {best.milliseconds:.2f} ms of {best.name}"
    if ratio >= _NOISE:
        return True, f"{int8.name} is {ratio:.2f} times as fast here as the next best, {price} ({times})"
    return False, (
        f"{int8.name} is NO improvement on this machine: {times}, {ratio:.2f} times as fast; run --backend "
        f"{best.backend} --precision {best.precision} here. On another machine it may be one: measure there with "
        "benchmark/infer.py"
    )
