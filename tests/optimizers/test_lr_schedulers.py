# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Learning-rate schedules against hand-worked numbers and against Paddle's own schedules."""

import json
import math

import numpy as np
import paddle
import pytest

from paddleseg.optimizers import (
    CosineAnnealingDecay,
    MultiStepDecay,
    OneCycleLR,
    PolynomialDecay,
    ReduceOnPlateau,
    StepDecay,
)
from paddleseg.utils.errors import ConfigError


def rates(schedule, num_steps):
    """The rates that an optimiser stepped ``num_steps`` times would use."""
    values = []
    for _ in range(num_steps):
        values.append(schedule())
        schedule.step()
    return values


def camvid_schedule():
    return PolynomialDecay(0.05, 2000, end_lr=0.0, power=0.9, warmup_iters=100, warmup_start_lr=0.001)


def test_poly_with_warmup_gives_the_hand_worked_rates():
    values = rates(camvid_schedule(), 2001)
    assert values[0] == pytest.approx(0.001)
    assert values[50] == pytest.approx(0.0255)  # halfway from 0.001 to 0.05
    assert values[99] == pytest.approx(0.04951)
    assert values[100] == pytest.approx(0.05)  # the decay starts at its own step 0
    assert values[1050] == pytest.approx(0.05 * 0.5**0.9)  # 950 of 1900 steps decayed
    assert values[1999] == pytest.approx(0.05 * (1 / 1900) ** 0.9)
    assert values[2000] == 0.0


def test_poly_equals_what_paddleseg_builds_from_paddle_schedules():
    inner = paddle.optimizer.lr.PolynomialDecay(0.05, decay_steps=1900, end_lr=0.0, power=0.9)
    theirs = paddle.optimizer.lr.LinearWarmup(inner, warmup_steps=100, start_lr=0.001, end_lr=0.05)
    assert rates(camvid_schedule(), 2100) == pytest.approx(rates(theirs, 2100), rel=1e-12, abs=1e-15)


def test_poly_defaults_are_paddles():
    theirs = paddle.optimizer.lr.PolynomialDecay(0.01, decay_steps=40)
    assert rates(PolynomialDecay(0.01, 40), 50) == pytest.approx(rates(theirs, 50), rel=1e-12)


def test_poly_decay_steps_overrule_the_length_of_the_run():
    assert PolynomialDecay(0.1, 1000, end_lr=0.02, decay_steps=10).rate_at(5) == pytest.approx(0.06)


def test_poly_stays_at_end_lr():
    schedule = PolynomialDecay(0.1, 10, end_lr=0.02, power=0.9)
    assert [schedule.rate_at(step) for step in (10, 11, 1000)] == [0.02] * 3


def test_cosine_falls_and_never_rises_again():
    schedule = CosineAnnealingDecay(1.0, 110, eta_min=0.2, warmup_iters=10)
    assert schedule.rate_at(0) == 0.0
    assert schedule.rate_at(10) == 1.0
    assert schedule.rate_at(60) == pytest.approx(0.6)
    assert schedule.rate_at(35) == pytest.approx(0.2 + 0.8 * (1 + math.sqrt(0.5)) / 2)
    after_warmup = [schedule.rate_at(step) for step in range(10, 400)]
    assert after_warmup == sorted(after_warmup, reverse=True)
    assert after_warmup[100:] == pytest.approx([0.2] * 290)


def test_cosine_t_max_overrules_the_length_of_the_run():
    schedule = CosineAnnealingDecay(1.0, 100, T_max=20)
    assert schedule.rate_at(10) == pytest.approx(0.5)
    assert schedule.rate_at(50) == pytest.approx(0.0)


def test_step_decay_counts_from_the_end_of_the_warmup():
    schedule = StepDecay(1.0, 100, step_size=10, gamma=0.5, warmup_iters=4, warmup_start_lr=0.2)
    expected = {0: 0.2, 2: 0.6, 4: 1.0, 13: 1.0, 14: 0.5, 23: 0.5, 24: 0.25}
    assert {step: schedule.rate_at(step) for step in expected} == pytest.approx(expected)


