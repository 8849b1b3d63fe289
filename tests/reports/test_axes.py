# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Ticks of axes and their labels."""

import math

import numpy as np
import pytest

from paddleseg.reports.axes import Axis, tick_labels


@pytest.mark.parametrize("seed", range(20))
def test_ticks_are_even_round_numbers_within_the_range(seed):
    random = np.random.default_rng(seed)
    low = random.normal() * 10 ** random.uniform(-5, 6)
    axis = Axis(low, low + abs(low) * 10 ** random.uniform(-2, 6))
    ticks = axis.ticks(5)
    assert 3 <= len(ticks) <= 8
    slack = 1e-6 * (axis.high - axis.low)
    assert axis.low - slack <= min(ticks) and max(ticks) <= axis.high + slack
    step = ticks[1] - ticks[0]
    np.testing.assert_allclose(np.diff(ticks), step, rtol=1e-6)
    digits = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert any(digits == pytest.approx(one, rel=1e-6) for one in (1, 2, 2.5, 5, 10))


@pytest.mark.parametrize("seed", range(20))
def test_neighbouring_ticks_say_different_things(seed):
    random = np.random.default_rng(seed)
    low = 10 ** random.uniform(-6, 3)
    for is_log in (False, True):
        ticks = Axis(low, low * 10 ** random.uniform(0.3, 5), is_log).ticks()
        labels = tick_labels(ticks)
        assert len(set(labels)) == len(labels) > 1, (ticks, labels)


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([0, 0.25, 0.5], ["0", "0.25", "0.50"]),
        ([0, 5, 10], ["0", "5", "10"]),
        ([0, 50000, 100000], ["0", "50k", "100k"]),
        ([0, 2500000, 5000000], ["0", "2.5M", "5M"]),
        ([1e-5, 1e-4, 1e-3, 1e-2], ["1e-5", "1e-4", "0.001", "0.01"]),
        ([0, 2e-5, 4e-5], ["0", "2e-5", "4e-5"]),
        ([-0.5, 0, 0.5], ["-0.5", "0", "0.5"]),
    ],
)
def test_labels_have_as_many_digits_as_are_needed(ticks, labels):
    assert tick_labels(ticks) == labels


def test_a_logarithmic_axis_has_powers_of_ten_and_room_for_positive_values_alone():
    axis = Axis.around([0.0, 1e-5, 1e-2, math.nan], is_log=True)
    assert axis.low < 1e-5 and axis.high > 1e-2
    assert axis.ticks() == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2])
    assert axis.share(1e-4) - axis.share(1e-5) == pytest.approx(axis.share(1e-2) - axis.share(1e-3))
    assert not axis.has(0.0) and not axis.has(math.inf) and axis.has(1e-5)


@pytest.mark.parametrize("values", [[], [math.nan], [0.5], [0.0, 0.0], [-3.0], [1e9, 1e9]])
def test_any_values_have_an_axis(values):
    for is_log in (False, True):
        axis = Axis.around(values, is_log=is_log)
        assert axis.low < axis.high and axis.ticks()
