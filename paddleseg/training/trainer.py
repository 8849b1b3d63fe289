# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop. It gets objects, never a configuration; optimiser steps are its only clock."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable

import paddle
from paddle import Tensor, nn

from paddleseg import __version__
from paddleseg.inference.preprocess import to_network_input
from paddleseg.models.weights import META_KEY, apply_weights, make_meta
from paddleseg.training import checkpoint
from paddleseg.training.ema import ExponentialMovingAverage
from paddleseg.training.finite_guard import FiniteGuard
from paddleseg.training.hooks.base import Hook
from paddleseg.training.optimizer_state import rename_optimizer_state
from paddleseg.training.run_folder import check_same_run
from paddleseg.transforms.transforms import Normalize
from paddleseg.utils import distributed as dist
from paddleseg.utils.errors import ConfigError, WeightsError
from paddleseg.utils.logging import get_logger
from paddleseg.utils.precision import DTYPES, mixed_precision
from paddleseg.utils.seeding import step_seed
from paddleseg.utils.tensors import to_arrays

Batch = Mapping[str, Any]


class Trainer:
    """Trains a network for a number of optimiser steps.

    Args:
        model: The network; its forward gives a list of logits at the input's size.
        losses: For each output the loss and its coefficient.
        optimizer: Steps the model's parameters at the rate of ``lr_schedule``.
        lr_schedule: Stepped once per optimiser step.
        batches_from: Given the number of steps done, gives the batches of all that follow: ``grad_accum_steps``
            for each step, see ``datasets.loader.Batch``.
        normalize: The normalisation, done on the device; None where the transforms did it.
        total_steps: Optimiser steps in all.
        batches_per_epoch: Batches of one process that go through the training set once.
        samples_per_step: Pictures that one process sees in a step.
        grad_accum_steps: Batches whose gradients are averaged for one step.
        precision: ``fp32``, ``fp16`` or ``bf16``.
        amp_level: ``O1`` or ``O2``, see ``paddle.amp``.
        to_static: Whether the network is compiled to a static graph for training.
        ema: The moving average, or None.
        run: What decides which samples a step sees and how it is taken: seed, batch size, number of processes and
            so on. A checkpoint keeps it, and one with other values is not resumed.
        hooks: Called around the steps in this order.
        config_text: The resolved configuration, saved with each checkpoint.
        classes: Names of the classes, saved with the weights.
        max_skipped_steps: How many steps that are not finite are left out; one more ends the training.
        seed: Of what layers such as dropout draw. Each step and process has numbers of its own, so that a resumed
            run draws what it would have drawn.

    Attributes:
        last_step_counts: False after a step that was left out because it was not finite.
        resumed_from: The checkpoint that was restored, or None.
    """

    def __init__(
        self,
        model: nn.Layer,
        losses: Sequence[tuple[Callable[[Tensor, Tensor], Tensor], float]],
        optimizer: paddle.optimizer.Optimizer,
        lr_schedule: paddle.optimizer.lr.LRScheduler,
        batches_from: Callable[[int], Iterator[Batch]],
        *,
        normalize: Normalize | None,
        total_steps: int,
        batches_per_epoch: int,
        samples_per_step: int,
        grad_accum_steps: int = 1,
        precision: str = "fp32",
        amp_level: str = "O1",
        to_static: bool = False,
        ema: ExponentialMovingAverage | None = None,
        run: Mapping[str, Any] = MappingProxyType({}),
        hooks: Sequence[Hook] = (),
        config_text: str | None = None,
        classes: Sequence[str] | None = None,
        max_skipped_steps: int = 0,
        seed: int = 0,
    ) -> None:
        self.model, self.optimizer, self.ema, self.hooks = model, optimizer, ema, list(hooks)
        self.total_steps = total_steps
        self.batches_per_epoch = batches_per_epoch
        self.samples_per_step = samples_per_step
        self.step = 0
        self.stop_reason: str | None = None
        self.last_step_counts = True
        self.resumed_from: Path | None = None
        self.figures: dict[str, float] = {}  # mIoU of each weight file, when this step has been evaluated
        self.reader_seconds = self.paused_seconds = 0.0
        self.last_learning_rate = optimizer.get_lr()
        self._lr_schedule = lr_schedule
        self._losses = losses
        self._loss_names = ["main", "auxiliary", *(f"output_{i}" for i in range(2, len(losses)))][: len(losses)]
        self._batches_from = batches_from
        self._normalize = normalize
        self._grad_accum_steps = grad_accum_steps
        self._mixed_precision = partial(mixed_precision, precision, amp_level)
        if precision != "fp32" and amp_level == "O2":
            model, optimizer = paddle.amp.decorate(
                models=model, optimizers=optimizer, level="O2", dtype=DTYPES[precision], master_weight=True
            )
            self.model, self.optimizer = model, optimizer
        # bfloat16 has the range of float32 and needs no scaling.
        self._scaler = paddle.amp.GradScaler(enable=True) if precision == "fp16" else None
        self._guard = FiniteGuard(model, clears_gradients=self._scaler is None, max_skipped=max_skipped_steps)
        network = paddle.jit.to_static(model) if to_static else model
        self._network = paddle.DataParallel(network) if dist.world_size() > 1 else network
        if ema is not None and dist.world_size() > 1:  # all processes have the weights of the first only now
            ema.load_state_dict(to_arrays(dict(model.state_dict())))
        self._seed = seed
        self._absent_hooks: dict[str, Any] = {}
        self.run, self._config_text, self._classes = dict(run), config_text, classes

    @property
    def epoch(self) -> int:
        """Number of the epoch that the last step belongs to, from 1."""
        return (max(self.step * self._grad_accum_steps, 1) - 1) // self.batches_per_epoch + 1

    def train(self) -> None:
        """Run from the current step to the last one, or until a hook stops it."""
        batches = iter(self._batches_from(self.step))
        self.model.train()
        for hook in self.hooks:
            hook.before_train(self)
        while self.step < self.total_steps and self.stop_reason is None:
            losses = self.train_step(batches)
            self.step += 1
            self.figures = {}
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
        paddle.seed(step_seed(self._seed, self.step, dist.rank()))
        self.last_learning_rate = self.optimizer.get_lr()
        sums: dict[str, Tensor] = {}
        paths: list[str] = []
        for i in range(self._grad_accum_steps):
            started = time.perf_counter()
            batch = next(batches)
            self.reader_seconds += time.perf_counter() - started
            paths += batch["paths"]
            with self._gradients_stay_local(i < self._grad_accum_steps - 1):
                terms = self._forward(batch)
                total = terms["loss"] / self._grad_accum_steps
                (total if self._scaler is None else self._scaler.scale(total)).backward()
            for name, value in terms.items():
                value = value.detach() / self._grad_accum_steps
                sums[name] = sums[name] + value if name in sums else value
        self.last_step_counts = self._guard.finish_step(self.step + 1, sums, paths)
        self._update()
        return sums

    def check_finite(self) -> None:
        """Fetch whether all steps were finite.

        Raises:
            TrainingError: One was not.
        """
        self._guard.raise_if_bad()

    def stop(self, reason: str) -> None:
        """End training after this step."""
        self.stop_reason = reason

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave what happens in this context out of the time of the steps."""
        started = time.perf_counter()
        yield
        self.paused_seconds += time.perf_counter() - started

    def share_statistics(self) -> None:
        """Give all processes the same running statistics, before weights are evaluated or saved."""
        if dist.world_size() > 1:
            dist.average_running_statistics(self.model)
            if self.ema is not None:
                self.ema.copy_statistics()

    def save(self, folder: str) -> None:
        """Publish a checkpoint of the whole state; only the first process writes.

        Raises:
            UserError: It cannot be written; all processes raise it.
        """
        contents = self._contents() if dist.rank() == 0 else {}
        facts = {"step": self.step, "versions": {"toolkit": __version__, "paddle": paddle.__version__}}
        dist.in_first_process(lambda: checkpoint.write_checkpoint(folder, contents, facts))

    def _contents(self) -> dict[str, Any]:
        """The files of a checkpoint by name."""
        contents = {checkpoint.WEIGHTS: self._with_meta(checkpoint.WEIGHTS, self.model)}
        contents[checkpoint.OPTIMIZER] = to_arrays(self.optimizer.state_dict())
        contents[checkpoint.STATES] = self._states()
        if self.ema is not None:
            contents[checkpoint.EMA_WEIGHTS] = self._with_meta(checkpoint.EMA_WEIGHTS, self.ema)
        if self._config_text is not None:
            contents[checkpoint.CONFIG] = self._config_text
        return contents

    def restore(self, folder: str) -> None:
        """Go on from a checkpoint that ``save`` wrote.

        Raises:
            WeightsError: The folder is not a complete checkpoint of such a run.
            ConfigError: Its seed, batch size or the like is another, so that it would not be the same run.
        """
        states = checkpoint.read_states(folder)
        contents = checkpoint.read_checkpoint(folder)
        check_same_run(folder, states["run"], self.run)
        weights = contents[checkpoint.WEIGHTS]
        weights.pop(META_KEY, None)
        coverage = apply_weights(self.model, weights)
        if not coverage.complete:
            raise WeightsError(f"{folder} does not fit the network: {coverage.describe()}")
        optimizer_state = rename_optimizer_state(
            contents[checkpoint.OPTIMIZER], states["parameter_names"], self._parameter_names()
        )
        self.optimizer.set_state_dict(optimizer_state)
        if self._scaler is not None and states["scaler"]:
            self._scaler.load_state_dict(states["scaler"])
        if self.ema is not None:
            if checkpoint.EMA_WEIGHTS not in contents:
                raise WeightsError(f"{folder} has no {checkpoint.EMA_WEIGHTS}; resume without --use_ema")
            self.ema.load_state_dict(contents[checkpoint.EMA_WEIGHTS])
        elif checkpoint.EMA_WEIGHTS in contents:
            get_logger().warning("%s has a moving average of the weights; without --use_ema it ends there", folder)
        # What belongs to hooks that this run does not have is kept for the next one: a run without --do_eval between
        # two with it must not make them forget the best figure.
        self._absent_hooks = dict(states["hooks"])
        for hook in self.hooks:
            state = self._absent_hooks.pop(type(hook).__name__, None)
            if state is not None:
                hook.load_state_dict(state)
        self._guard.skipped = states.get("skipped_steps", 0)  # absent in checkpoints of older versions
        self.step, self.resumed_from = states["step"], Path(folder)

    def _forward(self, batch: Batch) -> dict[str, Tensor]:
        images = to_network_input(batch["img"], self._normalize)
        label = batch["label"].astype("int64")
        with self._mixed_precision():
            outputs = self._network(images)
        if len(outputs) != len(self._losses):
            raise ConfigError(
                f"loss.coef: {len(self._losses)} weights, but the network gives {len(outputs)} outputs; "
                "give one for each"
            )
        # Outside of it: O2 would run the losses' own sums and products in half precision.
        terms = {
            name: loss(logits.astype("float32"), label)
            for name, logits, (loss, _) in zip(self._loss_names, outputs, self._losses)
        }
        total = sum(term * coef for term, (_, coef) in zip(terms.values(), self._losses))
        return {"loss": total, **terms} if len(terms) > 1 else {"loss": total}

    def _update(self) -> None:
        if self.last_step_counts and self._scaler is not None:
            self._scaler.step(self.optimizer)  # not where it finds gradients that are not finite; lowers its scale then
            self._scaler.update()
        elif self.last_step_counts:
            self.optimizer.step()
        self.optimizer.clear_grad()
        self._lr_schedule.step()

    def _gradients_stay_local(self, local: bool) -> AbstractContextManager[Any]:
        """Between the batches of one step gradients need not travel to the other processes."""
        return self._network.no_sync() if local and dist.world_size() > 1 else nullcontext()

    def _parameter_names(self) -> dict[str, str]:
        return {name: parameter.name for name, parameter in self.model.named_parameters()}

    def _with_meta(self, file: str, weights: nn.Layer | ExponentialMovingAverage) -> dict[str, Any]:
        """The content of a weight file: arrays by name, and what they are."""
        metric = {"mIoU": self.figures[file]} if file in self.figures else None
        meta = make_meta(self.model, step=self.step, classes=self._classes, metric=metric)
        return {**to_arrays(dict(weights.state_dict())), META_KEY: meta}

    def _states(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "skipped_steps": self._guard.skipped,
            "run": self.run,
            "parameter_names": self._parameter_names(),
            "scaler": None if self._scaler is None else to_arrays(self._scaler.state_dict()),
            "hooks": {**self._absent_hooks, **{type(hook).__name__: hook.state_dict() for hook in self.hooks}},
        }
