# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation in the course of a training, and the best model so far."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import paddle
from paddle import Tensor

from paddleseg.inference.evaluation import EvaluationResult, EvaluationStopped
from paddleseg.training import checkpoint
from paddleseg.training.hooks.base import Hook, ScalarWriter
from paddleseg.utils import distributed as dist
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class EvaluateHook(Hook):
    """Evaluates, keeps the best model, and stops when it no longer gets better.

    With a moving average both sets of weights are evaluated and the better figure counts; ``best_model`` then
    holds both files, and the log says which of them is meant.

    Args:
        evaluate: Takes the model and returns the result; prints nothing. It raises ``EvaluationStopped`` when the run
            shall end; a resumed run begins with this evaluation then.
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
        self.is_due = False  # the evaluation of the last step was stopped

    def before_train(self, trainer: Trainer) -> None:
        """Take up a resumed run where it stands: with its best model, and stopped if that is what it was."""
        if self.best_mean_iou is not None:
            self._find_best_model(trainer)
        if self.is_due:
            self._evaluate_and_keep(trainer)
        else:
            self._stop_early(trainer)

    def _find_best_model(self, trainer: Trainer) -> None:
        is_lost = dist.rank() == 0 and not self._has_best_model(trainer.resumed_from)
        if int(dist.maximum_over_processes(paddle.to_tensor([is_lost], dtype="int32"))[0]):
            get_logger().warning(
                "the model with the best validation mIoU so far (%.4f, of iter %d) is not in %s; the next evaluation "
                "begins anew", self.best_mean_iou, self.best_step, self._folder,
            )  # fmt: skip
            self.best_mean_iou, self.best_step, self.evaluations_since_best = None, 0, 0

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
        if trainer.step % self._interval == 0 or trainer.step == trainer.total_steps:
            self._evaluate_and_keep(trainer)

    def _evaluate_and_keep(self, trainer: Trainer) -> None:
        with trainer.paused():
            trainer.check_finite()
            self.is_due = True
            try:
                file, mean_iou = self._evaluate_all(trainer)
            except EvaluationStopped:
                trainer.figures = {}
                trainer.stop("the evaluation was stopped; --resume_model auto begins with it")
                return
            self.is_due = False
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
            "is_due": self.is_due,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best_mean_iou = state["best_mean_iou"]
        self.best_step = state["best_step"]
        self.best_file = state["best_file"]
        self.evaluations_since_best = state["evaluations_since_best"]
        self.is_due = state.get("is_due", False)  # absent in checkpoints of older versions
