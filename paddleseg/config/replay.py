# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""From the configuration in a failure capsule to the trainer that replays its step; needs none of the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from paddleseg.config import build
from paddleseg.config.load import Config, load_config
from paddleseg.config.resumed import keep_settings
from paddleseg.config.schema import check_config
from paddleseg.config.shared_values import shared_value
from paddleseg.config.task_sections import is_segmentation
from paddleseg.config.teacher import find_teacher
from paddleseg.config.training import build_trained
from paddleseg.datasets.loader import Batch
from paddleseg.models.weights import read_weights
from paddleseg.onednn import CpuSettings
from paddleseg.training.capsule import Capsule, CapsuleWriter
from paddleseg.training.checkpoint import WEIGHTS
from paddleseg.training.replay import MakeTrainer
from paddleseg.training.trainer import Trainer
from paddleseg.training.trainer_state import RunRecord
from paddleseg.transforms.pipeline import Pipeline
from paddleseg.utils.errors import WeightsError


@dataclass(frozen=True)
class _NoBatches:
    """A stand-in: the trainer gets the capsule's batches."""

    per_epoch: int = 1

    def from_step(self, step: int, total_steps: int) -> Iterator[Batch]:
        yield from ()


def trainer_maker(capsule: Capsule, cpu: CpuSettings | None) -> MakeTrainer:
    """A function that makes trainers of the capsule's run.

    Args:
        capsule: The saved step, with the configuration of its run.
        cpu: How to compute on the CPU.

    Raises:
        UserError: The capsule has no configuration, or this version of the toolkit cannot use it.
    """
    if capsule.config_file is None:
        raise WeightsError(
            f"{capsule.folder} is of a run without a configuration, as of core.train: in a program of your own, give "
            "paddleseg.training.replay.take_step what makes the run's Trainer"
        )
    config = load_config(capsule.config_file)
    needs_pictures = not is_segmentation(config) or config.section("loss").get("class_weights") is not None
    check_config(config, command="train", check_files=needs_pictures, check_pretrained=False)
    keep_settings(config, capsule.state)
    teacher = find_teacher(config, capsule.settings.save_dir)
    data = build.build_dataset(config, "train") if needs_pictures else _stand_in(config, capsule)

    def make(recorder: CapsuleWriter) -> Trainer:
        built = build_trained(config, capsule.settings, capsule.state, cpu, teacher, data)
        record = RunRecord(capsule.state.states["run"])
        return Trainer(
            built.model, built.task, built.optimizer, _NoBatches(), capsule.settings, record=record, capsules=recorder
        )

    return make


def _stand_in(config: Config, capsule: Capsule) -> Any:
    """The properties of its data set that a segmentation uses in a step: normalisation and class names."""
    _, meta = read_weights(capsule.state.folder / WEIGHTS)
    return SimpleNamespace(
        pipeline=Pipeline(build.build_transforms(config, "train_dataset")),
        class_names=(meta or {}).get("classes"),
        num_classes=shared_value(config, "num_classes"),
    )
