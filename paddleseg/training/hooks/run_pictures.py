# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures that a training leaves in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from paddleseg.reports.run_pictures import draw_run_pictures
from paddleseg.training.hooks.base import Hook
from paddleseg.utils import distributed as dist
from paddleseg.utils.errors import UserError
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class RunPicturesHook(Hook):
    """Draws the curves of the run and the confusion matrix of its best model when the training ends.

    Args:
        save_dir: The run's folder.
    """

    def __init__(self, save_dir: str) -> None:
        self._save_dir = save_dir

    def after_train(self, trainer: Trainer) -> None:
        if dist.rank() != 0:
            return
        try:
            written = draw_run_pictures(Path(self._save_dir))
        except UserError as error:  # the training is saved; a missing picture does not make it a failure
            get_logger().warning("%s", error)
            return
        if written:
            get_logger().info("%s: drawn in %s", " and ".join(written), self._save_dir)
