# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""A knob is written once; key, flag, argument, check and documentation follow from it."""

import inspect
import typing

import pytest
import yaml

import train
from paddleseg.config.load import load_config
from paddleseg.config.schema import TOP_LEVEL, check_config
from paddleseg.core import train as train_function
from paddleseg.training.run_settings import RunSettings, knobs
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.type_hints import Bound


def bound_of(hint):
    """The bound in a hint or in a part of it (``Count | None``)."""
    parts = [hint, *typing.get_args(hint)]
    return next(
        (extra for part in parts for extra in getattr(part, "__metadata__", ()) if isinstance(extra, Bound)), None
    )


BOUNDED = [knob for knob in knobs() if bound_of(knob.hint) is not None]
# Flags of train.py that are not settings of a run: --fp16 is a short form, the next two replace keys within sections.
OTHER_FLAGS = {"help", "config", "opts", "fp16", "learning_rate", "data_format"}


def names(condition):
    return {knob.name for knob in knobs() if condition(knob)}


def test_flags_keys_and_arguments_are_those_of_the_knobs():
    flags = {action.dest for action in train.make_parser()._actions}
    assert flags - OTHER_FLAGS == names(lambda knob: knob.is_flag)
    assert names(lambda knob: knob.in_yaml) <= set(TOP_LEVEL)
    parameters = inspect.signature(train_function).parameters
    assert names(lambda knob: knob.is_argument) <= set(parameters)
    assert not names(lambda knob: not knob.is_argument) & set(parameters)
    assert all(knob.words in train_function.__doc__ for knob in knobs() if knob.is_argument)


def test_every_knob_has_its_words_and_a_default_that_is_allowed():
    RunSettings().check()
    assert all(knob.words and knob.words[0].islower() for knob in knobs())


@pytest.mark.parametrize("knob", BOUNDED, ids=lambda knob: knob.name)
def test_a_value_beyond_its_bound_is_refused_by_name_wherever_it_is_given(knob, tiny_config, train_here):
    bound = bound_of(knob.hint)
    value = bound.low - 1
    with pytest.raises(ConfigError, match=f"^{knob.name}: found {value}; it must be {bound.words}"):
        RunSettings(**{"do_eval": True, knob.name: value}).check()
    if knob.in_yaml:
        data = {**yaml.safe_load(tiny_config.read_text()), knob.name: value}
        if knob.name == "epochs":
            del data["iters"]
        tiny_config.write_text(yaml.safe_dump(data, sort_keys=False))
        with pytest.raises(ConfigError, match=rf"tiny\.yml:\d+: {knob.name}: found {value}; it must be"):
            check_config(load_config(tiny_config))
    elif knob.is_flag:
        with pytest.raises(ConfigError, match=f"--{knob.name}: found {value}; it must be"):
            train_here(f"--{knob.name}", value, "--do_eval")


def test_all_faults_are_told_at_once(tmp_path):
    (tmp_path / "file").touch()
    settings = RunSettings(save_dir=str(tmp_path / "file"), log_iters=0, early_stop_intervals=3, precision="half")
    with pytest.raises(ConfigError) as caught:
        settings.check("--{}".format)
    for part in (
        "4 problems", "--log_iters: found 0", "--precision: found 'half'; it must be one of fp32, fp16, bf16",
        "--early_stop_intervals: counts evaluations; give --do_eval too", "--save_dir: ",
    ):  # fmt: skip
        assert part in str(caught.value)
