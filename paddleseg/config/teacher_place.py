# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Resolving a teacher's name: the folder of a run or of a checkpoint, or a configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddleseg.config.distillation import SECTION
from paddleseg.config.problems import Problems
from paddleseg.models.weight_folder import MANIFEST, WEIGHTS
from paddleseg.models.zoo import is_there
from paddleseg.training.checkpoint import BEST_MODEL, CONFIG, iteration_folders

_KEY = f"{SECTION}.teacher"
_KEY_OF_WEIGHTS = f"{SECTION}.teacher_weights"


@dataclass(frozen=True)
class TeacherPlace:
    """The place of a teacher.

    Attributes:
        config: Its configuration file.
        weights: The weights to load, or None: those named in the configuration.
    """

    config: str
    weights: Any


def find_place(teacher: str, weights: Any, problems: Problems) -> TeacherPlace | None:
    """Find the configuration and the weights of a teacher.

    Args:
        teacher: A run's folder, whose best model is taken, or its newest checkpoint if nothing was evaluated; a
            checkpoint's folder; or a configuration file.
        weights: ``distillation.teacher_weights``, or None.
        problems: Collects faults; then the result is None.
    """
    if os.path.isdir(teacher):
        return _in_folder(teacher, weights, problems)
    if not os.path.isfile(teacher):
        problems.add(_KEY, f"there is no {teacher!r}; give the folder of a run or a checkpoint, or a .yml file")
    elif not teacher.endswith((".yml", ".yaml")):
        problems.add(
            _KEY,
            f"{teacher} is not a configuration; give the folder of the run that wrote it, or the configuration (.yml) "
            "of the teacher here and the weights as teacher_weights",
        )
    elif weights is not None and not is_there(weights):
        problems.add(_KEY_OF_WEIGHTS, f"there is no {weights!r}; give a file, a checkpoint folder or an address")
    else:
        return TeacherPlace(teacher, weights)
    return None


def _in_folder(folder: str, weights: Any, problems: Problems) -> TeacherPlace | None:
    checkpoint = checkpoint_in(folder)
    if weights is not None:
        problems.add(_KEY_OF_WEIGHTS, "a folder has its own; remove it, or give a configuration as teacher")
    elif checkpoint is None:
        problems.add(
            _KEY,
            f"{folder} has no weights: neither {WEIGHTS} nor checkpoints of a run ({BEST_MODEL}, iter_N) are in it",
        )
    elif not (checkpoint / CONFIG).is_file():
        problems.add(
            _KEY,
            f"{checkpoint} has no {CONFIG}; give the configuration of the teacher here, and {checkpoint} as "
            "teacher_weights",
        )
    else:
        return TeacherPlace(str(checkpoint / CONFIG), str(checkpoint))
    return None


def checkpoint_in(folder: str) -> Path | None:
    """The folder itself if it is a checkpoint's, else the best or newest one in it."""
    choice = [Path(folder), Path(folder, BEST_MODEL), *reversed(iteration_folders(folder))]
    return next((one for one in choice if (one / MANIFEST).is_file() or (one / WEIGHTS).is_file()), None)
