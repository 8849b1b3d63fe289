# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""How all benchmarks measure and report.

Times of one machine drift by tens of per cent within minutes. So the candidates of a comparison take turns, one run
each per round, on the same pinned cores, and the result is the ratio of their medians.

Thread counts are read once, when paddle, numpy and OpenCV are loaded: a benchmark calls ``start`` first and
imports them afterwards.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from paddleseg.utils.errors import ConfigError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Measurement:
    """One line of a report.

    Attributes:
        name: What was measured.
        unit: Of ``value`` and ``reference``.
        value: Median of this toolkit's way.
        reference: Median of the plain way in the same run; None if there is nothing to compare with.
        ratio: How many times better than the reference; above 1 is faster, or smaller.
    """

    name: str
    unit: str
    value: float
    reference: float | None = None
    ratio: float | None = None


def compare(name: str, unit: str, value: float, reference: float, *, higher_is_better: bool = False) -> Measurement:
    """Build the line of a value beside its reference."""
    ratio = value / reference if higher_is_better else reference / value
    return Measurement(name, unit, value, reference, ratio)


def start(description: str, add_flags: Callable[[argparse.ArgumentParser], None] | None = None) -> argparse.Namespace:
    """Read the command line, pin this process to ``--threads`` cores and limit the libraries to as many threads."""
    arguments = parse_arguments(description, add_flags)
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(arguments.threads)
    import cv2

    cv2.setNumThreads(arguments.threads)
    return arguments


def parse_arguments(
    description: str, add_flags: Callable[[argparse.ArgumentParser], None] | None = None
) -> argparse.Namespace:
    """Read the command line of a benchmark."""
    parser = argparse.ArgumentParser(description=description)
    add_json_flag(parser, "the measurements")
    parser.add_argument("--repeats", type=int, help="Rounds of each comparison; not given: each one's own number.")
    parser.add_argument("--threads", type=int, default=1, help="Cores to pin to, and threads of the libraries.")
    if add_flags is not None:
        add_flags(parser)
    arguments = parser.parse_args()
    try:
        check_json_flag(arguments.json)
    except ConfigError as error:
        parser.error(str(error))
    return arguments


def parse_size(text: str, flag: str) -> tuple[int, int]:
    """``512x1024`` as (height, width).

    Raises:
        ConfigError: It is not a size; names the flag.
    """
    sides = text.split("x")
    if len(sides) != 2 or not all(side.isascii() and side.isdigit() and int(side) > 0 for side in sides):
        raise ConfigError(f"{flag} {text}: give HEIGHTxWIDTH, e.g. 512x1024")
    return int(sides[0]), int(sides[1])


def median_seconds(candidates: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 1) -> dict[str, float]:
    """Time functions alternately: one call of each per round.

    Args:
        candidates: Functions without arguments, by name.
        rounds: Timed calls of each.
        warm_up: Untimed calls of each beforehand.

    Returns:
        The median duration of each in seconds.
    """
    for _ in range(warm_up):
        for function in candidates.values():
            function()
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            begin = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in seconds.items()}


def report(measurements: Sequence[Measurement], arguments: argparse.Namespace) -> None:
    """Print the machine, the versions and the measurements as a table, and write ``--json`` if given."""
    print(conditions(f"{arguments.threads} thread(s)"))
    print(f"{'name':<28}{'value':>10}{'reference':>11}{'ratio':>8}  unit")
    for line in measurements:
        reference = "-" if line.reference is None else f"{line.reference:.2f}"
        ratio = "-" if line.ratio is None else f"{line.ratio:.2f}"
        print(f"{line.name:<28}{line.value:>10.2f}{reference:>11}{ratio:>8}  {line.unit}")
    write_json(arguments.json, [asdict(line) for line in measurements])


def conditions(how: str, packages: Sequence[str] = ()) -> str:
    """One line: processor, method, and the versions of Python and packages, including the given ones."""
    packages = ("paddlepaddle", "paddlepaddle-gpu", "numpy", "opencv-python", "opencv-python-headless", *packages)
    versions = []
    for package in packages:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    python = f"Python {platform.python_version()}"
    return f"{_processor()}; {how}; {', '.join([python, *versions])}; medians"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
