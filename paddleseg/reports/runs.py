# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Finding the figures of a run: in its folder, or in a saved log."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from paddleseg.reports.foreign_logs import read_log
from paddleseg.reports.run_records import METRICS, RunFigures, read_metrics
from paddleseg.utils.errors import DataError, UserError

_VISUALDL = "vdlrecords.*.log"
# In a folder the first of these that exists is read; several files of one kind are all read, in the order of names,
# which contain the time: a resumed training has one for each start.
_KINDS = (METRICS, "*.log.json", "*/vis_data/scalars.json", _VISUALDL)


def read_run(path: str, name: str | None = None) -> RunFigures:
    """The figures of a run.

    Args:
        path: A run's folder, of this toolkit, PaddleSeg (with VisualDL's records) or mmsegmentation; or a log file.
        name: For the legend; None: the folder's or file's name.

    Raises:
        DataError: There is nothing, or nothing with figures in it.
    """
    place = Path(path)
    name = name or place.resolve().name
    if not place.exists():
        raise DataError(f"{path}: there is no such folder or file; give a run's folder or the log of a training")
    try:
        run = _read_folder(place, name) if place.is_dir() else _read_file(place, name)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not run.series:
        raise DataError(
            f"{path}: no figures found; readable are {METRICS}, and logs of train.py, PaddleSeg ([TRAIN] epoch: ..., "
            "iter: ...) and mmsegmentation (text or JSON)"
        )
    return run


def distinct_names(paths: Sequence[str]) -> list[str]:
    """For each run the end of its path, as long as needed to distinguish it from the others."""
    parts = [Path(path).resolve().parts for path in paths]
    for count in range(1, max(len(one) for one in parts) + 1):
        names = [os.path.join(*one[-count:]) for one in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({number})" for number, name in enumerate(names, 1)]


def _read_folder(folder: Path, name: str) -> RunFigures:
    for kind in _KINDS:
        files = sorted(folder.glob(kind))
        if files:
            run = RunFigures(name)
            for file in files:
                for tag, values in _read_file(file, name).series.items():
                    run.series.setdefault(tag, {}).update(values)
            return run.sort()
    raise DataError(
        f"{folder}: is not a training's folder: it has none of {', '.join(_KINDS)}; give one, or the log file itself"
    )


def _read_file(file: Path, name: str) -> RunFigures:
    if file.match("*.jsonl"):
        return read_metrics(file, name)
    if file.match(_VISUALDL):
        return _read_visualdl(file, name)
    return read_log(file.read_text(encoding="utf-8", errors="replace").splitlines(), name)


def _read_visualdl(file: Path, name: str) -> RunFigures:
    try:
        from visualdl import LogReader
    except ImportError as error:
        raise UserError(f"{file}: cannot import visualdl ({error}), which reads it: pip install visualdl") from None
    run, reader = RunFigures(name), LogReader(file_path=str(file))
    for tag in reader.get_tags().get("scalar", []):
        for point in reader.get_data("scalar", tag):
            run.add(int(point.id), {tag: float(point.value)})
    return run.sort()
