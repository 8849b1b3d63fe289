# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The check of a whole configuration: all problems at once, with their places; users' own parts."""

import re

import pytest

from paddleseg.config.load import load_config
from paddleseg.config.schema import check_config
from paddleseg.registry import DATASETS, TRANSFORMS
from tests.config.messages import message_of


def test_checking_changes_nothing(training_yaml):
    config = load_config(training_yaml)
    check_config(config)
    assert config == load_config(training_yaml)


def test_all_problems_come_at_once_each_with_file_line_and_key(write_yaml):
    write_yaml("batch_size: 0\nloss: {types: [{type: CrossEntropyLoss}], coef: [1]}\n", "base.yml")
    path = write_yaml(
        """
        _base_: base.yml
        iters: 1
        model: {type: DDRNet_32, num_classes: 4}
        optimizer: {type: SGD, momentun: 0.9}
        """
    )
    lines = message_of(path).split("\n")
    assert lines[0].endswith("config.yml has 5 problems:")
    for pattern in (
        r"  \S*base\.yml:1: batch_size: found 0;",
        r"  \S*config\.yml: lr_scheduler: missing; train\.py needs it",
        r"  \S*config\.yml: train_dataset: missing; train\.py needs it",
        r"  \S*config\.yml:4: model\.type: no model 'DDRNet_32'\. Did you mean 'DDRNet_23'\? Known: DDRNet",
        r"  \S*config\.yml:5: optimizer\.momentun: SGD has no such argument\. Did you mean 'momentum'\?",
    ):
        assert sum(re.match(pattern, line) is not None for line in lines) == 1, pattern


def test_a_new_type_over_inherited_arguments_proposes_to_cut_them_off(write_yaml, training_yaml):
    text = "_base_: training.yml\nlr_scheduler: {type: StepDecay, step_size: 5}\n"
    write_yaml("_base_: training.yml\nlr_scheduler: {power: 0.9}\n", "middle.yml")
    path = write_yaml(text.replace("training", "middle"))
    message = message_of(path)
    assert "middle.yml:2: lr_scheduler.power: StepDecay has no such argument" in message
    assert "write `_inherited_: False` under lr_scheduler" in message
    assert message_of(write_yaml(text)) == ""


def test_what_a_replaced_list_lacks_is_not_looked_for_in_the_base_that_had_it(write_yaml, training_yaml):
    text = "_base_: %s\nseed: 1\ntrain_dataset: {transforms: [{type: Padding%s}, {type: Normalize}]}\n"
    write_yaml(text % ("training.yml", ", target_size: [8, 8]"), "middle.yml")
    path = write_yaml(text % ("middle.yml", ""))
    assert message_of(path) == f"{path}:3: train_dataset.transforms.0.target_size: missing; Padding needs it"


class Touchy:
    """A user's transform that refuses a value in its own words."""

    def __init__(self, size: int = 1):
        if size < 0:
            raise ValueError("size must not be below 0")

    def __call__(self, sample, rng):
        return sample


class WithoutGenerator:
    """A transform as PaddleSeg has them."""

    def __call__(self, data):
        return data


class PlainData:
    """A user's data set that is none of ours."""

    def __init__(self, transforms, num_classes: int = 4, mode: str = "train"): ...


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("train_dataset.transforms=[{type: Touchy, size: -1}, %s]", "transforms.0: size must not be below 0"),
        ("train_dataset.transforms=[{type: WithoutGenerator}, %s]", "transforms.0: WithoutGenerator cannot be called"),
        (
            "train_dataset={type: PlainData, transforms: [%s]}",
            "type: PlainData is not a paddleseg.datasets.",
        ),
    ],
)
def test_users_own_parts_that_cannot_work_are_told_before_anything_is_built(
    training_yaml, monkeypatch, option, message
):
    for registry, component in ((TRANSFORMS, Touchy), (TRANSFORMS, WithoutGenerator), (DATASETS, PlainData)):
        monkeypatch.setitem(registry._components, component.__name__, component)
    assert message_of(training_yaml, option % "{type: Normalize}").startswith(f"--opts: train_dataset.{message}")
