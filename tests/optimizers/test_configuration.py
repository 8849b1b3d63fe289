# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""``optimizer`` and ``lr_scheduler`` in YAML: PaddleSeg's names, and what is refused by name."""

import re

import pytest
from paddle.optimizer import lr

from paddleseg.config.build import build_lr_schedule, build_optimizer, describe_optimizer
from paddleseg.config.load import load_config
from paddleseg.config.paddleseg_names import advice_for
from paddleseg.config.schema import check_config
from paddleseg.models import DDRNet_23_slim
from paddleseg.registry import LR_SCHEDULERS, OPTIMIZERS
from paddleseg.utils.errors import ConfigError

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.fixture
def checked(tiny_config):
    """The checked configuration with other sections: ``checked(optimizer="{type: Adam}", do_eval=True)``."""

    def check(do_eval=False, **sections):
        kept = [line for line in tiny_config.read_text().splitlines() if line.partition(":")[0] not in sections]
        tiny_config.write_text("\n".join([*kept, *(f"{key}: {value}" for key, value in sections.items())]))
        config = load_config(tiny_config)
        check_config(config, command="train", do_eval=do_eval)
        return config

    return check


def refused(checked, **sections):
    with pytest.raises(ConfigError) as error:
        checked(**sections)
    [line] = str(error.value).splitlines()
    return line


@pytest.mark.parametrize(
    ("optimizer", "description"),
    [
        ("{type: sgd}", "SGD, momentum 0.9, no weight decay"),
        ("{type: adam, weight_decay: 1e-4}", "Adam, betas 0.9 and 0.999, L2 weight decay 0.0001"),
        ("{type: Momentum, use_nesterov: True}", "Momentum, momentum 0.9 (Nesterov), no weight decay"),
        ("{type: RMSProp, rho: 0.9, momentum: 0.9}", "RMSProp, rho 0.9, momentum 0.9, no weight decay"),
    ],
)
def test_optimisers_are_known_by_the_names_of_paddleseg_and_its_older_fork(checked, optimizer, description):
    config = checked(optimizer=optimizer)
    assert describe_optimizer(config).startswith(f"{description}; learning rate")
    build_optimizer(config, DDRNet_23_slim(num_classes=4), 0.1).step()


def test_the_highest_rate_of_one_cycle_has_paddles_name_too(checked):
    config = checked(lr_scheduler="{type: OneCycleLR, max_learning_rate: 0.2, divide_factor: 10}")
    assert build_lr_schedule(config, 100).rate_at(0) == pytest.approx(0.02)
    assert "learning rate 0.2, OneCycleLR (divide_factor 10," in describe_optimizer(config)


