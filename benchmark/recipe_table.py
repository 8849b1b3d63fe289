# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of the runs of tools/train_list.py."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Mapping
from typing import Any

from benchmark.recipe_list import Run
from paddleseg.utils.errors import ConfigError


def table(values: Mapping[str, Any], runs: list[Run]) -> str:
    """The Markdown table: a line for each recipe and kind of weights, with means over its finished seeds in percent.

    Seconds are the median of a step over all seeds, minutes those of all steps of one run.
    """
    columns = ["mIoU", "accuracy", *values["classes"]]
    heads = [f"{score} {column}" for score in values["scores"] for column in columns]
    lines = [f"| recipe | seeds | s/step | minutes | {' | '.join(heads)} |", f"|{'-|' * (4 + len(heads))}"]
    for recipe in values["runs"]:
        own = [run for run in runs if run.recipe == recipe]
        for kind in own[0].kinds_of_weights():
            cells = [f"{recipe}{kind and ', '}{kind}", _describe_seeds(own, values["scores"]), *_durations(own)]
            for score in values["scores"]:
                files = [run.score_file(score, kind) for run in own]
                results = [json.loads(file.read_text()) for file in files if file.exists()]
                cells += [_mean([_figure(result, values, column) for result in results]) for column in columns]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _describe_seeds(runs: list[Run], scores: Mapping[str, Any]) -> str:
    done = [run for run in runs if run.is_done(scores)]
    failed = [run for run in runs if run not in done and run.failure.exists()]
    counts = {"failed": len(failed), "open": len(runs) - len(done) - len(failed)}
    return ", ".join(
        [*(str(run.seed) for run in done), *(f"{number} {state}" for state, number in counts.items() if number)]
    )


def _durations(runs: list[Run]) -> tuple[str, str]:
    logs = "".join(run.log.read_text(encoding="utf-8") for run in runs if run.log.exists())
    steps = re.findall(r"iter: \d+/(\d+),.* batch_cost: ([\d.]+)", logs)
    if not steps:
        return "", ""
    seconds = statistics.median(float(cost) for _, cost in steps)
    return f"{seconds:.2f}", f"{seconds * int(steps[-1][0]) / 60:.0f}"


def _figure(result: Mapping[str, Any], values: Mapping[str, Any], column: str) -> float | None:
    """A figure of one evaluation; None if none of the column's classes occurs in labels or predictions."""
    if column in ("mIoU", "accuracy"):
        return result[{"mIoU": "mean_iou", "accuracy": "pixel_accuracy"}[column]]
    iou = {one["name"]: one["iou"] for one in result["classes"]}
    unknown = [name for name in values["classes"][column] if name not in iou]
    if unknown:
        raise ConfigError(f"classes.{column}: there is no class {unknown[0]}; there are {', '.join(iou)}")
    occurring = [iou[name] for name in values["classes"][column] if iou[name] is not None]
    return statistics.mean(occurring) if occurring else None


def _mean(figures: list[float | None]) -> str:
    known = [figure for figure in figures if figure is not None]
    if not known:
        return ""
    single = f" ({', '.join(f'{100 * figure:.1f}' for figure in known)})" if len(known) > 1 else ""
    return f"{100 * statistics.mean(known):.1f}{single}"
