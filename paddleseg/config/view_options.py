# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The section ``test_config`` and the flags that override it: the views of evaluation and prediction."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Literal

from paddleseg.config.load import Config
from paddleseg.config.paddleseg_names import REFUSED_IN_TEST_CONFIG
from paddleseg.config.problems import Problems
from paddleseg.inference.views import OPTION_NAMES, SWITCHES, find_conflicts, find_type_faults, switched_on
from paddleseg.utils.near_miss import suggest

SECTION = "test_config"


def check_test_config(test_config: Mapping[str, Any], problems: Problems) -> None:
    """Note the faults of the section ``test_config``: keys, types, ranges and contradictions."""
    before = len(problems)
    for name, value in test_config.items():
        if name in REFUSED_IN_TEST_CONFIG and value is not False:
            problems.add(f"{SECTION}.{name}", REFUSED_IN_TEST_CONFIG[name])
        elif name not in OPTION_NAMES and name not in REFUSED_IN_TEST_CONFIG:
            problems.add(f"{SECTION}.{name}", f"there is no such key. {suggest(name, OPTION_NAMES)}")
    for name, message in find_type_faults(test_config):
        problems.add(f"{SECTION}.{name}", message)
    if len(problems) == before:
        for name, message in find_conflicts(switched_on(test_config)):
            problems.add(f"{SECTION}.{name}", message)


def add_view_arguments(parser: argparse.ArgumentParser, *, switch: Literal["aug_eval", "aug_pred"]) -> None:
    """Add PaddleSeg's flags to the parser of a command.

    Args:
        parser: The command's parser.
        switch: The command's name of the switch for scales and flips.
    """
    group = parser.add_argument_group(
        "how to look at a picture", f"each flag takes precedence over its key under {SECTION}; see docs/config.md"
    )
    given = {"action": "store_true", "default": None}
    size = {"nargs": 2, "type": int, "metavar": ("W", "H")}
    group.add_argument(f"--{switch}", **given, help="sum the probabilities over --scales and flips")
    group.add_argument(
        "--scales", nargs="+", type=float, metavar="S", help=f"scale factors, with --{switch} (default 1.0)"
    )
    group.add_argument("--flip_horizontal", **given, help=f"also use the mirror image, with --{switch}")
    group.add_argument("--flip_vertical", **given, help=f"also use the upside-down picture, with --{switch}")
    group.add_argument("--is_slide", **given, help="average over windows of --crop_size, --stride apart")
    group.add_argument("--crop_size", **size, help="width and height of a window, with --is_slide")
    group.add_argument("--stride", **size, help="steps to the right and down, at most --crop_size, with --is_slide")


def apply_view_arguments(
    config: Config, arguments: argparse.Namespace, *, switch: Literal["aug_eval", "aug_pred"]
) -> None:
    """Write the given flags into ``test_config``, where ``check_config`` checks them.

    Prediction uses scales and flips only with ``--aug_pred``; ``test_config.aug_eval`` is for evaluation, as in
    PaddleSeg. Windows are for both.

    Args:
        config: A loaded configuration, not checked yet; it is changed.
        arguments: The result of a parser with ``add_view_arguments``.
        switch: As there.
    """
    section = config.data.setdefault(SECTION, {})
    if not isinstance(section, dict):
        return  # reported by check_config
    if switch == "aug_pred" and not arguments.aug_pred:
        for name in ("aug_eval", *SWITCHES["aug_eval"]):
            section.pop(name, None)
    for name in OPTION_NAMES:
        flag = switch if name == "aug_eval" else name
        value = getattr(arguments, flag)
        if value is not None:
            section[name] = value
            config.sources[f"{SECTION}.{name}"] = f"--{flag}"
    for own_switch, names in SWITCHES.items():
        # A False in the file must not silence a flag.
        if section.get(own_switch) is False and any(getattr(arguments, name) is not None for name in names):
            del section[own_switch]
