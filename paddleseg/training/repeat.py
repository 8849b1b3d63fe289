# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Comparing a training with an earlier one that it repeats: before the first step, at each step, and at the end."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
from paddle import Tensor

from paddleseg.models.weight_folder import EMA_WEIGHTS, WEIGHTS
from paddleseg.models.weights import read_weights
from paddleseg.training import checkpoint
from paddleseg.training.hooks.base import Hook
from paddleseg.training.run_facts import RUN_FILE, changes_between, read_losses, read_starts
from paddleseg.training.run_settings import knobs
from paddleseg.training.run_start import without_places
from paddleseg.utils import distributed as dist
from paddleseg.utils.errors import UserError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.nested import describe_changes
from paddleseg.utils.yaml_text import read_yaml

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer

_WEIGHTS = "weights (checksum)"


class DifferentRun(UserError):
    """The new training would differ from the earlier run."""


class RepeatHook(Hook):
    """Compares a training with a run, and stops it at the first step whose loss differs.

    Args:
        run: The folder of the run.
        save_dir: The folder of this training.
        until: Stop after this step; None: go to the end.
        force: Whether to go on if something differs before the first step, or a loss does.

    Attributes:
        compared: The number of steps with the same loss.
        first_difference: The first step whose loss differed, in words, or None.
    """

    def __init__(self, run: str, save_dir: str, *, until: int | None = None, force: bool = False) -> None:
        self._run, self._save_dir, self._until, self._force = run, save_dir, until, force
        self._losses = read_losses(run)
        self.compared = 0
        self.first_difference: str | None = None

    def before_train(self, trainer: Trainer) -> None:
        before, now = read_starts(self._run)[0], read_starts(self._save_dir)[0]
        changes = changes_between(before, now)
        if before[_WEIGHTS] != now[_WEIGHTS]:
            changes.append("the weights before the first step differ")
        if changes and not self._force:
            raise DifferentRun(f"{self._run} would not be repeated: {'; '.join(changes)}; --force runs it anyway")
        if changes:
            get_logger().warning("this differs from %s: %s", self._run, "; ".join(changes))

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        # Only the first process has the record; all must stop after the same step.
        differs = dist.rank() == 0 and self._has_other_loss(trainer.step, losses["loss"])
        if int(dist.maximum_over_processes(paddle.to_tensor(int(differs), dtype="int32"))) and not self._force:
            trainer.stop(f"the first loss that differs is of {self.first_difference or f'iter {trainer.step}'}")
        if trainer.step == self._until:
            trainer.stop(f"--until {self._until}")

    def _has_other_loss(self, step: int, loss: Tensor) -> bool:
        former, now = self._losses.get(step), float(loss.astype("float32"))
        if former is None:
            return False
        if now == former or not (math.isfinite(now) or math.isfinite(former)):
            self.compared += 1
            return False
        if self.first_difference is None:
            self.first_difference = f"iter {step}: {former!r} in {self._run}, {now!r} now"
        return True


@dataclass(frozen=True)
class Comparison:
    """One weight file of both runs.

    Attributes:
        name: Checkpoint and file.
        differing: The tensors whose bytes differ.
    """

    name: str
    differing: tuple[str, ...]


def check_repeatable(run: str, processes: int) -> Mapping[str, Any]:
    """The first start of a repeatable run.

    Args:
        run: Its folder.
        processes: The number of processes here.

    Raises:
        UserError: It is not a run's folder, began with another run's checkpoint, was resumed with other settings, or
            needs more processes.
    """
    first, *later = read_starts(run)
    if not Path(run, checkpoint.CONFIG).is_file():
        raise UserError(
            f"{run} has no {checkpoint.CONFIG}: a run of core.train is repeated by the program that made it"
        )
    if first["step"]:
        raise UserError(
            f"{run} continues from step {first['step']} of a run in another folder (give that one), or of an older "
            f"version, which kept no {RUN_FILE}"
        )
    for start in later:
        changes = changes_between(first, start)
        if changes:
            where = f"went on from step {start['step']} otherwise than it had begun"
            raise UserError(f"{run} {where}, so no single training gives its bytes: {'; '.join(changes)}")
    _check_config_of_checkpoints(run)
    wanted = first["identity"].get("number of processes", 1)
    if wanted != processes:
        raise UserError(
            f"{run} is of {wanted} processes, but here there is {processes}: python -m paddle.distributed.launch "
            f"--nproc_per_node {wanted} tools/reproduce.py {run}"
        )
    return first


def _check_config_of_checkpoints(run: str) -> None:
    """Refuse a run resumed with another learning rate, say: its folder has only the last configuration."""
    last = _config_in(Path(run))
    for folder in checkpoint.iteration_folders(run):
        if folder.joinpath(checkpoint.CONFIG).is_file():
            changes = describe_changes(_config_in(folder), last)
            if changes:
                what = f"{folder.name} was trained otherwise than {checkpoint.CONFIG} says"
                raise UserError(f"{run}: {what}, so no single training gives its bytes: {'; '.join(changes)}")


def _config_in(folder: Path) -> Any:
    """The parts of a configuration that matter and are not settings of the run."""
    settings = {knob.name for knob in knobs()}
    content = read_yaml(str(folder / checkpoint.CONFIG))[0]
    return without_places({key: value for key, value in content.items() if key not in settings})


def compare_checkpoints(run: str, repeated: str) -> list[Comparison]:
    """Compare the weights of checkpoints with equal names and steps.

    Raises:
        WeightsError: A checkpoint is damaged.
    """
    found = []
    for folder in [*checkpoint.iteration_folders(run), Path(run, checkpoint.BEST_MODEL)]:
        other = Path(repeated, folder.name)
        if not (folder.is_dir() and other.is_dir()):
            continue
        pair = [checkpoint.open_checkpoint(one) for one in (folder, other)]
        if pair[0].step != pair[1].step:
            found.append(Comparison(folder.name, (f"step {pair[0].step} there, {pair[1].step} here",)))
            continue
        for file in (WEIGHTS, EMA_WEIGHTS):
            if any(one.has(file) for one in pair):
                found.append(Comparison(f"{folder.name}/{file}", _differing(pair, file)))
    return found


def _differing(pair: list[checkpoint.Checkpoint], file: str) -> tuple[str, ...]:
    if not all(one.has(file) for one in pair):
        return ("only one of them has the file",)
    before, now = (read_weights(one.folder / file)[0] for one in pair)
    return tuple(name for name in dict.fromkeys([*before, *now]) if not _same(before.get(name), now.get(name)))


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return False
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def forget_start(save_dir: str) -> None:
    """Remove the files of a training refused before its first step, and the folder if it is empty."""
    for name in (RUN_FILE, checkpoint.CONFIG):
        Path(save_dir, name).unlink(missing_ok=True)
    folder = Path(save_dir)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def as_text(comparison: Comparison) -> str:
    """A line for people."""
    if not comparison.differing:
        return f"{comparison.name}: the same bytes"
    names = json.dumps(comparison.differing[:3])[1:-1]
    return f"{comparison.name}: {len(comparison.differing)} differ, first {names}"
