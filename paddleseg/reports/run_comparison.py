# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The differences between two runs: their settings, and their results class by class."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddleseg.models.weight_folder import EMA_WEIGHTS, MANIFEST, STATES
from paddleseg.reports.score_files import SCORES, StoredScores, find_scores, read_scores
from paddleseg.utils.errors import DataError
from paddleseg.utils.nested import flatten
from paddleseg.utils.safe_pickle import read_pickle
from paddleseg.utils.yaml_text import read_yaml

CONFIG = "config.yml"
# Figures of a class that are compared, the first of those that both have.
_CLASS_FIGURES = ("iou", "recall")
# What an evaluation says beside its own figures.
_NO_FIGURES = {"id", "name"}


@dataclass(frozen=True)
class Run:
    """A run, a checkpoint of one, or a report.

    Attributes:
        path: The given path.
        settings: Its resolved configuration by dotted names; None if there is none.
        scores: Those of its best model; None if it was not evaluated.
    """

    path: str
    settings: Mapping[str, Any] | None
    scores: StoredScores | None


def open_run(path: str) -> Run:
    """Read a folder, or a file with scores.

    Raises:
        DataError: It has no data of a run.
    """
    place = Path(path)
    if not place.exists():
        raise DataError(f"{path}: there is no such folder or file; give a run's folder, a checkpoint or a report")
    if place.is_file():
        return Run(path, None, read_scores(place))
    config, scores = place / CONFIG, find_scores(place)
    if not config.is_file() and scores is None:
        raise DataError(f"{path}: is not a run's folder: it has neither {CONFIG} nor {SCORES} nor best_model/{SCORES}")
    settings = {**_flags(place), **dict(flatten(read_yaml(str(config))[0]))} if config.is_file() else None
    return Run(path, settings, scores)


def _flags(folder: Path) -> dict[str, Any]:
    """A checkpoint's facts on a run besides its configuration: how steps were computed, and with which versions."""
    for place in (folder, folder / "best_model", *sorted(folder.glob("iter_*"))):
        states, manifest = place / STATES, place / MANIFEST
        if states.is_file() and manifest.is_file():
            about = _read_manifest(manifest)
            run = read_pickle(states).get("run", {})
            has_average = EMA_WEIGHTS in about.get("files", {})
            return dict(flatten({**run, "use_ema": has_average, "versions": about.get("versions", {})}))
    return {}


def _read_manifest(file: Path) -> Mapping[str, Any]:
    try:
        about = json.loads(file.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise DataError(f"{file}: cannot be read ({error})") from None
    if not isinstance(about, dict):
        raise DataError(f"{file}: is damaged; it must hold a checkpoint's description of itself")
    return about


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        settings: (name, of the first, of the second) for those that differ; None if one lacks it.
        values: (name, of the first, of the second) for the figures of both evaluations.
        class_figure: The figure of ``classes``.
        classes: (name, of the first, of the second), 0 to 1; None for a class that is absent.
    """

    settings: list[tuple[str, Any, Any]]
    values: list[tuple[str, float | None, float | None]]
    class_figure: str
    classes: list[tuple[str, float | None, float | None]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "settings": {name: [first, second] for name, first, second in self.settings},
            "values": {name: [first, second] for name, first, second in self.values},
            "class_figure": self.class_figure,
            "classes": {name: [first, second] for name, first, second in self.classes},
        }


def compare_runs(first: Run, second: Run) -> Comparison:
    """Compare two runs.

    Raises:
        DataError: The runs have different classes, or neither settings nor scores in common.
    """
    if None in (first.settings, second.settings) and None in (first.scores, second.scores):
        raise DataError(
            f"{first.path} and {second.path}: nothing to compare: settings need {CONFIG} in both, results {SCORES}"
        )
    settings: list[tuple[str, Any, Any]] = []
    if first.settings is not None and second.settings is not None:
        names = dict.fromkeys([*first.settings, *second.settings])
        pairs = ((name, first.settings.get(name), second.settings.get(name)) for name in names)
        settings = [(name, one, other) for name, one, other in pairs if one != other]
    if first.scores is None or second.scores is None:
        return Comparison(settings, [], "", [])
    figure, classes = _compare_classes(first, second)
    ours, theirs = first.scores.values, second.scores.values
    values = [(name, ours[name], theirs[name]) for name in ours if name in theirs]
    return Comparison(settings, values, figure, classes)


def _compare_classes(first: Run, second: Run) -> tuple[str, list[tuple[str, float | None, float | None]]]:
    ours, theirs = first.scores.classes, second.scores.classes
    missing = [name for name in ours if name not in theirs]
    more = [name for name in theirs if name not in ours]
    if missing or more:
        parts = [
            f"{path} alone has {_in_short(names)}"
            for path, names in ((first.path, missing), (second.path, more))
            if names
        ]
        raise DataError(
            f"the runs have different classes and cannot be compared: {len(ours)} and {len(theirs)}; {', '.join(parts)}"
        )
    common = [set(one) & set(theirs[name]) - _NO_FIGURES for name, one in ours.items()]
    figure = next((name for name in _CLASS_FIGURES if common and all(name in keys for keys in common)), "")
    if not figure:
        return "", []
    return figure, [(name, one[figure], theirs[name][figure]) for name, one in ours.items()]


def _in_short(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def describe(comparison: Comparison, names: tuple[str, str]) -> str:
    """Tables for people.

    Args:
        comparison: The runs.
        names: Their names.
    """
    lines = [f"A: {names[0]}", f"B: {names[1]}", ""]
    if comparison.settings:
        rows = [(name, _words(first), _words(second)) for name, first, second in comparison.settings]
        lines += _table(("setting", "A", "B"), rows, right=False)
    else:
        lines.append("settings: no differences, as far as both are known")
    if comparison.values:
        rows = [_row(name, first, second) for name, first, second in comparison.values]
        lines += ["", *_table(("score, %", "A", "B", "B - A"), rows)]
    if comparison.classes:
        ordered = sorted(comparison.classes, key=lambda row: _difference(row[1], row[2]))
        rows = [_row(name, first, second) for name, first, second in ordered]
        words = {"iou": "IoU"}.get(comparison.class_figure, comparison.class_figure)
        lines += ["", *_table((f"class, {words} in %", "A", "B", "B - A"), rows)]
    elif not comparison.values:
        lines += ["", f"results: {SCORES} is not in both; train with --do_eval, or evaluate with val.py --report"]
    return "\n".join(lines)


def _row(name: str, first: float | None, second: float | None) -> tuple[str, ...]:
    difference = "" if first is None or second is None else f"{100 * (second - first):+.2f}"
    return name, *("absent" if value is None else f"{100 * value:.2f}" for value in (first, second)), difference


def _difference(first: float | None, second: float | None) -> float:
    return 0.0 if first is None or second is None else second - first


def _words(value: Any) -> str:
    return "-" if value is None else str(value)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]], *, right: bool = True) -> list[str]:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) if right else text.ljust(width) for text, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return lines
