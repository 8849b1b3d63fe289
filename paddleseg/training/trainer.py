# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop. It gets objects, never a configuration; optimiser steps are its only clock."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

import paddle
from paddle import Tensor, nn

from paddleseg import __version__
from paddleseg.datasets.loader import Batch
from paddleseg.optimizers import schedule_of
from paddleseg.tasks.base import Scores, Task, rank
from paddleseg.training import checkpoint
from paddleseg.training.capsule import CapsuleWriter, held_copy
from paddleseg.training.ema import ExponentialMovingAverage
from paddleseg.training.finite_guard import FiniteGuard, Overflows
from paddleseg.training.hooks.base import Hook
from paddleseg.training.run_settings import RunSettings
from paddleseg.training.step_network import StepNetwork
from paddleseg.training.trained_layers import trained_layers
from paddleseg.training.trainer_state import NO_RECORD, RunRecord, TrainerState, figure_of
from paddleseg.utils import distributed as dist
from paddleseg.utils.errors import TrainingError
from paddleseg.utils.frozen_layers import keep_in_evaluation_mode
from paddleseg.utils.logging import get_logger
from paddleseg.utils.precision import DTYPES
from paddleseg.utils.seeding import batch_rng, step_seed
from paddleseg.utils.tensors import to_arrays


class Batches(Protocol):
    """Where a trainer's batches come from; ``TrainingBatches`` in a run."""

    per_epoch: int

    def from_step(self, step: int, total_steps: int) -> Iterator[Batch]:
        """``grad_accum_steps`` batches for each step after ``step``, see ``datasets.loader.Batch``."""