def test_a_plateau_of_miou_is_right_where_there_are_evaluations(checked):
    section = "{type: ReduceOnPlateau, learning_rate: 0.1, metric: mIoU, mode: max}"
    assert build_lr_schedule(checked(do_eval=True, lr_scheduler=section), 100).metric == "mIoU"
    assert "lr_scheduler.metric: mIoU is known only after evaluations" in refused(checked, lr_scheduler=section)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("type: OneCycleLR, warmup_iters: 5", "lr_scheduler.warmup_iters: OneCycleLR begins with a rise of its own"),
        ("type: OneCycleLR, total_steps: 5", "lr_scheduler.total_steps: the length of the training is iters"),
        ("type: OneCycleLR, anneal_strategy: sin", "anneal_strategy: found 'sin'; it must be one of cos, linear"),
        ("type: StepDecay, step_size: 2, verbose: True", "lr_scheduler.verbose: the learning rate stands in each line"),
        ("type: ReduceOnPlateau, mode: max", "lr_scheduler.mode: found 'max'; it must be min with metric: loss"),
        ("type: ReduceOnPlateau, factor: 1.5", "lr_scheduler.factor: found 1.5; it must be above 0 and below 1"),
        ("type: ReduceOnPlateau, metric: Acc", "lr_scheduler.metric: found 'Acc'; it must be one of loss, mIoU"),
        ("type: ReduceOnPlateau, patience: -1", "lr_scheduler.patience: found -1; it must be 0 or more"),
        ("type: PolynomialDecay, warmup_start_lr: 0.2", "lr_scheduler.warmup_start_lr: found 0.2; it must be 0 to 0.1"),
        (
            "type: LinearWarmup",
            "no learning-rate schedule 'LinearWarmup'. Give the schedule that follows it, with warm",
        ),
        ("type: PiecewiseDecay", "no learning-rate schedule 'PiecewiseDecay'. Use MultiStepDecay with the boundaries"),
        ("type: StepDecai", "no learning-rate schedule 'StepDecai'. Did you mean 'StepDecay'?"),
    ],
)
def test_schedules_refuse_by_name_before_anything_is_built(checked, settings, message):
    assert message in refused(checked, lr_scheduler=f"{{learning_rate: 0.1, {settings}}}")


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        ("{type: AdamW, layerwise_decay: 0.65}", "optimizer.layerwise_decay: .* transformer .* custom_cfg, e.g."),
        ("{type: AdamWDL}", "no optimizer 'AdamWDL'. .* use AdamW, .* custom_cfg"),
        ("{type: Adam, lazy_mode: True}", "optimizer.lazy_mode: it is for sparse gradients"),
        ("{type: RMSProp, rho: 1.0}", "optimizer.rho: found 1.0; it must be from 0 to below 1"),
        ("{type: SGD, nesterov: True}", "optimizer.nesterov: found True, but momentum is 0; set momentum"),
        ("{type: Momentum, momentum: 0, nesterov: True}", "optimizer.nesterov: found True, but momentum is 0"),
        ("{type: Adam, grad_clip_cfg: {name: Clip}}", "optimizer.grad_clip_cfg.name: found 'Clip'; it must be one of "),
        (
            "{type: Adam, custom_cfg: [{name: x, nam: y}]}",
            "custom_cfg.0.nam: there is no such key. Did you mean 'name'",
        ),
        (
            "{type: AdamW, custom_cfg: [{name: x, weight_decay_mult: 0.5}]}",
            "optimizer.custom_cfg.0.weight_decay_mult: found 0.5; it must be 0 or 1 with AdamW",
        ),
    ],
)
def test_optimisers_refuse_by_name_before_anything_is_built(checked, optimizer, message):
    assert re.search(message, refused(checked, optimizer=optimizer))


def OwnOptimizer(parameters, learning_rate, speed: float = 0.5, power: float = 1.0, note=None):
    """A user's optimiser, which has none of the settings of ours."""


def OwnSchedule(learning_rate=0.3, total_steps=None, steepness: float = 2.0):
    if total_steps > 4:
        raise ValueError("this schedule is for short trainings")


def BareSchedule(learning_rate, total_steps): ...


def test_a_users_own_optimiser_and_schedule_are_described_and_see_the_true_length_only(checked, monkeypatch):
    monkeypatch.setitem(OPTIMIZERS._components, "OwnOptimizer", OwnOptimizer)
    for schedule in (OwnSchedule, BareSchedule):
        monkeypatch.setitem(LR_SCHEDULERS._components, schedule.__name__, schedule)
    config = checked(optimizer="{type: OwnOptimizer, power: 0}", lr_scheduler="{type: OwnSchedule}")
    text = "OwnOptimizer (speed 0.5, power 0); learning rate 0.3, OwnSchedule (steepness 2)"
    assert describe_optimizer(config) == text
    build_lr_schedule(config, 4)
    with pytest.raises(ConfigError, match="lr_scheduler: this schedule is for short trainings"):
        build_lr_schedule(config, 5)
    config = checked(optimizer="{type: OwnOptimizer}", lr_scheduler="{type: BareSchedule, learning_rate: 1e-3}")
    assert describe_optimizer(config).endswith("; learning rate 0.001, BareSchedule")


def test_every_schedule_of_paddle_is_built_in_or_has_advice():
    for name in set(lr.__all__) - {"LRScheduler"}:
        assert name in LR_SCHEDULERS or advice_for(LR_SCHEDULERS.role, name)
