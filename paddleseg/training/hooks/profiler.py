# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Profiling some steps of a training: ``train.py --profiler_options``, in PaddleSeg's format.

The keys and most defaults are PaddleSeg's. It times only, unless told otherwise, and so never writes
``profile_path``; here ``timer_only`` is False by default, and the file is written.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

import paddle
from paddle import Tensor, profiler

from paddleseg.training.hooks.base import Hook
from paddleseg.utils import distributed as dist
from paddleseg.utils.cli import str2bool
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.near_miss import suggest

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer

_FLAG = "--profiler_options"
_SORTED_KEYS = {"total": "Total", "ave": "Avg", "max": "Max", "min": "Min"}
_ONLY_WITH_A_PROFILE = ("state", "sorted_key", "tracer_option", "profile_path")


@dataclass(frozen=True)
class ProfilerOptions:
    """What ``--profiler_options`` says.

    Attributes:
        batch_range: First step that is recorded and the one after the last, counted from 0 where this run starts
            (a resumed one too).
        state: ``CPU``, or ``GPU`` or ``All`` for the card as well.
        sorted_key: What the printed table of operators is ordered by: ``total``, ``ave``, ``max`` or ``min`` time.
        tracer_option: ``Default`` has one line per kind of operator, ``OpDetail`` its inner parts too,
            ``AllOpDetail`` records what is allocated and freed besides.
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
                f"{_FLAG}: batch_range is [{start},{end}], but this run has {num_steps} steps; end it at {num_steps} "
                "at the latest, or give more steps with --iters"
            )


def parse_profiler_options(text: str) -> ProfilerOptions:
    """Read ``key=value;key=value``, such as ``batch_range=[10,20];state=GPU;profile_path=model.profile``.

    Raises:
        ConfigError: A key or value is unknown, or is given twice.
    """
    found: dict[str, object] = {}
    # A pair of quotes is what is left of the shell's in the text files of TIPC.
    for item in text.strip().strip("'\"").split(";"):
        if not item.strip():
            continue
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals or not value:
            raise ConfigError(f"{_FLAG}: found {item.strip()!r}; it must be key=value pairs with ; between them")
        if key not in _PARSERS:
            raise ConfigError(f"{_FLAG}: there is no key {key!r}. {suggest(key, _PARSERS)}")
        if key in found:
            raise ConfigError(f"{_FLAG}: {key} is given twice; keep one")
        found[key] = _PARSERS[key](key, value)
    options = ProfilerOptions(**found)
    unused = [key for key in _ONLY_WITH_A_PROFILE if key in found]
    if options.timer_only and unused:
        raise ConfigError(
            f"{_FLAG}: timer_only=True takes times only, so {', '.join(unused)} would have no effect; remove one or "
            "the other"
        )
    return options


def _parse_range(key: str, value: str) -> tuple[int, int]:
    words = value[1:-1].split(",") if value.startswith("[") and value.endswith("]") else value.split(",")
    if len(words) != 2 or not all(word.strip().isdigit() for word in words) or int(words[0]) >= int(words[1]):
        raise ConfigError(
            f"{_FLAG}: {key} is {value}; it must be the first step and the one after the last, such as [10,20]"
        )
    return int(words[0]), int(words[1])


def _parse_truth(key: str, value: str) -> bool:
    try:
        return str2bool(value)
    except argparse.ArgumentTypeError:
        raise ConfigError(f"{_FLAG}: {key} is {value}; it must be True or False") from None


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def parse(key: str, value: str) -> str:
        if value not in allowed:
            raise ConfigError(f"{_FLAG}: {key} is {value}; it must be one of {', '.join(allowed)}")
        return value

    return parse


def _parse_path(key: str, value: str) -> str:
    if os.path.isdir(value):
        raise ConfigError(f"{_FLAG}: {key} {value} is a folder; give a file")
    return value


_PARSERS: Mapping[str, Callable[[str, str], object]] = {
    "batch_range": _parse_range,
    "state": _one_of("CPU", "GPU", "All"),
    "sorted_key": _one_of(*_SORTED_KEYS),
    "tracer_option": _one_of("Default", "OpDetail", "AllOpDetail"),
    "profile_path": _parse_path,
    "exit_on_finished": _parse_truth,
    "timer_only": _parse_truth,
}


class ProfilerHook(Hook):
    """Records some steps of the first process, prints what took the time, and writes the timeline.

    It stands before the hooks that evaluate and save, whose time is not meant.

    Args:
        options: What is recorded.
        path: Where the timeline is written.
    """

    def __init__(self, options: ProfilerOptions, path: str) -> None:
        self._options = options
        self._path = path
        self._profiler: profiler.Profiler | None = None
        self._is_recording = False

    def before_train(self, trainer: Trainer) -> None:
        self._first_step = trainer.step
        if dist.rank() == 0 and not self._options.timer_only:
            _make_room(self._path)
        if self._options.batch_range[0] == 0:
            self._start(trainer)

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        done = trainer.step - self._first_step
        start, end = self._options.batch_range
        if done in (start, end):
            float(losses["loss"])  # waits for the device, which works behind the program
        if done == start:
            self._start(trainer)
        elif done == end:
            self._finish(trainer)
            if self._options.exit_on_finished:
                trainer.stop(f"{_FLAG} asks for no more (exit_on_finished)")
        elif self._profiler is not None:
            self._profiler.step()

    def after_train(self, trainer: Trainer) -> None:
        if self._is_recording:
            get_logger().warning("%s: the run ended before the last step of batch_range", _FLAG)
            self._finish(trainer)

    def _start(self, trainer: Trainer) -> None:
        self._is_recording = True
        self._start_step = trainer.step
        if dist.rank() == 0 and not self._options.timer_only:
            self._profiler = _make_profiler(self._options, self._path)
            self._profiler.start()
        self._since = time.perf_counter()
        self._paused_before, self._reader_before = trainer.paused_seconds, trainer.reader_seconds

    def _finish(self, trainer: Trainer) -> None:
        self._is_recording = False
        steps = max(trainer.step - self._start_step, 1)  # none where an early stop is resumed
        batch_cost = (time.perf_counter() - self._since - (trainer.paused_seconds - self._paused_before)) / steps
        reader_cost = (trainer.reader_seconds - self._reader_before) / steps
        get_logger().info(
            "profiled iter %d to %d: batch_cost: %.4f, reader_cost: %.5f, ips: %.4f samples/sec",
            self._start_step + 1, trainer.step, batch_cost, reader_cost, trainer.samples_per_step / batch_cost,
        )  # fmt: skip
        if self._profiler is None:
            return
        with trainer.paused():
            self._profiler.stop()
            views = ["OverView", "ModelView", "OperatorView"]
            if self._options.tracer_option == "AllOpDetail":
                views.append("MemoryView")
            self._profiler.summary(
                sorted_by=_sorted_by(self._options),
                op_detail=self._options.tracer_option != "Default",
                views=[getattr(profiler.SummaryView, view) for view in views],
            )
            self._profiler = None  # Paddle makes no second one while this one lives
        get_logger().info("timeline: %s", self._path)


def _make_room(path: str) -> None:
    """Make the folder of a file and see that the file can be written; Paddle would fail after the last step."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        was_there = os.path.exists(path)
        with open(path, "ab"):
            pass
        if not was_there:
            os.remove(path)
    except OSError as error:
        raise ConfigError(f"{_FLAG}: profile_path {path} cannot be written: {error.strerror}") from None


def _make_profiler(options: ProfilerOptions, path: str) -> profiler.Profiler:
    targets = None  # all that Paddle was built with
    if options.state == "CPU":
        targets = [profiler.ProfilerTarget.CPU]
    elif options.state == "GPU":
        if _trains_on_gpu():
            targets = [profiler.ProfilerTarget.CPU, profiler.ProfilerTarget.GPU]
        else:
            get_logger().warning(
                "%s: state is GPU, but training runs on %s, and that is recorded", _FLAG, paddle.device.get_device()
            )
    return profiler.Profiler(
        targets=targets,
        on_trace_ready=lambda finished: finished.export(path, format="json"),
        profile_memory=options.tracer_option == "AllOpDetail",
    )


def _sorted_by(options: ProfilerOptions) -> profiler.SortedKeys:
    device = "GPU" if options.state != "CPU" and _trains_on_gpu() else "CPU"
    return getattr(profiler.SortedKeys, device + _SORTED_KEYS[options.sorted_key])


def _trains_on_gpu() -> bool:
    return paddle.device.get_device().startswith("gpu")