class Trainer:
    """Trains a network for a number of optimiser steps.

    Args:
        model: The network.
        task: What a step and a score mean.
        optimizer: Steps the model's parameters; its learning-rate schedule is stepped once per optimiser step.
        batches: The training data.
        settings: The run's, with ``iters`` and ``seed`` chosen. Layers such as dropout are seeded for each step and
            process from it, so that a resumed run draws the same numbers.
        hooks: Called around the steps in this order.
        record: Saved with each checkpoint.
        capsules: Keeps steps that are not finite, or None.

    Attributes:
        step: Optimiser steps done.
        ema: The moving average of the weights, or None.
        scores: The scores of each weight file, if this step has been evaluated.
        overflows: The steps that fp16 skipped.
        last_loss_counts: False after a step that was skipped because its loss or gradients were not finite.
        last_step_counts: False after such a step, and after one whose scaled gradients overflowed.
        resumed_from: The checkpoint that was restored, or None.
    """

    def __init__(
        self,
        model: nn.Layer,
        task: Task,
        optimizer: paddle.optimizer.Optimizer,
        batches: Batches,
        settings: RunSettings,
        *,
        hooks: Sequence[Hook] = (),
        record: RunRecord = NO_RECORD,
        capsules: CapsuleWriter | None = None,
    ) -> None:
        self.model, self.task, self.optimizer, self.settings = model, task, optimizer, settings
        self.hooks, self.record, self._capsules = list(hooks), record, capsules
        self.total_steps = settings.iters
        self.samples_per_step = settings.batch_size * settings.grad_accum_steps
        self.step = 0
        self.stop_reason: str | None = None
        self.last_step_counts = self.last_loss_counts = True
        self.overflows = Overflows()
        self.resumed_from: checkpoint.Checkpoint | None = None
        self.scores: dict[str, Scores] = {}
        self.reader_seconds = self.paused_seconds = 0.0
        self.last_learning_rate = optimizer.get_lr()
        self.ema = ExponentialMovingAverage(model, settings.ema_decay) if settings.use_ema else None
        self._lr_schedule = schedule_of(optimizer)
        self._batches = batches
        if settings.precision != "fp32" and settings.amp_level == "O2":
            self.model, self.optimizer = paddle.amp.decorate(
                models=model, optimizers=optimizer, level="O2", dtype=DTYPES[settings.precision], master_weight=True
            )
        # bfloat16 has the range of float32 and needs no scaling.
        self._scaler = paddle.amp.GradScaler(enable=True) if settings.precision == "fp16" else None
        self._trained = trained_layers(self.model, task.extra_layers)
        self._guard = FiniteGuard(
            self._trained, clears_gradients=self._scaler is None, max_skipped=settings.max_skipped_steps
        )
        self._network = StepNetwork(self.model, settings, task.extra_layers)
        if self.ema is not None and dist.world_size() > 1:  # only now do all processes have the first one's weights
            self.ema.load_state_dict(to_arrays(dict(self.model.state_dict())))
        self._state = TrainerState(self, self._trained, self._guard, self._scaler)

    @property
    def epoch(self) -> int:
        """Number of the epoch that the last step belongs to, from 1."""
        return (max(self.step * self.settings.grad_accum_steps, 1) - 1) // self._batches.per_epoch + 1

    @property
    def counted_steps(self) -> int:
        """Steps that changed the weights: all but the skipped ones."""
        return self.step - self._guard.skipped - self.overflows.count

    def train(self) -> None:
        """Run from the current step to the last one, or until a hook stops it."""
        batches = iter(self._batches.from_step(self.step, self.total_steps))
        self.model.train()
        keep_in_evaluation_mode(self.model)
        for hook in self.hooks:
            hook.before_train(self)
        while self.step < self.total_steps and self.stop_reason is None:
            losses = self.train_step(batches)
            self.step += 1
            self.scores = {}
            for hook in self.hooks:
                hook.after_step(self, losses)
        for hook in self.hooks:
            hook.after_train(self)
        if self.stop_reason is not None:
            get_logger().info("stopped at iter %d: %s", self.step, self.stop_reason)

    def train_step(self, batches: Iterator[Batch]) -> dict[str, Tensor]:
        """One optimiser step: forward, loss, backward, update. Nothing is fetched from the device.

        Returns:
            Detached scalars: ``loss`` is the weighted sum, then each term without its coefficient.
        """
        self._guard.start_step()
        if self._capsules is not None:
            self._capsules.start_step()
        paddle.seed(step_seed(self.settings.seed, self.step, dist.rank()))
        self.last_learning_rate = self.optimizer.get_lr()
        sums: dict[str, Tensor] = {}
        paths: list[str] = []
        held: list[Batch] = []
        holds = self._capsules is not None and self._capsules.is_wanted and self._guard.knows_at_once
        accumulated = self.settings.grad_accum_steps
        for i in range(accumulated):
            started = time.perf_counter()
            batch = next(batches)
            self.reader_seconds += time.perf_counter() - started
            paths += batch["paths"]
            if holds:  # the last one exists until the update in any case
                held.append(batch if i == accumulated - 1 else held_copy(batch))
            with self._network.gradients_stay_local(i < accumulated - 1):
                drawn_from = batch_rng(self.settings.seed, self.step, dist.rank(), i)
                terms = self.task.loss_terms(self._network, {**batch, "rng": drawn_from})
                if "loss" not in terms:
                    name = type(self.task).__name__
                    raise TrainingError(f"{name}.loss_terms gave {', '.join(terms) or 'nothing'}; it must give a loss")
                total = terms["loss"] / accumulated
                (total if self._scaler is None else self._scaler.scale(total)).backward()
            for name, value in terms.items():
                value = value.detach() / accumulated
                sums[name] = sums[name] + value if name in sums else value
        self._network.share_extra_gradients()
        keep = partial(self._keep_step, held, sums)
        self.last_step_counts = self.last_loss_counts = self._guard.finish_step(self.step + 1, sums, paths, keep)
        for hook in self.hooks:
            hook.before_update(self)
        self._update()
        return sums

    def _keep_step(self, batches: Sequence[Batch], losses: Mapping[str, Tensor]) -> str:
        if self._capsules is None:
            return ""
        return self._capsules.keep(self.step, batches, losses, self._trained, self._state.contents)

    @paddle.no_grad()
    def gradient_norm(self) -> Tensor:
        """The joint L2 norm of all gradients, float32; for ``Hook.before_update``.

        They are taken before any clipping, and in fp16 without the loss scale.
        """
        gradients = (p.grad for p in self._trained.parameters() if p.grad is not None)
        # One after the other: copies of all at once would not fit on a full card.
        norm = paddle.stack([gradient.astype("float32").square().sum() for gradient in gradients]).sum().sqrt()
        # On a CPU the scaler is off and has no state.
        scale = None if self._scaler is None else self._scaler.state_dict().get("scale")
        return norm if scale is None else norm / scale.item()

    def check_finite(self) -> None:
        """Check that all steps were finite, which waits for the device.

        Raises:
            TrainingError: One was not.
        """
        self._guard.raise_if_bad()

    def stop(self, reason: str) -> None:
        """End training after this step."""
        self.stop_reason = reason

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Exclude this context from the time of the steps."""
        started = time.perf_counter()
        yield
        self.paused_seconds += time.perf_counter() - started

    def publish(self, figures: Mapping[str, float]) -> None:
        """Pass figures of this step to the hooks, see ``Hook.take_figures``; only in the first process."""
        if dist.rank() == 0:
            for hook in self.hooks:
                hook.take_figures(self, figures)

    def best_file(self) -> str | None:
        """The weight file with the best figure, at a tie the weights' own; None if the step was not evaluated."""
        return max(self.scores, key=lambda file: rank(self.scores[file].figure), default=None)

    def share_statistics(self) -> None:
        """Give all processes the same running statistics, before weights are evaluated or saved."""
        if dist.world_size() > 1:
            dist.average_over_processes(dist.running_statistics(self.model))
            if self.ema is not None:
                dist.average_over_processes(self.ema.running_statistics())

    def save(self, folder: str) -> None:
        """Publish a checkpoint of the whole state; only the first process writes.

        Raises:
            UserError: It cannot be written; all processes raise it.
        """
        contents = self._state.contents() if dist.rank() == 0 else {}
        best = self.best_file()
        facts = {
            "step": self.step,
            "metric": figure_of(self, best),
            "best_file": best,
            "versions": {"toolkit": __version__, "paddle": paddle.__version__},
        }
        dist.in_first_process(lambda: checkpoint.write_checkpoint(folder, contents, facts))

    def check_savable(self) -> None:
        """Refuse states that cannot be saved or read back, before there is anything to lose.

        Raises:
            ConfigError: Names the hook or task.
        """
        self._state.check()

    def restore(self, start: checkpoint.Checkpoint) -> None:
        """Go on from a checkpoint that ``save`` wrote.

        Raises:
            WeightsError: It is not of such a run.
            ConfigError: Its seed, batch size or the like differs, so that it would not be the same run.
        """
        self._state.restore(start)
        self.resumed_from = start

    def _update(self) -> None:
        if self.last_step_counts and self._scaler is not None:
            self._scaler.step(self.optimizer)
            self._scaler.update()
            # If scaled gradients overflow, Paddle skips the update and lowers the scale; only the optimiser knows.
            overflowed = bool(self.optimizer._get_auxiliary_var("found_inf"))
            self.overflows.note(self.step + 1, overflowed)
            if overflowed:
                self.last_step_counts = False
                self._guard.restore_statistics()
        elif self.last_step_counts:
            self.optimizer.step()
        self.optimizer.clear_grad()
        if self.last_step_counts:
            self._lr_schedule.step()
