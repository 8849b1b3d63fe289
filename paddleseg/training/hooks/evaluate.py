# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation during training, and the best model so far."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
from paddle import Tensor, nn

from paddleseg.inference.evaluation import EvaluationStopped
from paddleseg.tasks.base import Scores, rank
from paddleseg.training import checkpoint
from paddleseg.training.hooks.base import Hook
from paddleseg.utils import distributed as dist
from paddleseg.utils.errors import TrainingError
from paddleseg.utils.logging import get_logger

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer

# The figure's name in the state of a checkpoint, whatever it is: checkpoints of every version have it.
_BEST_FIGURE = "best_mean_iou"


class EvaluateHook(Hook):
    """Evaluates, keeps the best model, and stops when it no longer improves.

    With a moving average both sets of weights are evaluated and the better figure counts; ``best_model`` then has both
    files, and the log says which of them is better.

    Args:
        evaluate: Takes the model and returns its scores; prints nothing. It raises ``EvaluationStopped`` when the run
            must end; a resumed run then begins with this evaluation.
        interval: Steps between two evaluations; the last step is always evaluated.
        folder: The best model's.
        early_stop_intervals: Evaluations without improvement after which training stops; None: never.
        draw_samples: Predicts some pictures for the hooks that want them, see ``Hook.take_samples``; or None.
        observe: Takes the figure that counts, before anything is saved, so that the saved state includes it; or None.
    """

    def __init__(
        self,
        evaluate: Callable[[nn.Layer], Scores],
        *,
        interval: int,
        folder: str,
        early_stop_intervals: int | None = None,
        draw_samples: Callable[[nn.Layer], Mapping[str, np.ndarray]] | None = None,
        observe: Callable[[float], None] | None = None,
    ) -> None:
        self._evaluate = evaluate
        self._interval = interval
        self._folder = folder
        self._early_stop_intervals = early_stop_intervals
        self._draw_samples = draw_samples
        self._observe = observe
        self.best_figure: float | None = None
        self.best_step = 0
        self.best_file = checkpoint.WEIGHTS
        self.evaluations_since_best = 0
        self.is_due = False  # the evaluation of the last step was stopped

    def before_train(self, trainer: Trainer) -> None:
        """Restore a resumed run: with its best model, and stopped if it had stopped."""
        if self.best_figure is not None:
            self._find_best_model(trainer)
        if self.is_due:
            self._evaluate_and_keep(trainer)
        else:
            self._stop_early(trainer)

    def _find_best_model(self, trainer: Trainer) -> None:
        is_lost = dist.rank() == 0 and not self._has_best_model(trainer.resumed_from)
        if int(dist.maximum_over_processes(paddle.to_tensor([is_lost], dtype="int32"))[0]):
            get_logger().warning(
                "the model with the best validation %s so far (%.4f, of iter %d) is not in %s; the next evaluation "
                "starts afresh", trainer.task.primary, self.best_figure, self.best_step, self._folder,
            )  # fmt: skip
            self.best_figure, self.best_step, self.evaluations_since_best = None, 0, 0

    def _has_best_model(self, resumed_from: checkpoint.Checkpoint | None) -> bool:
        """Whether the best model is in its folder, or in the resumed run's, from which it is copied.

        It is not if the run goes on in another folder, or if a better one was saved after the checkpoint.
        """
        if checkpoint.find_checkpoint(self._folder, self.best_step) is not None:
            return True
        if resumed_from is None:
            return False
        found = resumed_from if resumed_from.step == self.best_step else None
        beside = resumed_from.folder.parent
        for place in (beside / checkpoint.BEST_MODEL, beside / f"iter_{self.best_step}"):
            found = found or checkpoint.find_checkpoint(place, self.best_step)
        if found is not None:
            checkpoint.copy_checkpoint(found, self._folder)
        return found is not None

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        if trainer.step % self._interval == 0 or trainer.step == trainer.total_steps:
            self._evaluate_and_keep(trainer)

    def _evaluate_and_keep(self, trainer: Trainer) -> None:
        with trainer.paused():
            trainer.check_finite()
            self.is_due = True
            try:
                file, figure = self._evaluate_all(trainer)
            except EvaluationStopped:
                trainer.scores = {}
                trainer.stop("the evaluation was stopped; --resume_model auto begins with it")
                return
            self.is_due = False
            self._give_samples(trainer, file)
            if self._observe is not None:
                self._observe(figure)
            if self.best_figure is None or rank(figure) > rank(self.best_figure):
                self.best_figure, self.best_step, self.best_file = figure, trainer.step, file
                self.evaluations_since_best = 0
                trainer.save(self._folder)
            else:
                self.evaluations_since_best += 1
        get_logger().info(
            "[EVAL] The model with the best validation %s (%.4f) was saved at iter %d.",
            trainer.task.primary,
            self.best_figure,
            self.best_step,
        )
        if trainer.ema is not None:
            get_logger().info("It is %s.", os.path.join(self._folder, self.best_file))
        self._stop_early(trainer)

    def _stop_early(self, trainer: Trainer) -> None:
        if self._early_stop_intervals and self.evaluations_since_best >= self._early_stop_intervals:
            count = self.evaluations_since_best
            trainer.stop(f"{trainer.task.primary} did not rise in {count} evaluations (early stop)")

    def _evaluate_all(self, trainer: Trainer) -> tuple[str, float]:
        """Evaluate each set of weights; return the file of the better one and its figure."""
        trainer.share_statistics()
        scores = {checkpoint.WEIGHTS: self._evaluate_one(trainer, "")}
        if trainer.ema is not None:
            with trainer.ema.applied():
                scores[checkpoint.EMA_WEIGHTS] = self._evaluate_one(trainer, "EMA")
        trainer.scores = scores
        # Only once neither can be stopped any more: a resumed run evaluates, and publishes, both again.
        for file, prefix in ((checkpoint.WEIGHTS, ""), (checkpoint.EMA_WEIGHTS, "EMA_")):
            if file in scores:
                trainer.publish({f"Evaluate/{prefix}{name}": value for name, value in scores[file].values.items()})
        best = trainer.best_file()
        return best, scores[best].figure

    def _give_samples(self, trainer: Trainer, file: str) -> None:
        hooks = [hook for hook in trainer.hooks if hook.wants_samples]
        if self._draw_samples is None or not hooks or dist.rank() != 0:
            return
        with trainer.ema.applied() if file == checkpoint.EMA_WEIGHTS else contextlib.nullcontext():
            samples = self._draw_samples(trainer.model)
        for hook in hooks:
            hook.take_samples(trainer, samples)

    def _evaluate_one(self, trainer: Trainer, title: str) -> Scores:
        scores = self._evaluate(trainer.model)
        if not isinstance(scores, Scores) or scores.primary != trainer.task.primary:
            found = f"scores by {scores.primary!r}" if isinstance(scores, Scores) else type(scores).__name__
            raise TrainingError(
                f"{type(trainer.task).__name__}.evaluate gave {found}; it must be Scores by {trainer.task.primary!r}"
            )
        if dist.rank() == 0:
            if title:
                get_logger().info("%s weights:", title)
            for line in scores.report:
                get_logger().info(line)
        return scores

    def state_dict(self) -> dict[str, Any]:
        return {
            _BEST_FIGURE: self.best_figure,
            "best_step": self.best_step,
            "best_file": self.best_file,
            "evaluations_since_best": self.evaluations_since_best,
            "is_due": self.is_due,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best_figure = state[_BEST_FIGURE]
        self.best_step = state["best_step"]
        self.best_file = state["best_file"]
        self.evaluations_since_best = state["evaluations_since_best"]
        self.is_due = state.get("is_due", False)  # absent in checkpoints of older versions
