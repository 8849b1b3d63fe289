# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Where a training's figures go besides the log: ``metrics.jsonl`` always, VisualDL and TensorBoard on request.

They get them from ``Trainer.publish``, like a user's own tracker.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddleseg.reports.run_records import METRICS, append_record
from paddleseg.training.hooks.base import Hook
from paddleseg.utils.logging import get_logger
from paddleseg.utils.nested import flatten
from paddleseg.utils.yaml_text import parse_yaml

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer

_TENSORBOARD_FOLDER = "tensorboard"


def hyper_parameters(trainer: Trainer) -> dict[str, float | str]:
    """A run's resolved configuration, or its settings if it has none, as plain values by dotted name."""
    text = trainer.record.config_text
    given = dataclasses.asdict(trainer.settings) if text is None else parse_yaml(text, "configuration")[0]
    return {name: _plain(value) for name, value in flatten(given) if value is not None}


def _plain(value: Any) -> float | str:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


class MetricsHook(Hook):
    """Appends the figures to ``metrics.jsonl``, see ``reports.run_records``.

    A line that cannot be written does not stop the training: only the first is reported.

    Args:
        save_dir: The run's folder.
    """

    def __init__(self, save_dir: str) -> None:
        self._file = Path(save_dir, METRICS)
        self._has_failed = False

    def take_figures(self, trainer: Trainer, figures: Mapping[str, float]) -> None:
        try:
            append_record(self._file, trainer.step, figures)
        except OSError as error:
            if not self._has_failed:
                reason = error.strerror or error
                get_logger().warning("%s: cannot be written (%s); its figures are lost", self._file, reason)
            self._has_failed = True


class VisualDLHook(Hook):
    """Sends figures, sample predictions and the settings of the run to VisualDL.

    Its file is created with the first of them, not before the run begins.

    Args:
        save_dir: The run's folder.
    """

    wants_samples = True

    def __init__(self, save_dir: str) -> None:
        self._folder = save_dir
        self._writer: Any = None

    def take_figures(self, trainer: Trainer, figures: Mapping[str, float]) -> None:
        writer = self._open(trainer)
        for tag, value in figures.items():
            writer.add_scalar(tag, value, trainer.step)

    def take_samples(self, trainer: Trainer, samples: Mapping[str, np.ndarray]) -> None:
        for name, picture in samples.items():
            self._open(trainer).add_image(f"Samples/{name}", picture, trainer.step)

    def after_train(self, trainer: Trainer) -> None:
        if self._writer is not None:
            self._writer.close()

    def _open(self, trainer: Trainer) -> Any:
        if self._writer is None:
            from visualdl import LogWriter

            self._writer = LogWriter(self._folder)
            figure = f"Evaluate/{trainer.task.primary}" if trainer.settings.do_eval else "Train/loss"
            self._writer.add_hparams(hyper_parameters(trainer), [figure])
        return self._writer


class TensorBoardHook(Hook):
    """Sends the same to TensorBoard, into the folder ``tensorboard`` of the run, through tensorboardX.

    A resumed run hides its predecessor's figures after the step that it goes on from.

    Args:
        save_dir: The run's folder.
    """

    wants_samples = True

    def __init__(self, save_dir: str) -> None:
        self._folder = os.path.join(save_dir, _TENSORBOARD_FOLDER)
        self._writer: Any = None
        self._last: dict[str, float] = {}

    def take_figures(self, trainer: Trainer, figures: Mapping[str, float]) -> None:
        writer = self._open(trainer)
        for tag, value in figures.items():
            writer.add_scalar(tag, value, trainer.step)
        self._last.update(figures)

    def take_samples(self, trainer: Trainer, samples: Mapping[str, np.ndarray]) -> None:
        for name, picture in samples.items():
            self._open(trainer).add_image(f"Samples/{name}", picture, trainer.step, dataformats="HWC")

    def after_train(self, trainer: Trainer) -> None:
        if self._writer is None:
            return
        figure = f"Evaluate/{trainer.task.primary}" if trainer.settings.do_eval else "Train/loss"
        # TensorBoard wants settings together with their resulting figures, in a separate folder.
        reached = {name: value for name, value in self._last.items() if name == figure}
        self._writer.add_hparams(hyper_parameters(trainer), reached, name="settings", global_step=trainer.step)
        self._writer.close()

    def _open(self, trainer: Trainer) -> Any:
        if self._writer is None:
            from tensorboardX import SummaryWriter

            purge = trainer.step if trainer.resumed_from is not None else None
            self._writer = SummaryWriter(self._folder, purge_step=purge)
        return self._writer
