# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The interface of hooks: what happens around the steps of training is one class each, called in list order.

A hook whose state must survive a resume has ``state_dict`` and ``load_state_dict``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from paddle import Tensor

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


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


def keyed(hooks: Sequence[Hook]) -> dict[str, Hook]:
    """The hooks by the keys of their states in a checkpoint: the class's name, with a number from the second on."""
    result: dict[str, Hook] = {}
    for hook in hooks:
        name = key = type(hook).__name__
        number = 1
        while key in result:
            number += 1
            key = f"{name}_{number}"
        result[key] = hook
    return result