def test_multi_step_decay_changes_at_each_milestone():
    schedule = MultiStepDecay(1.0, 100, milestones=[30, 60, 90])
    expected = {0: 1.0, 29: 1.0, 30: 0.1, 59: 0.1, 60: 0.01, 89: 0.01, 90: 0.001, 500: 0.001}
    assert {step: schedule.rate_at(step) for step in expected} == pytest.approx(expected)


def test_one_cycle_gives_the_hand_worked_rates():
    schedule = OneCycleLR(1.0, 20, divide_factor=10.0, end_learning_rate=0.0, phase_pct=0.55, anneal_strategy="linear")
    # It rises in 0.55 * 20 - 1 = 10 steps and falls in the 9 that are left.
    expected = {0: 0.1, 5: 0.55, 10: 1.0, 13: 6 / 9, 19: 0.0, 25: 0.0}
    assert {step: schedule.rate_at(step) for step in expected} == pytest.approx(expected)
    curved = OneCycleLR(1.0, 20, divide_factor=10.0, end_learning_rate=0.0, phase_pct=0.55)
    assert curved.rate_at(5) == pytest.approx(0.55)  # half a cosine is at its middle there
    assert curved.rate_at(13) == pytest.approx((1 + math.cos(math.pi / 3)) / 2)


@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize(("total", "share"), [(4, 0.3), (20, 0.25), (101, 0.4), (1000, 0.3)])
def test_one_cycle_equals_paddles(total, share, strategy, three_phase):
    settings = {"phase_pct": share, "anneal_strategy": strategy, "three_phase": three_phase, "divide_factor": 20.0}
    theirs = paddle.optimizer.lr.OneCycleLR(0.2, total, end_learning_rate=0.001, **settings)
    ours = OneCycleLR(0.2, total, end_learning_rate=0.001, **settings)
    assert rates(ours, total) == pytest.approx(rates(theirs, total), rel=1e-12)


@pytest.mark.parametrize("total", [1, 2, 3, 10])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_one_cycle_is_defined_for_every_length_and_after_its_end(total, share):
    schedule = OneCycleLR(0.1, total, phase_pct=share)
    assert all(0 <= rate <= 0.1 for rate in rates(schedule, total + 3))


def plateau(figures, **settings):
    """The rate after each of the figures, one a step."""
    schedule = ReduceOnPlateau(1.0, 100, **settings)
    found = []
    for figure in figures:
        schedule.step()
        schedule.observe(figure)
        found.append(schedule())
    return found


def test_a_plateau_of_the_loss_reduces_the_rate():
    # 3.0 is the best; two figures that are not better are borne, the third one reduces.
    assert plateau([4.0, 3.0, 3.0, 3.1, 3.2, 2.0], patience=2, factor=0.5) == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]


def test_a_plateau_of_miou_reduces_the_rate_and_a_rise_does_not():
    figures = [0.3, 0.5, 0.6, 0.6, 0.55, 0.61]
    assert plateau(figures, metric="mIoU", patience=1, factor=0.1) == pytest.approx([1.0] * 4 + [0.1, 0.1])


