# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping losses and gradients that are not finite away from the weights, without waiting for the device."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import paddle
from paddle import Tensor, nn

from paddleseg.utils.distributed import maximum_over_processes, running_statistics, world_size
from paddleseg.utils.errors import TrainingError
from paddleseg.utils.logging import get_logger

_MANY_IN_A_ROW = 20
"""The scale of the loss, at first 2**16, is halved by each step that overflows: more than from it to 1."""


class Overflows:
    """Steps that a loss scaler skipped because scaled gradients overflowed, as some do until the scale fits.

    Attributes:
        count: The number of such steps.
    """

    def __init__(self) -> None:
        self.count = self._in_a_row = 0

    def note(self, step: int, overflowed: bool) -> None:
        """Count a step; warn after so many in a row that a lower scale does not help."""
        self.count += overflowed
        self._in_a_row = self._in_a_row + 1 if overflowed else 0
        if overflowed and self._in_a_row % _MANY_IN_A_ROW == 0:
            get_logger().warning(
                "iter %d: the scaled gradients of %d steps in a row have overflowed in fp16, and none of these steps "
                "changed the weights; train with --precision bf16 or fp32, or set optimizer.grad_clip_cfg and a lower "
                "learning rate", step, self._in_a_row,
            )  # fmt: skip


class FiniteGuard:
    """Watches each step on the device; from the first non-finite one on, no gradient passes.

    The running statistics of batch normalisation also return to their values before that step. Nothing is fetched
    until ``raise_if_bad``, which the trainer calls when it logs, evaluates or saves, so that weights touched by
    a non-finite value are never evaluated or saved.

    With ``max_skipped`` such a step is skipped instead, without a trace: weights and optimiser are not updated. This
    requires fetching each step's verdict.

    Args:
        model: The network that is trained.
        clears_gradients: Whether gradients are replaced by zeros; not needed if a loss scaler skips the step.
        max_skipped: How many steps may be skipped.

    Attributes:
        skipped: How many steps have been skipped.
        knows_at_once: Whether a step's verdict is known before its update, so that the step can be saved.
    """

    def __init__(self, model: nn.Layer, *, clears_gradients: bool = True, max_skipped: int = 0) -> None:
        self._max_skipped = max_skipped
        self._fetches_cheaply = paddle.get_device() == "cpu"  # no device to wait for
        self.knows_at_once = self._fetches_cheaply or max_skipped > 0
        self.skipped = 0
        self._parameters = [p for p in model.parameters() if not p.stop_gradient]
        self._statistics = running_statistics(model)
        self._clears_gradients = clears_gradients
        self._saved: list[Tensor] = []
        self._good = paddle.to_tensor(True)
        self._first_bad_step = paddle.to_tensor(-1, dtype="int64")
        self._bad_terms: Tensor | None = None
        self._kept = ""
        self._names: tuple[str, ...] = ()
        self._paths: dict[int, Sequence[str]] = {}

    def start_step(self) -> None:
        """Remember the running statistics as they were."""
        self._saved = [tensor.clone() for tensor in self._statistics]

    @paddle.no_grad()
    def finish_step(
        self, step: int, losses: Mapping[str, Tensor], paths: Sequence[str], keep: Callable[[], str] = str
    ) -> bool:
        """Judge the step between backward and update.

        Args:
            step: Number of the step, for the report.
            losses: The scalar loss terms by name.
            paths: The pictures of the batch, for the report.
            keep: Called if the step is known at once to be the first non-finite one, or is skipped: the weights are
                then unchanged, and the running statistics are those before it. Returns a sentence for the report.

        Returns:
            Whether to apply the update; without ``max_skipped`` always, because gradients are zeros then.

        Raises:
            TrainingError: More than ``max_skipped`` steps would be skipped.
        """
        self._names, self._paths[step] = tuple(losses), paths
        terms = paddle.stack([loss.astype("float32") for loss in losses.values()])
        finite = paddle.isfinite(terms).all()
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        if self._clears_gradients:
            # A sum is finite only if every summand is.
            # With O2 some gradients are in half precision and some are not, which cannot be stacked.
            sums = paddle.stack([g.astype("float32").sum() for g in gradients])
            finite = finite & paddle.isfinite(sums).all()
        if world_size() > 1:
            # The losses of the processes differ, and all must decide alike: a loss may be infinite in one of them while
            # gradients are finite in all.
            finite = maximum_over_processes((~finite).astype("int32")) == 0
        if self._max_skipped:
            if bool(finite):
                return True
            self._skip(step, terms, paths, keep)
            return False
        if self._fetches_cheaply and bool(self._good & finite):
            return True
        if self._fetches_cheaply and bool(self._good):
            self.restore_statistics()
            self._kept = keep()
        is_first = self._good & ~finite
        self._first_bad_step = paddle.where(
            is_first, paddle.full_like(self._first_bad_step, step), self._first_bad_step
        )
        self._bad_terms = terms if self._bad_terms is None else paddle.where(is_first, terms, self._bad_terms)
        self._good = self._good & finite
        if self._clears_gradients:
            for gradient in gradients:
                paddle.assign(paddle.where(self._good, gradient, paddle.zeros_like(gradient)), gradient)
        for tensor, saved in zip(self._statistics, self._saved):
            paddle.assign(paddle.where(self._good, tensor, saved), tensor)
        return True

    @paddle.no_grad()
    def restore_statistics(self) -> None:
        """Put the running statistics back to what they were before the step."""
        for tensor, saved in zip(self._statistics, self._saved):
            paddle.assign(saved, tensor)

    def _skip(self, step: int, terms: Tensor, paths: Sequence[str], keep: Callable[[], str]) -> None:
        self.restore_statistics()
        report = f"{self._describe(step, terms, paths)}.{keep()}"
        if self.skipped == self._max_skipped:
            raise TrainingError(
                f"{report} {self.skipped} steps were left out before it, the most that max_skipped_steps allows"
            )
        self.skipped += 1
        get_logger().warning("%s Left out, %d of at most %d", report, self.skipped, self._max_skipped)

    def _describe(self, step: int, terms: Tensor, paths: Sequence[str]) -> str:
        values = ", ".join(f"{name} {value:g}" for name, value in zip(self._names, terms.tolist()))
        if all(map(math.isfinite, terms.tolist())):
            other = ", or the loss of another process is not: see its log" if world_size() > 1 else ""
            values += f", but gradients are not finite{other}"
        return (
            f"step {step} is not finite (loss: {values}); the weights were not updated. Pictures of this step: "
            f"{', '.join(paths)}"
        )

    def raise_if_bad(self) -> None:
        """Fetch the verdict on all steps since the last call.

        Raises:
            TrainingError: A step was not finite; names the step, its loss terms and its pictures.
        """
        step = int(self._first_bad_step)
        paths, self._paths = self._paths, {}
        if step < 0:
            return
        report = self._describe(step, self._bad_terms, paths.get(step, []))
        raise TrainingError(
            f"{report}.{self._kept} Lower the learning rate, warm up longer or set optimizer.grad_clip_cfg; check "
            "these pictures and labels; max_skipped_steps leaves some out"
        )
