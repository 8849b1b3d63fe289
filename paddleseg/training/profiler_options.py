# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The options of ``train.py --profiler_options``, in PaddleSeg's format.

The keys and most defaults are PaddleSeg's, which by default only takes times and so never writes ``profile_path``; here
``timer_only`` is False by default, and the file is written.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from paddleseg.utils.cli import str2bool
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.near_miss import suggest

FLAG = "--profiler_options"
SORTED_KEYS = {"total": "Total", "ave": "Avg", "max": "Max", "min": "Min"}
_ONLY_WITH_A_PROFILE = ("state", "sorted_key", "tracer_option", "profile_path")


@dataclass(frozen=True)
class ProfilerOptions:
    """The options of ``--profiler_options``.

    Attributes:
        batch_range: First recorded step and the one after the last, counted from 0 where this run starts
            (a resumed one too).
        state: ``CPU``, or ``GPU`` or ``All`` for the card as well.
        sorted_key: The order of the printed table of operators: ``total``, ``ave``, ``max`` or ``min`` time.
        tracer_option: ``Default`` has one line per kind of operator, ``OpDetail`` its inner parts too,
            ``AllOpDetail`` records memory allocations besides.
        profile_path: File for the timeline, which chrome://tracing and ui.perfetto.dev show; None for
            ``profile.json`` in the run's folder.
        exit_on_finished: End the run after the recorded steps, with a checkpoint, or go on.
        timer_only: Take times only; there is no table and no file.
    """

    batch_range: tuple[int, int] = (10, 20)
    state: str = "All"
    sorted_key: str = "total"
    tracer_option: str = "Default"
    profile_path: str | None = None
    exit_on_finished: bool = True
    timer_only: bool = False

    def check_length(self, num_steps: int) -> None:
        """Raise ConfigError when a run of ``num_steps`` ends before the recorded ones do."""
        start, end = self.batch_range
        if end > num_steps:
            raise ConfigError(
                f"{FLAG}: batch_range is [{start},{end}], but this run has {num_steps} steps; end it at {num_steps} "
                "at the latest, or give more steps with --iters"
            )


def parse_profiler_options(text: str) -> ProfilerOptions:
    """Read ``key=value;key=value``, such as ``batch_range=[10,20];state=GPU;profile_path=model.profile``.

    Raises:
        ConfigError: A key or value is unknown, or is given twice.
    """
    found: dict[str, object] = {}
    # The text files of TIPC leave the shell's pair of quotes in the value.
    for item in text.strip().strip("'\"").split(";"):
        if not item.strip():
            continue
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals or not value:
            raise ConfigError(f"found {item.strip()!r}; it must be key=value pairs with ; between them")
        if key not in _PARSERS:
            raise ConfigError(f"there is no key {key!r}. {suggest(key, _PARSERS)}")
        if key in found:
            raise ConfigError(f"{key} is given twice; keep one")
        found[key] = _PARSERS[key](key, value)
    options = ProfilerOptions(**found)
    unused = [key for key in _ONLY_WITH_A_PROFILE if key in found]
    if options.timer_only and unused:
        raise ConfigError(
            f"timer_only=True measures times only, so {', '.join(unused)} would have no effect; remove one or the other"
        )
    return options


def _parse_range(key: str, value: str) -> tuple[int, int]:
    words = value[1:-1].split(",") if value.startswith("[") and value.endswith("]") else value.split(",")
    are_numbers = value.isascii() and all(word.strip().isdigit() for word in words)
    if len(words) != 2 or not are_numbers or int(words[0]) >= int(words[1]):
        raise ConfigError(f"{key} is {value}; it must be the first step and the one after the last, such as [10,20]")
    return int(words[0]), int(words[1])


def _parse_truth(key: str, value: str) -> bool:
    try:
        return str2bool(value)
    except argparse.ArgumentTypeError:
        raise ConfigError(f"{key} is {value}; it must be True or False") from None


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def parse(key: str, value: str) -> str:
        if value not in allowed:
            raise ConfigError(f"{key} is {value}; it must be one of {', '.join(allowed)}")
        return value

    return parse


def _parse_path(key: str, value: str) -> str:
    if os.path.isdir(value):
        raise ConfigError(f"{key} {value} is a folder; give a file")
    return value


_PARSERS: Mapping[str, Callable[[str, str], object]] = {
    "batch_range": _parse_range,
    "state": _one_of("CPU", "GPU", "All"),
    "sorted_key": _one_of(*SORTED_KEYS),
    "tracer_option": _one_of("Default", "OpDetail", "AllOpDetail"),
    "profile_path": _parse_path,
    "exit_on_finished": _parse_truth,
    "timer_only": _parse_truth,
}
