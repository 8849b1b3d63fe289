# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The interface of hooks: actions around the steps of training, one class each, called in list order.

A hook whose state must survive a resume has ``state_dict`` and ``load_state_dict``. One that sends figures elsewhere
has ``take_figures``, and gets the same as the log, VisualDL and ``metrics.jsonl``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from paddle import Tensor

from paddleseg.registry import HOOKS, is_built_in

if TYPE_CHECKING:
    from paddleseg.training.trainer import Trainer


class Hook:
    """Does nothing; the base of all hooks.

    Attributes:
        wants_samples: Whether to predict some pictures and call ``take_samples`` with them.
    """

    wants_samples = False

    def before_train(self, trainer: Trainer) -> None:
        """Called once, before the first step."""

    def before_update(self, trainer: Trainer) -> None:
        """Called in each step once its gradients are complete, before the optimiser clips and uses them.

        ``trainer.step`` does not count the step yet. With several processes all have the same gradients by now; for
        several batches in one step they are the mean.
        """

    def after_step(self, trainer: Trainer, losses: Mapping[str, Tensor]) -> None:
        """Called after each optimiser step; ``trainer.step`` already counts it.

        Args:
            trainer: Has the network, the optimiser and the number of steps so far.
            losses: Detached scalars by name: ``loss`` (the total), then each term.
        """

    def after_train(self, trainer: Trainer) -> None:
        """Called once, after the last step, also when a hook stopped the run."""

    def take_figures(self, trainer: Trainer, figures: Mapping[str, float]) -> None:
        """Called with figures of the current step, only in the first process.

        Args:
            trainer: As for ``after_step``.
            figures: By name: ``Train/...`` with each line of progress, ``Evaluate/...`` after each evaluation, for the
                moving average ``Evaluate/EMA_...``. They may be NaN or infinite.
        """

    def take_samples(self, trainer: Trainer, samples: Mapping[str, np.ndarray]) -> None:
        """Called after each evaluation with sample predictions of the better weights, only in the first process.

        Args:
            trainer: As for ``after_step``.
            samples: By name, (H, W, 3) uint8 RGB: a picture beside its label and its prediction.
        """

    def state_dict(self) -> dict[str, Any]:
        """The state to save, as plain values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the result of ``state_dict``."""


HOOKS.kind = Hook


def keyed(hooks: Sequence[Hook]) -> dict[str, Hook]:
    """The hooks by the keys of their states in a checkpoint: the class's name, with a number from the second on.

    The toolkit's own keep theirs whatever a user's are called.
    """
    keys: dict[str, Hook] = {}
    for hook in sorted(hooks, key=lambda one: not is_built_in(type(one))):
        name = key = type(hook).__name__
        number = 1
        while key in keys:
            number += 1
            key = f"{name}_{number}"
        keys[key] = hook
    place = {id(hook): number for number, hook in enumerate(hooks)}
    return dict(sorted(keys.items(), key=lambda item: place[id(item[1])]))