@pytest.mark.parametrize("metric", ["loss", "mIoU"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize("cooldown", [0, 3])
def test_reductions_equal_paddles(metric, threshold_mode, cooldown):
    settings = {
        "factor": 0.6, "patience": 2, "threshold": 0.05, "threshold_mode": threshold_mode, "cooldown": cooldown,
        "min_lr": 0.1, "epsilon": 1e-3,
    }  # fmt: skip
    figures = np.random.default_rng(4).uniform(0.3, 0.9, 120).tolist()
    theirs = paddle.optimizer.lr.ReduceOnPlateau(1.0, mode="min" if metric == "loss" else "max", **settings)
    expected = []
    for figure in figures:
        theirs.step(figure)
        expected.append(theirs())
    assert plateau(figures, metric=metric, **settings) == pytest.approx(expected, rel=1e-12)
    assert len(set(expected)) > 3  # it was reduced down to min_lr, not only once
    assert expected[-1] == 0.1


def test_the_threshold_is_a_share_of_the_best_figure_or_as_it_is():
    settings = {"patience": 0, "factor": 0.5, "threshold": 0.1}
    assert plateau([10.0, 9.5], threshold_mode="abs", **settings) == [1.0, 1.0]  # below 9.9
    assert plateau([10.0, 9.5], threshold_mode="rel", **settings) == [1.0, 0.5]  # not below 9
    assert plateau([0.5, 0.56], metric="mIoU", threshold_mode="abs", **settings) == [1.0, 0.5]  # not above 0.6
    assert plateau([0.5, 0.56], metric="mIoU", threshold_mode="rel", **settings) == [1.0, 1.0]  # above 0.55


def test_a_reduction_that_is_not_worth_it_is_left_out():
    # From 1 to 0.5 is more than epsilon, from 0.5 to 0.25 is not.
    assert plateau([1.0, 2.0, 2.0, 2.0], patience=0, factor=0.5, epsilon=0.25) == [1.0, 0.5, 0.5, 0.5]


def test_figures_of_the_warmup_are_not_looked_at():
    settings = {"patience": 0, "factor": 0.5, "warmup_iters": 3, "warmup_start_lr": 0.4}
    # Rates of the steps that follow: 0.6 and 0.8 of the warm-up, then 1.0; the fifth figure is the first bad one.
    assert plateau([1.0, 2.0, 3.0, 9.0, 9.0, 9.0], **settings) == pytest.approx([0.6, 0.8, 1.0, 1.0, 0.5, 0.25])


def test_a_restored_plateau_goes_on_with_the_same_rates():
    settings = {"patience": 2, "factor": 0.5, "threshold": 0.01, "cooldown": 2, "warmup_iters": 4}
    figures = np.random.default_rng(1).uniform(1, 2, 40).tolist()
    whole = plateau(figures, **settings)
    assert len(set(whole[4:])) > 3
    for stop in (0, 3, 4, 9, 17, 30):
        first, second = ReduceOnPlateau(1.0, 100, **settings), ReduceOnPlateau(1.0, 100, **settings)
        for figure in figures[:stop]:
            first.step()
            first.observe(figure)
        second.set_state_dict(json.loads(json.dumps(first.state_dict())))
        assert second() == first()
        found = []
        for figure in figures[stop:]:
            second.step()
            second.observe(figure)
            found.append(second())
        assert found == whole[stop:]


def test_a_plateau_cannot_go_on_from_another_schedule():
    with pytest.raises(ConfigError, match="ReduceOnPlateau, but the checkpoint was trained with another schedule"):
        ReduceOnPlateau(1.0, 100).set_state_dict(PolynomialDecay(1.0, 100).state_dict())


def test_a_restored_schedule_has_the_rate_of_its_own_settings():
    saved = PolynomialDecay(0.1, 10, end_lr=0.0)
    rates(saved, 4)
    resumed = PolynomialDecay(0.1, 20, end_lr=0.0)  # the run was made longer
    resumed.set_state_dict(saved.state_dict())
    assert resumed() == pytest.approx(0.1 * 16 / 20)


SCHEDULES = [
    lambda: PolynomialDecay(0.05, 60, power=0.9, warmup_iters=7, warmup_start_lr=0.001),
    lambda: CosineAnnealingDecay(0.05, 60, warmup_iters=7, eta_min=1e-5),
    lambda: StepDecay(0.05, 60, step_size=9, gamma=0.3, warmup_iters=7),
    lambda: MultiStepDecay(0.05, 60, milestones=[10, 20], gamma=0.3, warmup_iters=7),
    lambda: ReduceOnPlateau(0.05, 60, warmup_iters=7, warmup_start_lr=0.01),
    lambda: OneCycleLR(0.05, 60),
]


@pytest.mark.parametrize("make", SCHEDULES)
@pytest.mark.parametrize("stop", [0, 3, 7, 8, 31, 59])
def test_a_restored_schedule_goes_on_bit_for_bit(make, stop):
    whole = rates(make(), 70)
    interrupted = make()
    assert rates(interrupted, stop) == whole[:stop]
    resumed = make()
    resumed.set_state_dict(interrupted.state_dict())
    assert rates(resumed, 70 - stop) == whole[stop:]


@pytest.mark.parametrize("make", SCHEDULES)
def test_the_first_rate_is_that_of_step_zero(make):
    schedule = make()
    assert schedule() == schedule.rate_at(0)


def test_a_run_shorter_than_the_warmup_works_and_is_reported(log):
    schedule = PolynomialDecay(0.05, 10, warmup_iters=100, warmup_start_lr=0.001)
    assert schedule.rate_at(9) == pytest.approx(0.001 + 0.049 * 0.09)
    assert "warmup_iters is 100, but training has 10 steps" in log.text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PolynomialDecay(0.0, 10), "learning_rate: found 0.0; it must be above 0"),
        (lambda: PolynomialDecay(0.1, 0), "total_steps: found 0; it must be 1 or more"),
        (lambda: OneCycleLR(0.1, -1), "total_steps: found -1"),
        (lambda: PolynomialDecay(0.1, 10, power=0), "power: found 0"),
        (lambda: PolynomialDecay(0.1, 10, end_lr=-1.0), "end_lr: found -1.0"),
        (lambda: PolynomialDecay(0.1, 10, decay_steps=0), "decay_steps: found 0"),
        (lambda: PolynomialDecay(0.1, 10, warmup_iters=-1), "warmup_iters: found -1"),
        (
            lambda: PolynomialDecay(0.1, 10, warmup_iters=2, warmup_start_lr=0.2),
            "warmup_start_lr: found 0.2; .* 0 to 0.1",
        ),
        (lambda: CosineAnnealingDecay(0.1, 10, T_max=0), "T_max: found 0"),
        (lambda: StepDecay(0.1, 10, step_size=0), "step_size: found 0"),
        (lambda: StepDecay(0.1, 10, step_size=3, gamma=0), "gamma: found 0"),
        (lambda: OneCycleLR(0.1, 10, phase_pct=1.5), "phase_pct: found 1.5"),
        (lambda: OneCycleLR(0.1, 10, phase_pct=0.5, three_phase=True), "phase_pct: found 0.5; .* below 0.5"),
        (lambda: OneCycleLR(0.1, 10, divide_factor=0), "divide_factor: found 0"),
        (lambda: OneCycleLR(0.1, 10, end_learning_rate=-1.0), "end_learning_rate: found -1.0"),
        (
            lambda: OneCycleLR(0.1, 10, anneal_strategy="sin"),
            "anneal_strategy: found 'sin'; .* cos, linear",
        ),
        (
            lambda: ReduceOnPlateau(0.1, 10, threshold_mode="no"),
            "threshold_mode: found 'no'; .* rel, abs",
        ),
        (lambda: ReduceOnPlateau(0.1, 10, factor=1.0), "factor: found 1.0; .* below 1"),
        (lambda: ReduceOnPlateau(0.1, 10, mode="max"), "mode: found 'max'; it must be min with metric: loss"),
        (lambda: ReduceOnPlateau(0.1, 10, metric="mIoU", mode="min"), "mode: found 'min'; it must be max"),
        (lambda: ReduceOnPlateau(0.1, 10, patience=-1), "patience: found -1"),
        (lambda: ReduceOnPlateau(0.1, 10, cooldown=-1), "cooldown: found -1"),
        (lambda: ReduceOnPlateau(0.1, 10, threshold=-1.0), "threshold: found -1.0"),
        (lambda: ReduceOnPlateau(0.1, 10, min_lr=0.1), "min_lr: found 0.1; .* 0 to below 0.1"),
        (lambda: MultiStepDecay(0.1, 10, milestones=[5, 5]), r"milestones: found \[5, 5\]; .* rise"),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(ConfigError, match=rf"^\w+: {message}"):
        make()


def test_numbers_of_numpy_give_the_rates_of_plain_ones():
    for ours, plain in (
        (PolynomialDecay(np.float32(0.5), np.int64(10)), PolynomialDecay(0.5, 10)),
        (MultiStepDecay(0.5, 10, milestones=np.array([2, 4])), MultiStepDecay(0.5, 10, milestones=[2, 4])),
    ):
        assert [ours.rate_at(step) for step in range(10)] == [plain.rate_at(step) for step in range(10)]
        ours.step()
        assert {type(value) for value in ours.state_dict().values()} <= {int, float}
