# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The options of evaluation and prediction: from YAML, from flags, and contradictions."""

import pytest

from paddleseg.config.foreign_words import rewriter
from paddleseg.config.load import Config
from paddleseg.config.problems import Problems
from paddleseg.config.view_options import add_view_arguments, apply_view_arguments, check_test_config
from paddleseg.inference.views import ViewOptions
from paddleseg.utils.cli import CommandParser
from paddleseg.utils.errors import ConfigError

WINDOWS = {"is_slide": True, "crop_size": [64, 48], "stride": [32, 24]}
VIEWS = {"aug_eval": True, "scales": [0.75, 1.0], "flip_horizontal": True, "flip_vertical": True}


def check(test_config, sources=None):
    problems = Problems("mine.yml", sources or {})
    check_test_config(test_config, problems)
    problems.raise_if_any()


def from_command_line(text, test_config=None, switch="aug_eval"):
    """The configuration after the flags in ``text``, checked."""
    parser = CommandParser(rewrite=rewriter("val.py"))
    add_view_arguments(parser, switch=switch)
    config = Config("mine.yml", {} if test_config is None else {"test_config": test_config})
    apply_view_arguments(config, parser.parse_args(text.split()), switch=switch)
    check(config.section("test_config"), config.sources)
    return ViewOptions.from_test_config(config.section("test_config"))


def test_the_default_looks_once_at_the_whole():
    options = ViewOptions.from_test_config({})
    assert options == ViewOptions()
    assert options.views == [(1.0, ())]
    assert options.see_whole((1, 1))
    assert options.describe() == "whole"


def test_views_are_all_scales_with_all_combinations_of_flips():
    # Axis 3 of (N, C, H, W) is the width, axis 2 the height.
    assert ViewOptions(**VIEWS).views == [(scale, axes) for scale in (0.75, 1.0) for axes in ((), (3,), (2,), (2, 3))]
    assert ViewOptions(aug_eval=True, flip_vertical=True).views == [(1.0, ()), (1.0, (2,))]


@pytest.mark.parametrize(
    ("values", "size_hw", "expected"),
    [
        (WINDOWS, (48, 64), True),
        (WINDOWS, (49, 64), False),
        (WINDOWS, (48, 65), False),
        ({"aug_eval": True, "scales": [1]}, (9, 9), True),
        ({"aug_eval": True, "scales": 0.5}, (9, 9), False),
        ({"aug_eval": True, "flip_horizontal": True}, (9, 9), False),
    ],
)
def test_a_picture_is_seen_whole_when_one_window_covers_it_and_nothing_else_is_asked_for(values, size_hw, expected):
    check(values)
    assert ViewOptions.from_test_config(values).see_whole(size_hw) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--is_slide --crop_size 64 48 --stride 32 24", WINDOWS),
        ("--aug_eval --scales 0.75 1.0 --flip_horizontal --flip_vertical", VIEWS),
        ("--aug_eval --scales=0.5", {"aug_eval": True, "scales": 0.5}),
        ("--auc_roc False", {}),
        ("", {}),
    ],
)
def test_flags_and_yaml_mean_the_same(text, expected):
    check(expected)
    assert from_command_line(text) == ViewOptions.from_test_config(expected)


def test_a_flag_wins_and_the_rest_of_the_section_stays():
    found = from_command_line("--stride 64 48 --scales 1.5", {**WINDOWS, **VIEWS})
    assert found == ViewOptions(**{**WINDOWS, **VIEWS, "stride": [64, 48], "scales": [1.5]})


def test_a_switch_that_is_false_puts_what_stands_beside_it_to_rest():
    section = {**WINDOWS, **VIEWS, "is_slide": False, "aug_eval": False}
    check(section)
    assert ViewOptions.from_test_config(section) == ViewOptions()
    assert from_command_line("--is_slide", section) == ViewOptions(**WINDOWS)


def test_prediction_takes_windows_from_the_section_and_views_only_when_asked():
    section = {**WINDOWS, **VIEWS}
    assert from_command_line("", dict(section), "aug_pred") == ViewOptions(**WINDOWS)
    assert from_command_line("--aug_pred", dict(section), "aug_pred") == ViewOptions(**section)
    with pytest.raises(ConfigError, match=r"^--scales: test_config\.scales: has no effect without aug_eval.*aug_pred"):
        from_command_line("--scales 0.5", dict(section), "aug_pred")


