# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``val.py --report``: a folder with the page of an evaluation and its figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg.datasets.segmentation import SegmentationDataset
from paddleseg.metrics.result import EvaluationResult
from paddleseg.reports.evaluation import EvaluationDetails
from paddleseg.reports.evaluation_page import evaluation_page
from paddleseg.reports.score_files import SCORES, scores_text
from paddleseg.utils import distributed
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.visualize import make_palette
from paddleseg.utils.written_files import WrittenFiles

PAGE = "report.html"


def check_report_flags(folder: str | None, num_pictures: int) -> None:
    """Refuse a folder that cannot take the report, before anything is loaded.

    Raises:
        ConfigError: Names the flag.
        DataError: Files in the folder would be replaced that no report wrote.
    """
    if folder is None:
        return
    if not folder or (Path(folder).exists() and not Path(folder).is_dir()):
        raise ConfigError(f"--report {folder}: this is not a folder; name one, which is created if missing")
    there = next(place for place in (Path(folder), *Path(folder).absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise ConfigError(f"--report {folder}: {there} cannot be written to; name a folder in another place")
    if num_pictures < 0:
        raise ConfigError(f"--report_pictures {num_pictures}: must be 0 (none) or more")
    WrittenFiles(folder).refuse_foreign([Path(folder, name) for name in (PAGE, SCORES)])


class EvaluationReport:
    """Watches an evaluation and writes its report.

    Args:
        folder: The report's; created if needed.
        dataset: The evaluated data.
        num_pictures: How many pictures to show.

    Raises:
        ConfigError: Several processes evaluate, and each sees only a part.
    """

    def __init__(self, folder: str | os.PathLike[str], dataset: SegmentationDataset, num_pictures: int) -> None:
        if distributed.world_size() > 1:
            raise ConfigError("--report: needs all pictures in one process; start val.py without a launcher")
        self._folder, self._dataset = Path(folder), dataset
        self._details = EvaluationDetails(dataset.num_classes, dataset.ignore_index, num_pictures)
        self.observe = self._details.observe

    def write(self, result: EvaluationResult, values: dict[str, float], facts: Sequence[tuple[str, Any]]) -> Path:
        """Write page and figures.

        Args:
            result: The evaluation's.
            values: Its figures by name, the primary one first.
            facts: (name, value) pairs on what was evaluated and how; ``weights`` is one of the names.

        Returns:
            The page.

        Raises:
            UserError: A file cannot be written, or a picture no longer read.
        """
        palette = make_palette(self._dataset.num_classes, self._dataset.palette)
        page = evaluation_page(result, self._details, facts=facts, palette=palette, read_picture=self._read)
        written = WrittenFiles(self._folder)
        figures = scores_text(values, self._all_figures(result), step=None, weights=str(dict(facts)["weights"]))
        written.write(self._folder / SCORES, figures.encode())
        written.write(self._folder / PAGE, page.encode("utf-8"))
        return self._folder / PAGE

    def _read(self, index: int) -> np.ndarray:
        return self._dataset.read_through_cache(index)["img"]

    def _all_figures(self, result: EvaluationResult) -> dict[str, Any]:
        figures = result.to_dict()
        boundary = self._details.boundary.class_iou
        for one in figures["classes"]:
            value = boundary[one["id"]]
            one["boundary_iou"] = None if np.isnan(value) else float(value)
        return {**figures, "pictures": [one.to_dict() for one in self._details.pictures]}
