# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""An exported folder on every installed engine, and the fastest command line for this machine.

    python benchmark/infer.py output/inference_model [--sizes 512x1024 1024x2048] [--threads 1 2] [--json FILE]

Each engine, precision, size and number of threads runs in a separate process, on as many cores as it has threads; every
one has a turn in each round. Columns: the network alone; from its output to the label map (or classes); from a picture
in memory to that; from the start of the process to the first result; the peak of the process's memory; and the share of
pixels with the same class as in the first row of the same size. The picture is a painted street. With one thread, times
are CPU times of the process, which other programs change little.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from benchmark import common
from benchmark.exported_process import Way, graph_process, save_picture
from paddleseg.deploy.deploy_config import DeployConfig, read_deploy_config
from paddleseg.deploy.engines import ENGINES
from paddleseg.deploy.engines.base import EngineOptions
from paddleseg.deploy.graph_choice import runs
from paddleseg.deploy.graph_formats import PADDLE, PRECISIONS
from paddleseg.utils.cli import CommandParser, run_command
from paddleseg.utils.errors import ConfigError, UserError
from paddleseg.utils.json_report import add_json_flag, check_json_flag, write_json

ROUNDS, RUNS, WARM_UPS = 3, 5, 2
EQUAL_SHARE = 0.9999  # classes equal to 1e-5 differ between engines
UNITS = {"network": "ms", "tail": "ms", "whole": "ms", "cold_start": "s", "peak_memory": "MB", "equal": "share"}


def name_of(way: Way) -> str:
    return f"{way.engine}_{way.precision}_{way.size_hw[0]}x{way.size_hw[1]}_threads{way.threads}"


def make_parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="benchmark/infer.py", description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="an export, or its deploy.yaml")
    parser.add_argument("--sizes", nargs="+", default=["512x1024"], metavar="HEIGHTxWIDTH", help="(default: 512x1024)")
    parser.add_argument("--threads", nargs="+", type=int, default=[1], help="numbers of threads (default: 1)")
    parser.add_argument("--backends", nargs="+", choices=list(ENGINES), help="(default: those that are installed)")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS, help="(default: all)")
    parser.add_argument("--repeats", type=int, default=ROUNDS, help="rounds (default: %(default)s)")
    add_json_flag(parser, "the measurements")
    return parser


def main(arguments: argparse.Namespace) -> None:
    check_json_flag(arguments.json)
    if min(*arguments.threads, arguments.repeats) < 1:
        raise ConfigError("--threads and --repeats: give numbers of at least 1")
    config = read_deploy_config(arguments.folder)
    candidates = candidates_of(config, arguments)
    if not candidates:
        asked = f"{', '.join(arguments.backends or ENGINES)} in {', '.join(arguments.precisions)}"
        raise ConfigError(f"{config.path}: nothing of the folder runs on {asked}")
    with tempfile.TemporaryDirectory() as folder:
        for size_hw in {candidate.size_hw for candidate in candidates}:
            save_picture(size_hw, config.input_shape[1], picture_file(Path(folder), size_hw))
        rounds, refused = measure(candidates, config, Path(folder), arguments.repeats)
    if not rounds:
        raise ConfigError(f"{config.path}: nothing runs here: {'; '.join(refused.values())}")
    results = {
        candidate: {key: statistics.median(values[key] for values in seen) for key in UNITS}
        for candidate, seen in rounds.items()
    }
    print(common.conditions("a process for each row", ("onnxruntime", "openvino", "MNN")))
    print_table(results)
    for candidate, reason in refused.items():
        print(f"left out: {name_of(candidate)}: {reason}")
    print_fastest(config, results)
    write_json(arguments.json, [asdict(line) for line in measurements(results)])


