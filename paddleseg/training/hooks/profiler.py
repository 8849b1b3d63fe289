# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Profiling some steps of a training."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import paddle
from paddle import Tensor, profiler

from paddleseg.training.hooks.base import Hook
from paddleseg.training.profiler_options import FLAG, SORTED_KEYS, ProfilerOptions
from paddleseg.utils import distributed as dist
from paddleseg.utils.errors import ConfigError
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class ProfilerHook(Hook):
    """Records some steps of the first process, prints what took the time, and writes the timeline.

    It comes before the hooks that evaluate and save, whose time does not count.

    Args:
        options: What to record.
        path: File for the timeline.
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
            float(losses["loss"])  # waits for the device, which runs asynchronously
        if done == start:
            self._start(trainer)
        elif done == end:
            self._finish(trainer)
            if self._options.exit_on_finished:
                trainer.stop(f"{FLAG} asks for no more (exit_on_finished)")
        elif self._profiler is not None:
            self._profiler.step()

    def after_train(self, trainer: Trainer) -> None:
        if self._is_recording:
            get_logger().warning("%s: the run ended before the last step of batch_range", FLAG)
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
        steps = max(trainer.step - self._start_step, 1)  # none if an early stop is resumed
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
            self._profiler = None  # Paddle creates no second one while this one exists
        get_logger().info("timeline: %s", self._path)


def _make_room(path: str) -> None:
    """Make the folder of a file and check that the file can be written; Paddle would fail only after the last step."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        was_there = os.path.exists(path)
        with open(path, "ab"):
            pass
        if not was_there:
            os.remove(path)
    except OSError as error:
        raise ConfigError(f"{FLAG}: profile_path {path} cannot be written: {error.strerror}") from None


def _make_profiler(options: ProfilerOptions, path: str) -> profiler.Profiler:
    targets = None  # everything Paddle was built with
    if options.state == "CPU":
        targets = [profiler.ProfilerTarget.CPU]
    elif options.state == "GPU":
        if _trains_on_gpu():
            targets = [profiler.ProfilerTarget.CPU, profiler.ProfilerTarget.GPU]
        else:
            get_logger().warning(
                "%s: state is GPU, but training runs on %s, which is recorded instead", FLAG, paddle.device.get_device()
            )
    return profiler.Profiler(
        targets=targets,
        on_trace_ready=lambda finished: finished.export(path, format="json"),
        profile_memory=options.tracer_option == "AllOpDetail",
    )


def _sorted_by(options: ProfilerOptions) -> profiler.SortedKeys:
    device = "GPU" if options.state != "CPU" and _trains_on_gpu() else "CPU"
    return getattr(profiler.SortedKeys, device + SORTED_KEYS[options.sorted_key])


def _trains_on_gpu() -> bool:
    return paddle.device.get_device().startswith("gpu")
