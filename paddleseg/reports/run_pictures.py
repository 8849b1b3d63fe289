# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures in a run's folder: ``curves.png``, and ``confusion_matrix.png`` of its best model."""

from __future__ import annotations

from pathlib import Path

from paddleseg.reports.chart_files import write_chart
from paddleseg.reports.confusion_picture import ConfusionPicture
from paddleseg.reports.curves import draw_curves
from paddleseg.reports.run_records import METRICS
from paddleseg.reports.runs import read_run
from paddleseg.reports.score_files import StoredScores, find_scores

CURVES, CONFUSION = "curves.png", "confusion_matrix.png"


def draw_run_pictures(folder: Path) -> list[str]:
    """Draw all pictures for which the folder has figures.

    Returns:
        The names of the files.

    Raises:
        UserError: A file cannot be read or written, or something else has its name.
    """
    written = []
    if (folder / METRICS).is_file():
        write_chart(folder / CURVES, draw_curves([read_run(str(folder))]))
        written.append(CURVES)
    scores = find_scores(folder)
    if scores is not None and scores.matrix is not None:
        write_chart(folder / CONFUSION, confusion_picture(scores))
        written.append(CONFUSION)
    return written


def confusion_picture(scores: StoredScores) -> ConfusionPicture:
    """The confusion matrix of stored scores, which have one."""
    name, value = next(iter(scores.values.items()), ("", None))
    figure = "" if value is None else f", {name} {100 * value:.2f} %"
    step = scores.content.get("step")
    title = "Confusion matrix" if step is None else f"Confusion matrix of step {step}"
    return ConfusionPicture(scores.matrix, scores.names, f"{title}{figure}")
