# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a trainer as the files of a checkpoint, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import paddle
from paddle import nn

from paddleseg.models.weights import META_KEY, apply_weights, follow_padding_mode, make_meta, read_weights
from paddleseg.reports.score_files import SCORES, scores_text
from paddleseg.training import checkpoint
from paddleseg.training.ema import ExponentialMovingAverage
from paddleseg.training.finite_guard import FiniteGuard
from paddleseg.training.hooks.base import Hook, keyed
from paddleseg.training.optimizer_state import rename_optimizer_state
from paddleseg.training.run_folder import check_same_run
from paddleseg.training.trained_layers import restore_extra_layers
from paddleseg.utils.errors import ConfigError, WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.tensors import to_arrays

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


@dataclass(frozen=True)
class RunRecord:
    """What a checkpoint records about its run besides the state.

    Attributes:
        identity: What determines the samples and computation of a step: seed, batch size, number of processes
            and so on. A checkpoint with other values is not resumed.
        config_text: The resolved configuration, or None for a run without one.
    """

    identity: Mapping[str, Any] = field(default_factory=dict)
    config_text: str | None = None


NO_RECORD = RunRecord()


class TrainerState:
    """The part of a checkpoint that belongs to a trainer.

    Args:
        trainer: Its model, optimiser, hooks and counters are saved and restored.
        trained: All layers that the optimiser steps, see ``trained_layers``.
        guard: Counts the skipped steps.
        scaler: The loss scaler of fp16, else None.
    """

    def __init__(
        self, trainer: Trainer, trained: nn.Layer, guard: FiniteGuard, scaler: paddle.amp.GradScaler | None
    ) -> None:
        self._trainer, self._trained, self._guard, self._scaler = trainer, trained, guard, scaler
        self._absent_hooks: dict[str, Any] = {}

    def contents(self) -> dict[str, Any]:
        """The files of a checkpoint by name."""
        trainer = self._trainer
        contents = {checkpoint.WEIGHTS: self._with_meta(checkpoint.WEIGHTS, trainer.model)}
        contents[checkpoint.OPTIMIZER] = to_arrays(trainer.optimizer.state_dict())
        contents[checkpoint.STATES] = self._states()
        if trainer.ema is not None:
            contents[checkpoint.EMA_WEIGHTS] = self._with_meta(checkpoint.EMA_WEIGHTS, trainer.ema)
        if trainer.record.config_text is not None:
            contents[checkpoint.CONFIG] = trainer.record.config_text
        best = trainer.best_file()
        if best is not None:
            found = trainer.scores[best]
            contents[SCORES] = scores_text(found.values, found.all_details(), step=trainer.step, weights=best)
        return contents

    def check(self) -> None:
        """Refuse states that cannot be saved or read back, before there is anything to lose.

        Raises:
            ConfigError: Names the hook or task.
        """
        trainer = self._trainer
        try:
            self._with_meta(checkpoint.WEIGHTS, trainer.model)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{type(trainer.task).__name__}.facts: {error}; give plain values") from error
        for key, hook in keyed(trainer.hooks).items():
            fault = checkpoint.fault_of_content(hook.state_dict())
            if fault is not None:
                raise ConfigError(f"hook {key}: its state_dict cannot be saved and read again: {fault}")

    def restore(self, start: checkpoint.Checkpoint) -> None:
        """Restore the trainer's state from a checkpoint that it wrote.

        Raises:
            WeightsError: It is not of such a run.
            ConfigError: Its seed, batch size or the like differs, so that it would not be the same run.
        """
        trainer, states = self._trainer, start.states
        check_same_run(start.folder, states["run"], trainer.record.identity)
        weights, meta = read_weights(start.folder / checkpoint.WEIGHTS)
        follow_padding_mode(trainer.model, start.folder, weights, meta)
        coverage = apply_weights(trainer.model, weights)
        if not coverage.complete:
            raise WeightsError(f"{start.folder} does not fit the network: {coverage.describe()}")
        restore_extra_layers(trainer.task.extra_layers, states.get("extra_layers"), start.folder)
        optimizer_state = rename_optimizer_state(
            start.read(checkpoint.OPTIMIZER), states["parameter_names"], self._parameter_names()
        )
        trainer.optimizer.set_state_dict(optimizer_state)
        if self._scaler is not None and states["scaler"]:
            self._scaler.load_state_dict(states["scaler"])
        self._restore_average(start)
        # States of hooks that this run does not have are kept for the next one: a run without --do_eval between two
        # with it must not lose the best figure.
        self._absent_hooks = dict(states["hooks"])
        for key, hook in keyed(trainer.hooks).items():
            state = self._absent_hooks.pop(key, None)
            if state is not None:
                _load_state(hook, state, f"{start.folder}: the state of hook {key}")
        # Both are absent in checkpoints of older versions.
        self._guard.skipped = states.get("skipped_steps", 0)
        trainer.overflows.count = states.get("overflowed_steps", 0)
        trainer.step = states["step"]

    def _restore_average(self, start: checkpoint.Checkpoint) -> None:
        trainer = self._trainer
        has_average = start.has(checkpoint.EMA_WEIGHTS)
        if trainer.ema is None and has_average:
            get_logger().warning(
                "%s has a moving average of the weights; without --use_ema it ends there", start.folder
            )
        elif trainer.ema is not None and not has_average:
            raise WeightsError(f"{start.folder} has no {checkpoint.EMA_WEIGHTS}; resume without --use_ema")
        elif trainer.ema is not None:
            trainer.ema.load_state_dict(start.read(checkpoint.EMA_WEIGHTS))

    def _parameter_names(self) -> dict[str, str]:
        return {name: parameter.name for name, parameter in self._trained.named_parameters()}

    def _with_meta(self, file: str, weights: nn.Layer | ExponentialMovingAverage) -> dict[str, Any]:
        """The content of a weight file: arrays by name, and their metadata."""
        trainer = self._trainer
        own = {"step": trainer.step, "metric": figure_of(trainer, file)}
        meta = make_meta(trainer.model, **{"step": trainer.step, **trainer.task.facts(), **own})
        return {**to_arrays(dict(weights.state_dict())), META_KEY: meta}

    def _states(self) -> dict[str, Any]:
        trainer = self._trainer
        extra = trainer.task.extra_layers
        return {
            **({} if extra is None else {"extra_layers": to_arrays(dict(extra.state_dict()))}),
            "step": trainer.step,
            "skipped_steps": self._guard.skipped,
            "overflowed_steps": trainer.overflows.count,
            "run": dict(trainer.record.identity),
            "parameter_names": self._parameter_names(),
            "scaler": None if self._scaler is None else to_arrays(self._scaler.state_dict()),
            "hooks": {**self._absent_hooks, **{key: hook.state_dict() for key, hook in keyed(trainer.hooks).items()}},
        }


def figure_of(trainer: Trainer, file: str | None) -> dict[str, float] | None:
    """The primary figure of a weight file by its name; None if the step was not evaluated."""
    return {trainer.task.primary: trainer.scores[file].figure} if file in trainer.scores else None


def _load_state(hook: Hook, state: Mapping[str, Any], what: str) -> None:
    try:
        hook.load_state_dict(state)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise WeightsError(f"{what} does not fit the current class ({reason}); train without it, or fix it") from error