def candidates_of(config: DeployConfig, arguments: argparse.Namespace) -> list[Way]:
    """Every way that the folder and the installed packages allow; the CPU's limits show when a way is tried."""
    graphs = [config.main_graph, *config.graphs.values()]
    ways = []
    for backend in arguments.backends or [name for name, kind in ENGINES.items() if kind.is_installed]:
        for precision in arguments.precisions:
            if any(runs(graph, EngineOptions(backend=backend, precision=precision)) for graph in graphs):
                onednn = (None, True) if backend == PADDLE else (None,)
                ways += [(backend, precision, flag) for flag in onednn]
    sizes = [common.parse_size(text, "--sizes") for text in arguments.sizes]
    return [
        Way(backend, precision, size, threads, onednn)
        for size in sizes
        for threads in arguments.threads
        for backend, precision, onednn in ways
    ]


def picture_file(folder: Path, size_hw: tuple[int, int]) -> Path:
    return folder / f"{size_hw[0]}x{size_hw[1]}.npy"


def measure(
    candidates: Sequence[Way], config: DeployConfig, folder: Path, repeats: int
) -> tuple[dict[Way, list[dict[str, float]]], dict[Way, str]]:
    """The measurements of each candidate's processes, and why others do not run."""
    import numpy as np

    rounds: dict[Way, list[dict[str, float]]] = {}
    refused: dict[Way, str] = {}
    references: dict[tuple[int, int], np.ndarray] = {}
    for _ in range(repeats):
        for candidate in candidates:
            if candidate in refused:
                continue
            try:
                result = run_way(candidate, config, folder)
            except UserError as error:
                refused[candidate] = str(error)
                continue
            found = np.load(folder / "result.npy")
            reference = references.setdefault(candidate.size_hw, found)
            result["equal"] = float((found == reference).mean())
            rounds.setdefault(candidate, []).append(result)
    return rounds, refused


def run_way(way: Way, config: DeployConfig, folder: Path) -> dict[str, float]:
    """Medians of one process, which writes its label map to ``result.npy``.

    Raises:
        UserError: It cannot run that; the message is its own.
    """
    with graph_process(way, config, picture_file(folder, way.size_hw), folder / "result.npy") as process:
        turns = [process.run() for _ in range(WARM_UPS + RUNS)][WARM_UPS:]
    medians = {key: statistics.median(turn[key] for turn in turns) for key in ("network", "tail", "whole")}
    return {**medians, **process.started, "peak_memory": turns[-1]["peak_memory"]}


def print_table(results: dict[Way, dict[str, float]]) -> None:
    print(f"{'':<40}" + "".join(f"{key:>13}" for key in UNITS))
    print(f"{'':<40}" + "".join(f"{unit:>13}" for unit in UNITS.values()))
    for candidate, values in results.items():
        numbers = "".join(f"{values[key]:>13.{5 if key == 'equal' else 2}f}" for key in UNITS)
        print(f"{name_of(candidate):<40}{numbers}")


def print_fastest(config: DeployConfig, results: dict[Way, dict[str, float]]) -> None:
    """The command lines at the largest size: the fastest of all, and of those with the first row's classes."""
    largest = max((candidate.size_hw for candidate in results), key=lambda size: size[0] * size[1])
    at_largest = [candidate for candidate in results if candidate.size_hw == largest]
    equal = [candidate for candidate in at_largest if results[candidate]["equal"] >= EQUAL_SHARE]
    for what, candidates in (("fastest", at_largest), ("fastest with the classes of the first row", equal)):
        best = min(candidates, key=lambda candidate: results[candidate]["whole"])
        print(
            f"{what} at {largest[0]}x{largest[1]}: python deploy/python/infer.py --config {config.path} --device cpu "
            f"{best.flags} --image_path PICTURES"
        )


def measurements(results: dict[Way, dict[str, float]]) -> list[common.Measurement]:
    """A line for each figure; times are compared with those of the first candidate of the same size."""
    lines = []
    for candidate, values in results.items():
        reference = next(seen for other, seen in results.items() if other.size_hw == candidate.size_hw)
        for key, unit in UNITS.items():
            name = f"{name_of(candidate)}_{key}"
            if key == "equal":
                lines.append(common.Measurement(name, unit, values[key]))
            else:
                lines.append(common.compare(name, unit, values[key], reference[key]))
    return lines


if __name__ == "__main__":
    run_command(main, make_parser())
