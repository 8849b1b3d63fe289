# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The content of panels of curves."""

import numpy as np
import pytest

from paddleseg.reports.curves import CurveOptions, draw_curves
from paddleseg.reports.run_records import RunFigures
from paddleseg.utils.errors import DataError


def a_run(name="a", count=20, rate=lambda share: 0.01 * (1 - share), **series):
    steps = [10 * (number + 1) for number in range(count)]
    run = RunFigures(name)
    run.series["Train/loss"] = {step: 100 / step for step in steps}
    run.series["Train/lr"] = {step: rate(step / steps[-1]) for step in steps}
    run.series["Train/ips"] = {step: 20.0 for step in steps}
    run.series["Train/batch_cost"] = {step: 0.25 for step in steps}
    run.series.update({f"Evaluate/{tag}": values for tag, values in series.items()})
    return run


def panels(*runs, **options):
    return {panel.title: panel for panel in draw_curves(runs, CurveOptions(**options)).panels}


def test_all_there_is_has_a_panel_with_titles_and_units():
    found = panels(a_run(mIoU={100: 0.4, 200: 0.5}))
    assert [(panel.title, panel.y_title) for panel in found.values()] == [
        ("Loss", "loss"),
        ("Learning rate", "learning rate"),
        ("mIoU", "mIoU (%)"),
        ("Speed", "samples per second"),
    ]
    assert {panel.x_title for panel in found.values()} == {"optimiser step"}
    assert list(panels(a_run())) == ["Loss", "Learning rate", "Speed"]


def test_shares_are_in_per_cent_with_the_best_one_named_and_others_are_as_they_are():
    panel = panels(a_run(mIoU={100: 0.4, 200: 0.5, 300: 0.45}))["mIoU"]
    assert panel.lines[0].values == [40.0, 50.0, 45.0]
    [mark] = panel.marks
    assert (mark.step, mark.value, mark.text) == (200, 50.0, "50.00 %")
    assert panels(a_run(error={100: 4.0}))["error"].lines[0].values == [4.0]


def test_the_moving_average_is_dashed_and_its_best_figure_counts():
    run = a_run(mIoU={100: 0.4, 200: 0.5}, EMA_mIoU={100: 0.3, 200: 0.6})
    figure = draw_curves([run])
    [panel] = [panel for panel in figure.panels if panel.title == "mIoU"]
    assert [line.dashed for line in panel.lines] == [False, True] and panel.marks[0].value == 60.0
    assert [(entry.text, entry.dashed) for entry in figure.legend] == [
        ("weights", False),
        ("their moving average", True),
    ]


def test_several_runs_have_colours_and_a_legend_with_their_best_figures():
    runs = [a_run("a", mIoU={100: 0.4}), a_run("b", mIoU={100: 0.3, 200: 0.5})]
    figure = draw_curves(runs)
    assert [entry.text for entry in figure.legend] == [
        "a (best mIoU 40.00 %, step 100)",
        "b (best mIoU 50.00 %, step 200)",
    ]
    assert len({entry.colour for entry in figure.legend}) == 2
    for panel in figure.panels:
        assert [line.colour for line in panel.lines] == [entry.colour for entry in figure.legend]
        assert panel.x_axis == figure.panels[0].x_axis


@pytest.mark.parametrize(
    ("rate", "is_log"),
    [
        (lambda share: 0.01 * (1 - share) ** 0.9, False),
        (lambda share: 0.01, False),
        (lambda share: 0.1 * 0.1 ** int(3 * share), True),
        (lambda share: 0.0, False),
    ],
)
def test_a_rate_in_steps_is_drawn_on_a_logarithmic_axis(rate, is_log):
    assert panels(a_run(count=200, rate=rate))["Learning rate"].is_log is is_log
    assert not panels(a_run(count=200, rate=rate), log_keys=["loss"])["Learning rate"].is_log
    assert panels(a_run(count=200, rate=rate), log_keys=["loss"])["Loss"].is_log


def test_an_axis_of_what_is_not_drawn_is_refused():
    with pytest.raises(DataError, match="--log losss: .*Did you mean 'loss'"):
        panels(a_run(), log_keys=["losss"])


def test_many_points_have_their_mean_above_them():
    run = a_run(count=200)
    random = np.random.default_rng(0)
    run.series["Train/loss"] = {step: float(value) for step, value in zip(run.series["Train/loss"], random.random(200))}
    run.series["Train/loss"][500] = float("nan")
    points, mean = panels(run, smooth=5)["Loss"].lines
    values = np.array(points.values)
    assert points.faint and not mean.faint and points.steps == mean.steps
    expected = [np.nanmean(values[max(0, i - 2) : i + 3]) for i in range(200)]
    np.testing.assert_allclose(mean.values, expected, rtol=1e-12)
    assert len(panels(run, smooth=1)["Loss"].lines) == 1


def test_the_speed_of_runs_that_do_not_say_their_samples_is_in_steps():
    other = a_run("b")
    del other.series["Train/ips"]
    panel = panels(a_run(), other)["Speed"]
    assert panel.y_title == "steps per second" and panel.lines[0].values[0] == 4.0


def test_a_key_that_no_run_has_is_refused_with_the_nearest():
    with pytest.raises(DataError, match=r"no run has figures of 'los'. Did you mean 'loss'"):
        panels(a_run(), keys=["los"])
    with pytest.raises(DataError, match="no figures of loss, lr, score, ips"):
        panels(RunFigures("a", {"Train/other": {1: 1.0}}))
