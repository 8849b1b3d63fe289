# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The curves of trainings: loss, learning rate, score and speed over steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from paddleseg.reports.axes import Axis
from paddleseg.reports.charts import Figure, LegendEntry, Line, Mark, Panel
from paddleseg.reports.colours import series_colour
from paddleseg.reports.run_records import RunFigures
from paddleseg.utils.errors import DataError
from paddleseg.utils.near_miss import suggest

SCORE = "score"
"""The figure by which an evaluation compares models, whatever it is called."""
DEFAULT_KEYS = ("loss", "lr", SCORE, "ips")
AVERAGED = "EMA_"
"""Before the name of a figure of the moving average of the weights."""

_X_TITLE = "optimiser step"
_TITLES = {
    "loss": ("Loss", "loss"),
    "lr": ("Learning rate", "learning rate"),
    "ips": ("Speed", "samples per second"),
    "batch_cost": ("Time of a step", "seconds"),
    "reader_cost": ("Waiting for data", "seconds per step"),
}
# A mean runs over this share of the points; single points are shown faintly beneath it.
_SMOOTHED_SHARE = 0.02
_FEWEST_SMOOTHED = 100
# The axis of steps begins at 0 unless the first step with a figure is beyond this share of the last one.
_LATE = 0.25
# The rate is drawn on a logarithmic axis if more than this share of the points is below a thirtieth of the largest, as
# in a step schedule, but not in one that goes linearly to 0.
_SMALL_RATE, _SHARE_OF_SMALL_RATES = 1 / 30, 0.1


@dataclass(frozen=True)
class CurveOptions:
    """How curves are drawn.

    Attributes:
        keys: The figures to show, each in a panel: their names, or ``score``.
        log_keys: Those with a logarithmic axis; None: the learning rate, if it has steps.
        smooth: Number of points in a running mean; None: chosen by the number of points; 1: no mean.
    """

    keys: Sequence[str] = DEFAULT_KEYS
    log_keys: Sequence[str] | None = None
    smooth: int | None = None


def draw_curves(runs: Sequence[RunFigures], options: CurveOptions = CurveOptions(), title: str = "") -> Figure:
    """A figure with a panel for each key that any of the runs has.

    Args:
        runs: One or more, each with a colour.
        options: How to draw them.
        title: The figure's title; for a single run its name by default.

    Raises:
        DataError: A requested key is in no run, or a logarithmic axis is requested for one that is not drawn.
    """
    for key in options.log_keys or ():
        if key not in options.keys:
            raise DataError(f"--log {key}: is not drawn. {suggest(key, options.keys)}")
    panels = [panel for key in options.keys if (panel := _make_panel(runs, key, options)) is not None]
    if not panels:
        raise DataError(f"{', '.join(run.name for run in runs)}: no figures of {', '.join(options.keys)}")
    x_axis = _steps_of(panels)
    panels = [replace(panel, x_axis=x_axis) for panel in panels]
    legend = []
    if len(runs) > 1:
        legend = [LegendEntry(_name_with_score(run), series_colour(number)) for number, run in enumerate(runs)]
    if any(line.dashed for panel in panels for line in panel.lines):
        legend += [] if legend else [LegendEntry("weights", series_colour(0))]
        legend.append(LegendEntry("their moving average", series_colour(0) if len(runs) == 1 else "quiet", True))
    return Figure(title or (runs[0].name if len(runs) == 1 else ""), panels, legend)


def score_name(runs: Sequence[RunFigures]) -> str | None:
    """The first figure of the runs' evaluations, by which they compare models; None if there was no evaluation."""
    names = [tag.partition("/")[2] for run in runs for tag in run.series if tag.startswith("Evaluate/")]
    return next((name for name in names if not name.startswith(AVERAGED)), None)


def best_point(values: dict[int, float]) -> tuple[int, float] | None:
    """Step and value of the largest, the first of equal ones; None if all are NaN."""
    finite = {step: value for step, value in values.items() if math.isfinite(value)}
    return max(finite.items(), key=lambda point: point[1]) if finite else None


def _steps_of(panels: Sequence[Panel]) -> Axis:
    """One range for all panels, from 0 unless the figures begin late."""
    steps = [step for panel in panels for line in panel.lines for step in line.steps]
    low, high = min(steps, default=0), max(steps, default=1)
    return Axis(0 if low < _LATE * high or low == high else low, max(high, 1))


def _name_with_score(run: RunFigures) -> str:
    """The legend's text for one of several runs."""
    name = score_name([run])
    found = [run.series.get(f"Evaluate/{prefix}{name}", {}) for prefix in ("", AVERAGED)]
    best = _best_of(found)
    if best is None:
        return run.name
    step, value = best
    return f"{run.name} (best {name} {_in_words(value, _unit_of(found))}, step {step})"


