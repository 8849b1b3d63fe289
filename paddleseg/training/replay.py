# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""Replaying the step of a failure capsule, and finding where it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from paddle import Tensor, nn

from paddleseg.datasets.loader import Batch
from paddleseg.onednn import CpuSettings
from paddleseg.training.capsule import Capsule, CapsuleWriter, Digests, digests_of
from paddleseg.training.cpu import CPU, DATA_FORMAT
from paddleseg.training.layer_watch import LayerWatch, all_finite
from paddleseg.training.trainer import Trainer
from paddleseg.training.versions import versions
from paddleseg.utils.frozen_layers import keep_in_evaluation_mode
from paddleseg.utils.nested import describe_changes


@dataclass(frozen=True)
class Replayed:
    """The results of a replayed step.

    Attributes:
        terms: Its loss terms.
        digests: Checksums of them and of the gradients.
        bad_gradients: The parameters whose gradients are not finite.
    """

    terms: Mapping[str, float]
    digests: Digests
    bad_gradients: Sequence[str]

    def differences(self, kept: Digests) -> list[str]:
        """The results whose bytes differ from the capsule's."""
        pairs = [("loss term", kept.terms, self.digests.terms), ("gradient", kept.gradients, self.digests.gradients)]
        return [
            f"{kind} {name}"
            for kind, before, now in pairs
            for name in dict.fromkeys([*before, *now])
            if before.get(name) != now.get(name)
        ]


class _Found(Exception):
    """Ends a step that was not finite, so that it has no effect."""


class _Recorder(CapsuleWriter):
    """Keeps a capsule's content in memory; nothing for a finite step."""

    def __init__(self, capsule: Capsule) -> None:
        super().__init__(capsule.settings)
        self._capsule = capsule
        self.found: Replayed | None = None

    def start_step(self) -> None:
        self._capsule.restore_generators()

    def keep(
        self,
        step: int,
        batches: Sequence[Batch],
        terms: Mapping[str, Tensor],
        layers: nn.Layer,
        contents: Callable[[], Mapping[str, Any]],
    ) -> str:
        gradients = {name: parameter.grad for name, parameter in layers.named_parameters()}
        bad = [name for name, value in gradients.items() if value is not None and not all_finite(value)]
        self.found = Replayed({name: float(term) for name, term in terms.items()}, digests_of(terms, layers), bad)
        raise _Found


MakeTrainer = Callable[[CapsuleWriter], Trainer]
"""Gives a new trainer of the capsule's run, with the settings of the capsule."""


def changes_since(capsule: Capsule, cpu: CpuSettings | None) -> list[str]:
    """How versions and CPU differ from those of the original step."""
    before = {"versions": capsule.facts["versions"], CPU: capsule.state.states["run"].get(CPU)}
    now = {"versions": versions(), CPU: None if cpu is None else cpu.facts()}
    if before[CPU] is not None:
        before[CPU] = {name: value for name, value in before[CPU].items() if name != DATA_FORMAT}
    return describe_changes(before, now)


def take_step(capsule: Capsule, make_trainer: MakeTrainer) -> Replayed | None:
    """Take the step again; None if it is finite this time.

    Raises:
        UserError: The trainer belongs to another run.
    """
    return _take(capsule, make_trainer, watched=False)[0]


def find_first_bad_layer(capsule: Capsule, make_trainer: MakeTrainer) -> LayerWatch:
    """Take the step once more and check each layer; separately, as checking may change the last digits."""
    return _take(capsule, make_trainer, watched=True)[1]


def _take(capsule: Capsule, make_trainer: MakeTrainer, *, watched: bool) -> tuple[Replayed | None, LayerWatch]:
    recorder = _Recorder(capsule)
    trainer = make_trainer(recorder)
    trainer.restore(capsule.state)
    trainer.model.train()
    keep_in_evaluation_mode(trainer.model)
    watch = LayerWatch(trainer.model)
    with watch.watching() if watched else nullcontext(), suppress(_Found):
        trainer.train_step(iter(capsule.batches()))
    return recorder.found, watch
