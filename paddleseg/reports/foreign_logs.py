# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Figures in the logs of train.py, PaddleSeg and mmsegmentation (0.x and 1.x), under our VisualDL names.

PaddleSeg writes lines of ``[TRAIN]`` and ``[EVAL]``; up to 2.0 with ``=`` for ``:``. The second ``[EVAL]`` line of a
step belongs to the moving average. mmsegmentation writes lines of text and of JSON: up to 0.30 ``Iter [50/80000]`` and
``"mode": "train"``, with shares of 1 in evaluations; since 1.0 ``Iter(train) [ 50/80000]`` and objects without mode,
in per cent. Evaluations of 0.x have the number of pictures as ``iter``: their step is that of the preceding training
line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from paddleseg.reports.run_records import RunFigures

_PAIR = re.compile(r"([A-Za-z][\w.#]*)\s?[:=]\s*([-+]?(?:\d[\d.]*(?:[eE][-+]?\d+)?|nan|inf))(?![\d:/])")
_PADDLESEG_STEP = re.compile(r"iter[:=]\s*(\d+)/")
_MM_STEP = re.compile(r"Iter(?:\(train\))?\s*\[\s*(\d+)/\d+\]")
_MM_EVALUATION = re.compile(r"Iter\(val\)\s*\[\s*\d+(/\d+)?\]")
# Their names mapped to ours, and entries that are not figures of a training.
_OURS = {"time": "batch_cost", "data_time": "reader_cost"}
_NO_FIGURES = {"epoch", "iter", "step", "eta", "ETA", "memory", "base_lr", "#Images", "Images", "exp_name"}
_TIMES = {"time", "data_time"}


def read_log(lines: Iterable[str], name: str) -> RunFigures:
    """The figures of a log; empty if no line has any.

    Args:
        lines: The lines of a text log or of a JSON log.
        name: The run's name.
    """
    log = _Log(name)
    for line in lines:
        if line.lstrip().startswith("{"):
            log.take_object(line)
        else:
            log.take_text(line)
    return log.run.sort()


class _Log:
    """The content read so far: an evaluation belongs to the last training step."""

    def __init__(self, name: str) -> None:
        self.run = RunFigures(name)
        self._step = 0
        self._evaluated: int | None = None

    def take_text(self, line: str) -> None:
        if "[TRAIN]" in line:
            self._train(_PADDLESEG_STEP.search(line), line.partition("[TRAIN]")[2])
        elif "[EVAL] #Images" in line:
            # The number of pictures comes first; older versions have a comma after it.
            self._evaluate(_pairs(line.partition("#Images")[2]), 1.0)
        elif (evaluation := _MM_EVALUATION.search(line)) is not None:
            self._evaluate(_pairs(line[evaluation.end() :]), 0.01 if evaluation[1] else 1.0)
        elif (step := _MM_STEP.search(line)) is not None:
            self._train(step, line[step.end() :])

    def take_object(self, line: str) -> None:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(record, dict):
            return
        figures = {key: value for key, value in record.items() if _is_number(value)}
        mode = record.get("mode")
        step = figures.get("iter") if mode == "train" else figures.get("step")
        if mode == "val":
            self._evaluate(figures, 1.0)
        elif step is not None and "loss" in figures:
            self._step = int(step)
            self.run.add(self._step, _tagged("Train", figures))
        elif step is not None:
            self._step = int(step)
            self._evaluate(figures, 0.01)

    def _train(self, step: re.Match[str] | None, text: str) -> None:
        if step is not None:
            self._step = int(step[1])
            self.run.add(self._step, _tagged("Train", _pairs(text)))

    def _evaluate(self, figures: Mapping[str, float], unit: float) -> None:
        kept = {key: value * unit for key, value in figures.items() if key not in _TIMES}
        # First the one by which models are compared, as in our own evaluations.
        first = {key: kept[key] for key in ("mIoU",) if key in kept}
        prefix = "EMA_" if self._evaluated == self._step and unit == 1.0 else ""
        self.run.add(self._step, _tagged("Evaluate", {**first, **kept}, prefix))
        self._evaluated = self._step


def _pairs(text: str) -> dict[str, float]:
    return {key: float(value) for key, value in _PAIR.findall(text)}


def _tagged(kind: str, figures: Mapping[str, float], prefix: str = "") -> dict[str, float]:
    kept = {key: value for key, value in figures.items() if key not in _NO_FIGURES}
    return {f"{kind}/{prefix}{_OURS.get(key, key)}": float(value) for key, value in kept.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