def _make_panel(runs: Sequence[RunFigures], key: str, options: CurveOptions) -> Panel | None:
    """The panel of a key; None for one drawn by default that is missing."""
    name = score_name(runs) if key == SCORE else key
    if name == "ips" and not all("Train/ips" in run.series for run in runs):
        return _steps_per_second(runs, options)
    tag = next((f"{kind}/{name}" for kind in ("Train", "Evaluate") if _is_there(runs, f"{kind}/{name}")), None)
    if tag is None:
        if key in DEFAULT_KEYS:
            return None
        known = sorted({tag.partition("/")[2] for run in runs for tag in run.series})
        raise DataError(f"--keys: no run has figures of {key!r}. {suggest(key, [SCORE, *known])}")
    is_score = tag.startswith("Evaluate/")
    found = [run.series.get(tag, {}) for run in runs]
    unit = _unit_of(found) if is_score else 1
    lines, marks = [], []
    for number, (run, values) in enumerate(zip(runs, found)):
        colour = series_colour(number)
        if is_score:
            lines.append(_line(values, colour, unit, dots=True))
            averaged = run.series.get(f"Evaluate/{AVERAGED}{name}")
            if averaged is not None:
                lines.append(_line(averaged, colour, unit, dots=True, dashed=True))
            best = _best_of([values, averaged or {}])
            if best is not None:  # for several runs the legend has the figures
                text = _in_words(best[1], unit) if len(runs) == 1 else ""
                marks.append(Mark(best[0], best[1] * unit, text, colour))
        else:
            lines += _smoothed(values, colour, 1 if key == "lr" else options.smooth)
    title, y_title = _TITLES.get(name, (name, f"{name} (%)" if unit == 100 else name))
    return Panel(title, _X_TITLE, y_title, lines, marks, _is_log(key, found, options))


def _steps_per_second(runs: Sequence[RunFigures], options: CurveOptions) -> Panel | None:
    """The speed of runs that do not all record samples per second."""
    lines = []
    for number, run in enumerate(runs):
        costs = run.series.get("Train/batch_cost", {})
        values = {step: 1 / cost for step, cost in costs.items() if cost > 0}
        lines += _smoothed(values, series_colour(number), options.smooth)
    lines = [line for line in lines if line.steps]
    return Panel("Speed", _X_TITLE, "steps per second", lines) if lines else None


def _is_there(runs: Sequence[RunFigures], tag: str) -> bool:
    return any(tag in run.series for run in runs)


def _unit_of(found: Sequence[dict[int, float]]) -> float:
    """100 for shares from 0 to 1, which are shown in per cent."""
    values = [value for series in found for value in series.values() if math.isfinite(value)]
    return 100 if all(0 <= value <= 1 for value in values) else 1


def _is_log(key: str, found: Sequence[dict[int, float]], options: CurveOptions) -> bool:
    if options.log_keys is not None:
        return key in options.log_keys
    rates = [value for values in found for value in values.values() if value > 0]
    if key != "lr" or not rates:
        return False
    return sum(rate < _SMALL_RATE * max(rates) for rate in rates) > _SHARE_OF_SMALL_RATES * len(rates)


def _best_of(found: Sequence[dict[int, float]]) -> tuple[int, float] | None:
    best = [point for values in found if (point := best_point(values)) is not None]
    return max(best, key=lambda point: point[1], default=None)


def _in_words(value: float, unit: float) -> str:
    return f"{value * unit:.2f} %" if unit == 100 else f"{value:.4g}"


def _line(values: dict[int, float], colour: str, unit: float = 1, **options: bool) -> Line:
    return Line(list(values), [value * unit for value in values.values()], colour, **options)


def _smoothed(values: dict[int, float], colour: str, width: int | None) -> list[Line]:
    """The points, and on top of them a mean if there are many."""
    if width is None:
        width = round(_SMOOTHED_SHARE * len(values)) if len(values) >= _FEWEST_SMOOTHED else 1
    if width < 2 or len(values) <= width:
        return [_line(values, colour)]
    steps = np.array(list(values), float)
    means = _moving_mean(np.array(list(values.values()), float), width)
    return [_line(values, colour, faint=True), Line(steps.tolist(), means.tolist(), colour)]


def _moving_mean(values: np.ndarray, width: int) -> np.ndarray:
    """The mean of the ``width`` finite values round each one, of fewer at the ends; NaN if there are none."""
    is_finite = np.isfinite(values)
    window = np.ones(width)
    sums = np.convolve(np.where(is_finite, values, 0.0), window, "same")
    counts = np.convolve(is_finite.astype(float), window, "same")
    return np.where(counts > 0.5, sums / np.maximum(counts, 1), np.nan)