@pytest.mark.parametrize(
    ("test_config", "message"),
    [
        ({"crop_size": [64, 48]}, "crop_size: has no effect without is_slide: add is_slide: True"),
        ({"stride": [64, 48]}, "stride: has no effect without is_slide"),
        ({"scales": [0.5, 1.0]}, "scales: has no effect without aug_eval: add aug_eval: True"),
        ({"flip_horizontal": True}, "flip_horizontal: has no effect without aug_eval"),
        ({"flip_vertical": True}, "flip_vertical: has no effect without aug_eval"),
        ({"is_slide": True, "crop_size": [64, 48]}, "is_slide: stride missing; add stride"),
        ({**WINDOWS, "stride": [65, 24]}, r"stride: \[65, 24\] is above crop_size \[64, 48\]"),
        ({**WINDOWS, "stride": [32, 49]}, r"stride: \[32, 49\] is above crop_size \[64, 48\]"),
        ({**WINDOWS, "stride": [0, 24]}, "stride: found .*1 or more"),
        ({**WINDOWS, "crop_size": [64]}, r"crop_size: found \[64\]; it must be a list of 2"),
        ({**WINDOWS, "crop_size": 64}, "crop_size: found 64; it must be a list of 2"),
        ({**VIEWS, "scales": [1.0, 0]}, r"scales: found \[1.0, 0\]; it must be above 0"),
        ({**VIEWS, "scales": -1}, "scales: found -1; it must be above 0"),
        ({**VIEWS, "scales": []}, "scales: empty"),
        ({**VIEWS, "scales": "all"}, "scales: found 'all'; it must be a number or a list of numbers"),
        ({"is_slide": 1}, "is_slide: found 1; it must be True or False"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_yaml_and_in_the_library(test_config, message):
    with pytest.raises(ConfigError, match=rf"mine\.yml: test_config\.{message}"):
        check(test_config)
    with pytest.raises(ConfigError, match=message):
        ViewOptions(**test_config)


def test_what_is_given_without_asking_for_anything_needs_no_switch():
    # The defaults of PaddleSeg's functions.
    values = dict(aug_eval=False, scales=1.0, flip_horizontal=False, flip_vertical=False)
    options = ViewOptions(**values, is_slide=False, stride=None, crop_size=None)
    assert options == ViewOptions()
    check({"scales": 1.0, "flip_vertical": False})


def test_all_problems_are_told_at_once_each_with_its_flag():
    with pytest.raises(ConfigError) as info:
        from_command_line("--crop_size 64 48 --flip_horizontal --scales -1", {"is_slid": True})
    assert "mine.yml has 2 problems" in str(info.value)  # what does not go together comes after the rest is right
    assert "test_config.is_slid: there is no such key" in str(info.value)
    assert "--scales: test_config.scales: found [-1.0]; it must be above 0" in str(info.value)
    with pytest.raises(ConfigError) as info:
        from_command_line("--crop_size 64 48 --flip_horizontal")
    assert "--crop_size: test_config.crop_size: has no effect without is_slide" in str(info.value)
    assert "--flip_horizontal: test_config.flip_horizontal: has no effect without aug_eval" in str(info.value)


def test_a_flag_is_not_silenced_by_a_false_in_the_file():
    with pytest.raises(ConfigError, match="--crop_size: .*no effect without is_slide"):
        from_command_line("--crop_size 64 48", {"is_slide": False})


@pytest.mark.parametrize("text", ["--auc_roc", "--auc_roc True", "--auc_roc=True", "--use_multilabel"])
def test_what_is_left_out_is_refused_by_name_with_advice(text):
    with pytest.raises(ConfigError, match=r"^--(auc_roc|use_multilabel)( True)?: .*; remove it, and "):
        from_command_line(text)
    name = text.split()[0].partition("=")[0][2:]
    with pytest.raises(ConfigError, match=rf"test_config\.{name}: "):
        check({name: True})
    check({name: False})


def test_an_unknown_key_is_told_with_the_nearest_one():
    with pytest.raises(ConfigError, match="test_config.cropsize: there is no such key. Did you mean 'crop_size'"):
        check({"cropsize": [1, 1]})


def test_a_description_names_everything_that_differs_from_the_default():
    text = ViewOptions(**WINDOWS, **VIEWS).describe()
    assert text == "windows of 64x48 every 32x24; scales 0.75, 1; flipped horizontally and vertically"


def test_equal_options_are_equal_however_they_are_written():
    as_tuples = ViewOptions(is_slide=True, crop_size=(64, 48), stride=(32, 24), scales=1)
    assert {ViewOptions(**WINDOWS), ViewOptions(**WINDOWS, scales=None), as_tuples} == {as_tuples}
