# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The order of the hooks after a step, written once with the reasons."""

from __future__ import annotations

from collections.abc import Sequence

from paddleseg.training.hooks.base import Hook
from paddleseg.training.hooks.batch_norm import BatchNormHook
from paddleseg.training.hooks.checkpoint import CheckpointHook
from paddleseg.training.hooks.ema import EmaHook
from paddleseg.training.hooks.evaluate import EvaluateHook
from paddleseg.training.hooks.log import LogHook
from paddleseg.training.hooks.loss import PlateauHook, SpikeHook
from paddleseg.training.hooks.loss_record import LossRecordHook
from paddleseg.training.hooks.memory import MemoryHook
from paddleseg.training.hooks.profiler import ProfilerHook
from paddleseg.training.hooks.progress import ProgressHook
from paddleseg.training.hooks.run_pictures import RunPicturesHook
from paddleseg.training.hooks.stop import StopHook
from paddleseg.training.hooks.trackers import MetricsHook, TensorBoardHook, VisualDLHook

ORDER: tuple[type[Hook], ...] = (
    StopHook,  # first: all others see that this step is the last, and the last of them saves it
    ProgressHook,
    LossRecordHook,  # before the check that all losses were finite: those of a run that it ends are on record
    LogHook,  # the line of a step comes before others' lines about it
    SpikeHook,
    MemoryHook,
    BatchNormHook,
    EmaHook,  # before all that evaluates or saves the average
    PlateauHook,  # before what is saved: the schedule's state is part of it
    ProfilerHook,  # before evaluating and saving, whose time does not count
    Hook,  # a user's own: its changes to weights, schedule or settings are evaluated and saved with the step
    EvaluateHook,  # before saving, so that iter_N has the best figure, and its own
    CheckpointHook,  # after all of these: it saves their results, and the state of each
    MetricsHook,  # the rest do nothing in a step: they get figures when there are any; only their own order matters
    VisualDLHook,  # when the training ends
    TensorBoardHook,
    RunPicturesHook,  # last: it draws the figures that MetricsHook wrote
)


def in_order(hooks: Sequence[Hook]) -> list[Hook]:
    """The hooks in calling order; those of one kind keep their given order."""
    return sorted(hooks, key=_place)


def _place(hook: Hook) -> int:
    own = (place for place, kind in enumerate(ORDER) if kind is not Hook and isinstance(hook, kind))
    return next(own, ORDER.index(Hook))
