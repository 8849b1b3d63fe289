# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The comparison of an export with its network: a row for each graph, engine and precision."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import paddleseg
from paddleseg.deploy.deploy_config import CLASSIFICATION, DeployConfig, read_deploy_config
from paddleseg.export.graph_runs import GraphRun, graph_runs
from paddleseg.export.verification import cell
from paddleseg.export.verification.expected import Overview, Reference, store_expected
from paddleseg.export.verification.limits import FAILED, FP32_SHARE, NOT_RUN, Limits, Seen, judge, limits_of
from paddleseg.export.verification.operators import operators_of
from paddleseg.export.verification.pictures import Picture, fit_picture
from paddleseg.export.verification.report import Report, Row, not_run
from paddleseg.utils.checksum import sha256_of
from paddleseg.utils.logging import get_logger
from paddleseg.utils.omp_environment import given_threads
from paddleseg.utils.progress import tracked


def verify_export(
    reference: Reference,
    folder: str | Path,
    pictures: Iterable[Picture],
    *,
    every_way: bool = False,
    fp32_share: float = FP32_SHARE,
    about: Mapping[str, str] | None = None,
) -> Report:
    """Compare the graphs of an export, run as by deploy/python/infer.py on a CPU, with the network as in predict.py.

    Args:
        reference: The network and its preprocessing.
        folder: The export.
        pictures: The pictures to compare on.
        every_way: See ``graph_runs``.
        fp32_share: Share of the pixels, or of a classifier's pictures, that graphs of float32 must get right, 0 to 1.
        about: Facts for the report.

    Returns:
        The report. It may have failed rows, or none that ran: see ``Report.raise_failures``.

    Raises:
        VerificationError: There are no graphs, no engines or no pictures.
        ConfigError: The deploy.yaml is wrong.
    """
    config = read_deploy_config(folder)
    runs = graph_runs(config, every_way=every_way)
    with tempfile.TemporaryDirectory() as scratch:
        overview = store_expected(
            reference,
            _fitted(pictures, reference, config),
            Path(scratch),
            is_classifier=config.task == CLASSIFICATION,
            needs={run.graph.gives or "argmax" for run in runs},
        )
        _warn_of_little(overview)
        rows = []
        for run in tracked(runs, "verifying", "graph"):
            row = _compare(run, config, Path(scratch), limits_of(run.graph, run.options.precision, fp32_share))
            is_plain = row.status == NOT_RUN or row.reason is None
            (get_logger().info if is_plain else get_logger().warning)("%s", row.describe())
            rows.append(row)
    files = {config.path, *(file for run in runs for file in run.graph.files)}
    checksums = {file.name: sha256_of(file) for file in sorted(files)}
    report = Report(rows, overview, checksums, about or {}, operators_of(config))
    for name, reason in report.graphs_not_run.items():
        get_logger().warning("verification: %s was not run and not compared with the network: %s", name, reason)
    return report


def _fitted(pictures: Iterable[Picture], reference: Reference, config: DeployConfig) -> Iterator[tuple[Picture, bool]]:
    for original in pictures:
        picture = fit_picture(original, reference.pipeline, config.input_shape[2:])
        yield picture, picture is not original


def _warn_of_little(overview: Overview) -> None:
    if overview.num_resized:
        get_logger().warning(
            "verification: %d of %d pictures differ in size from what the graph takes and were resized for the "
            "comparison; the transforms of the export do not do that",
            overview.num_resized, overview.num_pictures,
        )  # fmt: skip
    if overview.num_classes == 1:
        get_logger().warning(
            "verification proves little: the network sees a single class in these pictures; "
            "give others with --verify_images"
        )


def _compare(run: GraphRun, config: DeployConfig, scratch: Path, limits: Limits) -> Row:
    """The row of one run, in a process of its own."""
    if run.why_not is not None:
        return not_run(run, run.why_not, limits)
    task = {
        "deploy": str(config.path.absolute()),
        "graph": run.key,
        "options": dataclasses.asdict(run.options),
        "pictures": str(scratch),
    }
    result = _in_own_process(task, scratch)
    if "seen" in result:
        seen = Seen(**result["seen"])
        return Row(run, *judge(seen, limits, run.graph), limits, seen)
    if result["is_of_device"]:
        return not_run(run, result["error"], limits)
    return Row(run, FAILED, result["error"], limits)


def _in_own_process(task: Mapping[str, Any], scratch: Path) -> dict[str, Any]:
    """The result of a task's process, or how it ended without one."""
    task_file, result_file = scratch / "task.json", scratch / "result.json"
    result_file.unlink(missing_ok=True)
    task_file.write_text(json.dumps({**task, "result": str(result_file)}), encoding="utf-8")
    paths = [str(Path(paddleseg.__file__).absolute().parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    if given_threads() is None:
        environment.pop("OMP_NUM_THREADS", None)  # Paddle sets it, and engines in other processes would use it
    command = [sys.executable, "-m", cell.__name__, str(task_file)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
    if done.returncode == 0 and result_file.is_file():
        return json.loads(result_file.read_text(encoding="utf-8"))
    lines = (done.stderr or done.stdout).strip().splitlines()
    words = f": {lines[-1].strip()}" if lines else ""
    return {"error": f"its process ended with status {done.returncode}{words}", "is_of_device": False}
