# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""What happens around the steps of training: one class each, called in list order.

A hook whose state must survive a resume has ``state_dict`` and ``load_state_dict``.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import paddle
from paddle import Tensor

from paddleseg.core import checkpoint
from paddleseg.core import distributed as dist
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.core.evaluation import EvaluationResult
    from paddleseg.core.trainer import Trainer


class Hook:
    """Does nothing; the base of all hooks."""

    def before_train(self, trainer: Trainer) -> None:
        """Called once, before the first step."""

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        """Called after each optimiser step; ``trainer.step`` counts it already.

        Args:
            trainer: The trainer.
            losses: Detached scalars by name: ``loss`` (the total), then each term.
        """

    def after_train(self, trainer: Trainer) -> None:
        """Called once, after the last step, also when a hook stopped the run."""

    def state_dict(self) -> dict[str, Any]:
        """What has to be saved, as plain values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""


def format_train_line(
    *,
    epoch: int,
    step: int,
    total_steps: int,
    loss: float,
    learning_rate: float,
    batch_cost: float,
    reader_cost: float,
    ips: float,
) -> str:
    """PaddleSeg's line of training progress; scripts parse it, so it stays as it is.

    Args:
        epoch: Number of the epoch, from 1.
        step: Optimiser steps done.
        total_steps: Optimiser steps in all.
        loss: Mean total loss since the last line.
        learning_rate: The rate of the last step.
        batch_cost: Seconds for a step.
        reader_cost: Seconds of it that were spent waiting for data.
        ips: Samples per second of this process.
    """
    eta = int((total_steps - step) * batch_cost)
    return (
        f"[TRAIN] epoch: {epoch}, iter: {step}/{total_steps}, loss: {loss:.4f}, lr: {learning_rate:.6f}, "
        f"batch_cost: {batch_cost:.4f}, reader_cost: {reader_cost:.5f}, ips: {ips:.4f} samples/sec | "
        f"ETA {eta // 3600:02d}:{eta % 3600 // 60:02d}:{eta % 60:02d}"
    )


class ScalarWriter:
    """A VisualDL writer whose file appears with the first figure, and not before the run has begun.

    Args:
        folder: Where the records go.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._writer: Any = None

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Record a figure."""
        if self._writer is None:
            from visualdl import LogWriter

            self._writer = LogWriter(self._folder)
        self._writer.add_scalar(tag, value, step)


class LogHook(Hook):
    """Prints the progress line and, with ``writer``, sends the same numbers to VisualDL.

    Losses are summed on the device and fetched once per line.

    Args:
        interval: Steps between two lines.
        writer: Where the figures are recorded as well, or None.
    """

    def __init__(self, interval: int, writer: ScalarWriter | None = None) -> None:
        self._interval = interval
        self._writer = writer

    def before_train(self, trainer: Trainer) -> None:
        self._restart(trainer)

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        self._count += 1
        if trainer.last_step_counts:
            self._summed += 1
            for name, value in losses.items():
                self._sums[name] = self._sums[name] + value if name in self._sums else value
        if trainer.step % self._interval and trainer.step != trainer.total_steps:
            return
        means = {name: float(value) / self._summed for name, value in self._sums.items()} or {"loss": math.nan}
        trainer.check_finite()
        seconds = time.perf_counter() - self._since - (trainer.paused_seconds - self._paused_before)
        batch_cost = seconds / self._count
        reader_cost = (trainer.reader_seconds - self._reader_before) / self._count
        ips = trainer.samples_per_step / batch_cost
        line = format_train_line(
            epoch=trainer.epoch,
            step=trainer.step,
            total_steps=trainer.total_steps,
            loss=means["loss"],
            learning_rate=trainer.last_learning_rate,
            batch_cost=batch_cost,
            reader_cost=reader_cost,
            ips=ips,
        )
        get_logger().info(line)
        if self._writer is not None:
            rates = {"lr": trainer.last_learning_rate, "batch_cost": batch_cost, "reader_cost": reader_cost, "ips": ips}
            for name, value in {**means, **rates}.items():
                self._writer.add_scalar(f"Train/{name}", value, trainer.step)
        self._restart(trainer)

    def _restart(self, trainer: Trainer) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count = self._summed = 0
        self._since = time.perf_counter()
        self._paused_before = trainer.paused_seconds
        self._reader_before = trainer.reader_seconds


class EmaHook(Hook):
    """Lets the moving average follow each step."""

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        trainer.ema.update(trainer.step)


class EvaluateHook(Hook):
    """Evaluates, keeps the best model, and stops when it no longer gets better.

    With a moving average both sets of weights are evaluated and the better figure counts; ``best_model`` then
    holds both files, and the log says which of them is meant.

    Args:
        evaluate: Takes the model and returns the result; prints nothing.
        report: Prints a result; gets the result and its title.
        interval: Steps between two evaluations; the last step is evaluated always.
        folder: Where the best model is kept.
        early_stop_intervals: Evaluations without a better one after which training stops; None never.
        writer: Where the figures are recorded as well, or None.
        observe: Takes the mIoU that counts, before anything is saved, so that the saved state knows of it; or None.
    """

    def __init__(
        self,
        evaluate: Callable[[Any], EvaluationResult],
        report: Callable[[EvaluationResult, str], None],
        *,
        interval: int,
        folder: str,
        early_stop_intervals: int | None = None,
        writer: ScalarWriter | None = None,
        observe: Callable[[float], None] | None = None,
    ) -> None:
        self._evaluate = evaluate
        self._report = report
        self._interval = interval
        self._folder = folder
        self._early_stop_intervals = early_stop_intervals
        self._writer = writer
        self._observe = observe
        self.best_mean_iou: float | None = None
        self.best_step = 0
        self.best_file = checkpoint.WEIGHTS
        self.evaluations_since_best = 0

    def before_train(self, trainer: Trainer) -> None:
        """Take up a resumed run where it stands: with its best model, and stopped if that is what it was."""
        if self.best_mean_iou is None:
            return
        is_lost = dist.rank() == 0 and not self._has_best_model(trainer.resumed_from)
        if int(dist.maximum_over_processes(paddle.to_tensor([is_lost], dtype="int32"))[0]):
            get_logger().warning(
                "the model with the best validation mIoU so far (%.4f, of iter %d) is not in %s; the next evaluation "
                "begins anew", self.best_mean_iou, self.best_step, self._folder,
            )  # fmt: skip
            self.best_mean_iou, self.best_step, self.evaluations_since_best = None, 0, 0
        self._stop_early(trainer)

    def _has_best_model(self, resumed_from: Path | None) -> bool:
        """Whether the best model is in its folder, or was where the run was resumed from, and is copied.

        It is elsewhere when the run goes on in another folder, and when it had become better after the checkpoint.
        """
        if checkpoint.step_of(self._folder) == self.best_step:
            return True
        if resumed_from is not None:
            beside = resumed_from.parent
            for place in (resumed_from, beside / checkpoint.BEST_MODEL, beside / f"iter_{self.best_step}"):
                if checkpoint.step_of(place) == self.best_step:
                    checkpoint.copy_checkpoint(place, self._folder)
                    return True
        return False

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if trainer.step % self._interval and trainer.step != trainer.total_steps:
            return
        with trainer.paused():
            trainer.check_finite()
            file, mean_iou = self._evaluate_all(trainer)
            if self._observe is not None:
                self._observe(mean_iou)
            if self.best_mean_iou is None or mean_iou > self.best_mean_iou:
                self.best_mean_iou, self.best_step, self.best_file = mean_iou, trainer.step, file
                self.evaluations_since_best = 0
                trainer.save(self._folder)
            else:
                self.evaluations_since_best += 1
        get_logger().info(
            "[EVAL] The model with the best validation mIoU (%.4f) was saved at iter %d.",
            self.best_mean_iou,
            self.best_step,
        )
        if trainer.ema is not None:
            get_logger().info("It is %s.", os.path.join(self._folder, self.best_file))
        self._stop_early(trainer)

    def _stop_early(self, trainer: Trainer) -> None:
        if self._early_stop_intervals and self.evaluations_since_best >= self._early_stop_intervals:
            trainer.stop(f"mIoU did not rise in {self.evaluations_since_best} evaluations (early stop)")

    def _evaluate_all(self, trainer: Trainer) -> tuple[str, float]:
        """Evaluate each set of weights; gives the file of the better one and its mIoU."""
        trainer.share_statistics()
        trainer.figures = {checkpoint.WEIGHTS: self._evaluate_one(trainer, "")}
        if trainer.ema is not None:
            with trainer.ema.applied():
                trainer.figures[checkpoint.EMA_WEIGHTS] = self._evaluate_one(trainer, "EMA ")
        return max(trainer.figures.items(), key=lambda item: item[1])

    def _evaluate_one(self, trainer: Trainer, title: str) -> float:
        result = self._evaluate(trainer.model)
        if dist.rank() == 0:
            self._report(result, title)
            if self._writer is not None:
                tag = f"Evaluate/{title.strip()}_" if title else "Evaluate/"
                self._writer.add_scalar(f"{tag}mIoU", result.mean_iou, trainer.step)
                self._writer.add_scalar(f"{tag}Acc", result.pixel_accuracy, trainer.step)
        return result.mean_iou

    def state_dict(self) -> dict[str, Any]:
        return {
            "best_mean_iou": self.best_mean_iou,
            "best_step": self.best_step,
            "best_file": self.best_file,
            "evaluations_since_best": self.evaluations_since_best,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best_mean_iou = state["best_mean_iou"]
        self.best_step = state["best_step"]
        self.best_file = state["best_file"]
        self.evaluations_since_best = state["evaluations_since_best"]


class CheckpointHook(Hook):
    """Saves ``iter_N`` and keeps the newest few.

    Args:
        interval: Steps between two checkpoints; the last step is saved always.
        save_dir: The run's folder.
        keep: How many are kept; 0 or less keeps all.
    """

    def __init__(self, interval: int, save_dir: str, keep: int) -> None:
        self._interval = interval
        self._save_dir = save_dir
        self._keep = keep

    def before_train(self, trainer: Trainer) -> None:
        if dist.rank() == 0:
            self._save_what_is_missing(trainer)
            checkpoint.prune(self._save_dir, self._keep)  # a run that was killed may have left one too many

    def _save_what_is_missing(self, trainer: Trainer) -> None:
        """A run that was killed between ``best_model`` and the ``iter_N`` of the same step goes on from the first."""
        start, place = trainer.resumed_from, Path(self._save_dir, f"iter_{trainer.step}")
        is_best = start is not None and start.resolve() == Path(self._save_dir, checkpoint.BEST_MODEL).resolve()
        if is_best and checkpoint.step_of(place) != trainer.step:
            checkpoint.copy_checkpoint(start, place)

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        is_last = trainer.step == trainer.total_steps or trainer.stop_reason is not None
        if trainer.step % self._interval and not is_last:
            return
        with trainer.paused():
            trainer.check_finite()
            trainer.share_statistics()
            trainer.save(os.path.join(self._save_dir, f"iter_{trainer.step}"))
            if dist.rank() == 0:
                checkpoint.prune(self._save_dir, self._keep)
