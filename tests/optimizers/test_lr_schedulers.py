# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Learning-rate schedules against hand-worked numbers and against Paddle's own schedules."""

import math

import paddle
import pytest

from paddleseg.optimizers import CosineAnnealingDecay, MultiStepDecay, PolynomialDecay, StepDecay
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


SCHEDULES = [
    lambda: PolynomialDecay(0.05, 60, power=0.9, warmup_iters=7, warmup_start_lr=0.001),
    lambda: CosineAnnealingDecay(0.05, 60, warmup_iters=7, eta_min=1e-5),
    lambda: StepDecay(0.05, 60, step_size=9, gamma=0.3, warmup_iters=7),
    lambda: MultiStepDecay(0.05, 60, milestones=[10, 20], gamma=0.3, warmup_iters=7),
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


def test_a_run_shorter_than_the_warmup_works_and_is_reported(caplog):
    import logging

    logging.getLogger("paddleseg").addHandler(caplog.handler)
    try:
        schedule = PolynomialDecay(0.05, 10, warmup_iters=100, warmup_start_lr=0.001)
    finally:
        logging.getLogger("paddleseg").removeHandler(caplog.handler)
    assert schedule.rate_at(9) == pytest.approx(0.001 + 0.049 * 0.09)
    assert "warmup_iters is 100, but training has 10 steps" in caplog.text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PolynomialDecay(0.0, 10), "learning_rate is 0.0; it must be a number above 0"),
        (lambda: PolynomialDecay(0.1, 10, power=0), "power is 0"),
        (lambda: PolynomialDecay(0.1, 10, end_lr=-1.0), "end_lr is -1.0"),
        (lambda: PolynomialDecay(0.1, 10, decay_steps=0), "decay_steps is 0"),
        (lambda: PolynomialDecay(0.1, 10, warmup_iters=-1), "warmup_iters is -1"),
        (
            lambda: PolynomialDecay(0.1, 10, warmup_iters=2, warmup_start_lr=0.2),
            "warmup_start_lr is 0.2; .* 0 to 0.1",
        ),
        (lambda: CosineAnnealingDecay(0.1, 10, T_max=0), "T_max is 0"),
        (lambda: StepDecay(0.1, 10, step_size=0), "step_size is 0"),
        (lambda: StepDecay(0.1, 10, step_size=3, gamma=0), "gamma is 0"),
        (lambda: MultiStepDecay(0.1, 10, milestones=[5, 5]), r"milestones is \[5, 5\]; .* rise"),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(ConfigError, match=f"lr_scheduler.{message}"):
        make()
