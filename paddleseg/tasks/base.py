# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""The interface between the training loop and what is learnt.

The trainer, the keeper of the best model, early stopping, schedules that follow a score, logs and files know a task
only by this interface. A task may wrap another one: distillation adds the distance to a teacher to the terms of the
task it wraps, and leaves the rest to that.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from paddle import Tensor, nn

from paddleseg.datasets.pictures import PictureDataset
from paddleseg.registry import TASKS
from paddleseg.utils.choices import CheckLevel
from paddleseg.utils.type_hints import AT_LEAST_ONE, Bound

Network = Callable[[Tensor], Any]
"""The network as a step sees it: called with a batch of inputs; distribution and mixed precision are its own affair.

``precision`` says in which it computes, and one with a true ``gives_coarse_logits`` takes ``coarse=True`` too, see
``training.step_network``."""


@dataclass(frozen=True)
class Scores:
    """The result of an evaluation.

    Attributes:
        values: Figures by name, which trackers get as ``Evaluate/<name>``.
        primary: The name of the one by which models are compared; more is better.
        report: Lines for the log, in order.
        details: All results as plain values, for a JSON file; or a function that returns them, if they are too many to
            compute at each evaluation of a training.
    """

    values: Mapping[str, float]
    primary: str
    report: Sequence[str] = ()
    details: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A tensor or a numpy number could not be written into a checkpoint.
        object.__setattr__(self, "values", {name: float(value) for name, value in self.values.items()})
        if self.primary not in self.values:
            raise ValueError(f"primary: found {self.primary!r}; it must be one of {', '.join(self.values)}")

    @property
    def figure(self) -> float:
        """The primary value."""
        return self.values[self.primary]

    def all_details(self) -> Mapping[str, Any]:
        """``details``, computed now if they are a function."""
        return self.details() if callable(self.details) else self.details


def rank(figure: float) -> float:
    """The figure to compare by: NaN is worse than all others."""
    return -math.inf if math.isnan(figure) else figure


class Task(ABC):
    """The meaning of a step and of a score.

    Attributes:
        primary: Name of the figure by which models are compared; more is better.
        class_numbers: The values allowed for ``num_classes``.
        dataset_type: The class that its data sets must be of.
        predicts: What predict.py, export.py and infer.py produce for a picture; None: they do not know the task.
        extra_layers: Layers trained with the network, by the same optimiser, that are not part of it: they are saved
            only for resuming, never in a weight file or an export. None: nothing.
        logs_terms: Whether each line of progress is followed by one with the terms of the loss.
    """

    primary: str
    predicts: Literal["label map", "class"] | None = None
    class_numbers: Bound = AT_LEAST_ONE
    dataset_type: type[PictureDataset] = PictureDataset
    extra_layers: nn.Layer | None = None
    logs_terms: bool = False

    @abstractmethod
    def loss_terms(self, network: Network, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Run the network on a batch and return the terms of its loss.

        Args:
            network: Called like the network.
            batch: See ``datasets.loader.Batch``; and ``rng``, a numpy.random.Generator that depends on seed, step,
                process and the batch's number in the step, for random choices about the whole batch.

        Returns:
            Scalars by name: first ``loss``, from which the gradients are taken, then its terms, for VisualDL and, with
            ``logs_terms``, for the log.
        """

    @abstractmethod
    def evaluate(
        self,
        model: nn.Layer,
        *,
        batch_size: int = 1,
        num_workers: int = 0,
        precision: str = "fp32",
        should_stop: Callable[[], bool] | None = None,
    ) -> Scores:
        """Score a model on the task's evaluation data; all processes of a run take part and get the same scores.

        Args:
            model: The network; its mode is restored.
            batch_size: Most samples in a batch.
            num_workers: Processes that read data.
            precision: That of the network's computation; not ``fp32`` if its weights are in half precision.
            should_stop: Asked after each batch.

        Raises:
            EvaluationStopped: ``should_stop`` returned true.
        """

    @property
    def can_evaluate(self) -> bool:
        """Whether there is anything to evaluate on."""
        return True

    def check_data(self, level: CheckLevel, num_workers: int) -> None:  # noqa: B027 (a task need not check)
        """Check the data before the first step, as thoroughly as ``level`` says.

        Raises:
            DataError: Training or evaluation would stop at some samples; lists all that were found.
        """

    def check_batch_size(self, batch_size: int) -> None:  # noqa: B027 (likewise)
        """Refuse a batch size, per process, that the steps cannot use.

        Raises:
            ConfigError: The steps cannot use it.
        """

    def rehearse(self, model: nn.Layer, *, precision: str = "fp32") -> None:  # noqa: B027 (likewise)
        """Evaluate as little as possible and forget the result, so that an error in it shows now.

        Nothing is exchanged with other processes, and the model is left as it was.
        """

    def sample_predictions(self, model: nn.Layer, *, precision: str = "fp32") -> dict[str, np.ndarray]:
        """Predict a few pictures of the evaluation data, for trackers that show them; nothing in most tasks.

        Args:
            model: The network; its mode is restored.
            precision: As for ``evaluate``.

        Returns:
            By name, (H, W, 3) uint8 RGB.
        """
        return {}

    def identity(self) -> dict[str, Any]:
        """What determines the steps of a run besides its data and settings, as plain values by a name for messages.

        A checkpoint that states another value under one of these names is not resumed.
        """
        return {}

    def facts(self) -> dict[str, Any]:
        """What a weight file is to record about the task in its ``__meta__``, as plain values."""
        return {}


TASKS.kind = Task
